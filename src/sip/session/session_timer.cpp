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

void SessionTimer::on_refreshed(const std::optional<SessionExpires>& agreed, TimePoint now) {
    const bool is_short_enough = agreed && (!parts_.own || agreed->seconds <= *parts_.own);
    parts_.agreed = is_short_enough ? std::optional(agreed->seconds) : std::nullopt;
    parts_.refreshed = now;
    parts_.heard = now;
}

std::optional<TimePoint> SessionTimer::next() const {
    if (parts_.agreed) {
        return give_up_at(parts_.refreshed, *parts_.agreed);
    }
    return parts_.own ? std::optional(refresh_at(parts_.heard, *parts_.own)) : std::nullopt;
}

std::optional<SessionExpires> granted(const Message& request, const Message& success) {
    auto said = session_expires(success);
    if (const auto asked = session_expires(request); said && asked) {
        said->seconds = std::min(said->seconds, asked->seconds);
    }
    return said;
}

std::optional<SessionExpires> agreed(const Message& request, const Message& success) {
    const auto said = granted(request, success);
    if (!said || said->seconds < shortest_session) {
        return std::nullopt;
    }
    const bool can_refresh = request.has_token(HeaderName::Supported, "timer");
    return said->refresher == Refresher::Uas || can_refresh ? said : std::nullopt;
}

}  // namespace ringwall::sip::session
