// Why a text is not SIP, and what a request that holds it is answered with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringwall::sip {

enum class ParseFault : std::uint8_t {
    NotSip,      // no start line of SIP: no answer
    Incomplete,  // no empty line after the headers, or a body shorter than Content-Length
    TooLarge,    // a limit of sip/limits.h
    BadStartLine,
    BadVersion,       // 505
    BadHeaderLine,    // a header line without a colon or with a bad name
    MissingHeader,    // a mandatory header field
    DuplicateHeader,  // a second value where only one may be
    BadVia,
    BadNameAddr,
    BadUri,
    UnknownScheme,  // 416 in a Request-URI
    BadCSeq,
    MethodMismatch,  // CSeq and start line disagree
    BadContentLength,
    BadNumber,  // Max-Forwards, Expires, ...: not a number or out of range
    BadParameter,
    BadDate,
    BadContact,
    BadCredentials,
};

struct ParseError {
    ParseFault fault = ParseFault::NotSip;
    std::size_t offset = 0;  // where in the parsed text, in octets

    // The final response that RFC 3261 asks for: 400, 416, 505 or 513.
    int status() const;
    // One short phrase for the response's reason: "Bad Via".
    std::string_view reason() const;
};

std::string_view to_string(ParseFault fault);

}  // namespace ringwall::sip
