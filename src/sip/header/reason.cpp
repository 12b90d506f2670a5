#include "sip/header/reason.h"

#include "sip/grammar.h"
#include "sip/header/quoted_string.h"
#include "sip/uri/uri.h"

namespace ringwall::sip {

// reason-value: protocol *( SEMI reason-params )
Result<Reason, ParseError> parse_reason(std::string_view text) {
    const std::size_t end = grammar::skip(grammar::Chars::Token, text, 0);
    if (end == 0 || !grammar::is_parameters(text.substr(end))) {
        return fail(ParseError{ParseFault::BadParameter, end});
    }
    Reason reason;
    reason.protocol = text.substr(0, end);
    const Parameters parameters{text.substr(end)};
    if (const auto cause = parameters.find("cause")) {
        const auto number = parse_number(*cause, 99'999);
        if (!number) {
            return fail(ParseError{ParseFault::BadNumber, end});
        }
        reason.cause = static_cast<int>(*number);
    }
    reason.text = parameters.find("text").value_or("");
    return reason;
}

std::string reason_value(std::string_view protocol, int cause, std::string_view text) {
    std::string value(protocol);
    value.append(";cause=").append(std::to_string(cause));
    if (!text.empty()) {
        value.append(";text=").append(quote(text));
    }
    return value;
}

}  // namespace ringwall::sip
