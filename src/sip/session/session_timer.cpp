#include "sip/session/session_timer.h"

namespace ringwall::sip::session {

std::optional<SessionExpires> session_expires(const Message& message) {
    const HeaderLine* line = message.header(HeaderName::SessionExpires);
    const auto value = line == nullptr ? fail(ParseError{ParseFault::BadNumber, 0})
                                       : parse_session_expires(line->value);
    return value ? std::optional(*value) : std::nullopt;
}

std::optional<std::uint32_t> min_se(const Message& message) {
    const HeaderLine* line = message.header(HeaderName::MinSe);
    const auto value =
        line == nullptr ? fail(ParseError{ParseFault::BadNumber, 0}) : parse_min_se(line->value);
    return value ? std::optional(*value) : std::nullopt;
}

std::optional<SessionExpires> agreed(const Message& request, const Message& success) {
    const auto said = session_expires(success);
    if (!said || said->seconds < shortest_session) {
        return std::nullopt;
    }
    const bool can_refresh = request.has_token(HeaderName::Supported, "timer");
    return said->refresher == Refresher::Uas || can_refresh ? said : std::nullopt;
}

}  // namespace ringwall::sip::session
