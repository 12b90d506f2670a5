#include "sip/parse_error.h"

namespace ringwall::sip {

int ParseError::status() const {
    if (fault == ParseFault::BadVersion) {
        return 505;
    }
    if (fault == ParseFault::UnknownScheme) {
        return 416;
    }
    if (fault == ParseFault::TooLarge) {
        return 513;
    }
    return 400;
}

std::string_view ParseError::reason() const {
    switch (fault) {
        case ParseFault::NotSip:
            return "Bad Request";
        case ParseFault::Incomplete:
            return "Incomplete Message";
        case ParseFault::TooLarge:
            return "Message Too Large";
        case ParseFault::BadStartLine:
            return "Bad Request-Line";
        case ParseFault::BadVersion:
            return "Version Not Supported";
        case ParseFault::BadHeaderLine:
            return "Bad Header Line";
        case ParseFault::MissingHeader:
            return "Missing Header Field";
        case ParseFault::DuplicateHeader:
            return "Duplicate Header Field";
        case ParseFault::BadVia:
            return "Bad Via";
        case ParseFault::BadNameAddr:
            return "Bad Address";
        case ParseFault::BadUri:
            return "Bad URI";
        case ParseFault::UnknownScheme:
            return "Unsupported URI Scheme";
        case ParseFault::BadCSeq:
            return "Bad CSeq";
        case ParseFault::MethodMismatch:
            return "CSeq Method Mismatch";
        case ParseFault::BadContentLength:
            return "Bad Content-Length";
        case ParseFault::BadNumber:
            return "Bad Number";
        case ParseFault::BadParameter:
            return "Bad Parameter";
        case ParseFault::BadDate:
            return "Bad Date";
        case ParseFault::BadContact:
            return "Bad Contact";
        case ParseFault::BadCredentials:
            return "Bad Credentials";
    }
    return "Bad Request";
}

std::string_view to_string(ParseFault fault) {
    switch (fault) {
        case ParseFault::NotSip:
            return "not-sip";
        case ParseFault::Incomplete:
            return "incomplete";
        case ParseFault::TooLarge:
            return "too-large";
        case ParseFault::BadStartLine:
            return "bad-start-line";
        case ParseFault::BadVersion:
            return "bad-version";
        case ParseFault::BadHeaderLine:
            return "bad-header-line";
        case ParseFault::MissingHeader:
            return "missing-header";
        case ParseFault::DuplicateHeader:
            return "duplicate-header";
        case ParseFault::BadVia:
            return "bad-via";
        case ParseFault::BadNameAddr:
            return "bad-name-addr";
        case ParseFault::BadUri:
            return "bad-uri";
        case ParseFault::UnknownScheme:
            return "unknown-scheme";
        case ParseFault::BadCSeq:
            return "bad-cseq";
        case ParseFault::MethodMismatch:
            return "method-mismatch";
        case ParseFault::BadContentLength:
            return "bad-content-length";
        case ParseFault::BadNumber:
            return "bad-number";
        case ParseFault::BadParameter:
            return "bad-parameter";
        case ParseFault::BadDate:
            return "bad-date";
        case ParseFault::BadContact:
            return "bad-contact";
        case ParseFault::BadCredentials:
            return "bad-credentials";
    }
    return "unknown";
}

}  // namespace ringwall::sip
