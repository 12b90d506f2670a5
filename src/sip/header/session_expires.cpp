#include "sip/header/session_expires.h"

#include "base/text.h"
#include "sip/grammar.h"
#include "sip/limits.h"

namespace ringwall::sip {

Result<std::uint32_t, ParseError> parse_min_se(std::string_view text) {
    const auto seconds =
        parse_number(text.substr(0, text.find_first_of(" \t;")), limits::delta_seconds);
    if (!seconds) {
        return fail(ParseError{ParseFault::BadNumber, 0});
    }
    return static_cast<std::uint32_t>(*seconds);
}

// Session-Expires: delta-seconds *(SEMI se-params)
Result<SessionExpires, ParseError> parse_session_expires(std::string_view text) {
    SessionExpires value;
    value.seconds = TRY(parse_min_se(text));
    const std::size_t parameters = text.find(';');
    if (parameters == std::string_view::npos) {
        return value;
    }
    std::string_view rest = text.substr(parameters);
    while (const auto parameter = grammar::next_parameter(rest)) {
        if (!equals_ignoring_case(parameter->name, "refresher")) {
            continue;
        }
        if (equals_ignoring_case(parameter->value, "uac")) {
            value.refresher = Refresher::Uac;
        } else if (equals_ignoring_case(parameter->value, "uas")) {
            value.refresher = Refresher::Uas;
        } else {
            return fail(ParseError{ParseFault::BadParameter, parameters});
        }
    }
    return value;
}

std::string to_string(const SessionExpires& value) {
    std::string text = std::to_string(value.seconds);
    switch (value.refresher) {
        case Refresher::Unsaid:
            break;
        case Refresher::Uac:
            text += ";refresher=uac";
            break;
        case Refresher::Uas:
            text += ";refresher=uas";
            break;
    }
    return text;
}

}  // namespace ringwall::sip
