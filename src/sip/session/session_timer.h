// Session timers (RFC 4028): when a session that is not refreshed is over, and when it is time to
// refresh. Pure: what was agreed on and the moment go in.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "sip/header/session_expires.h"
#include "sip/message.h"

namespace ringwall::sip::session {

// RFC 4028 §4: no interval and no Min-SE is shorter, in seconds.
inline constexpr std::uint32_t shortest_session = 90;

// RFC 4028 §10: who does not refresh sends BYE 32 s before the end, or a third of the interval
// before it if that is less.
constexpr TimePoint give_up_at(TimePoint refreshed, std::uint32_t seconds) {
    const Duration interval = std::chrono::seconds(seconds);
    return refreshed + interval - std::min<Duration>(32s, interval / 3);
}

// RFC 4028 §7.2: the refresher refreshes when half of the interval has passed.
constexpr TimePoint refresh_at(TimePoint refreshed, std::uint32_t seconds) {
    return refreshed + Duration(std::chrono::seconds(seconds)) / 2;
}

// What a 2xx says was agreed on, as an answer to `request`: none when it says nothing, or names as
// refresher a UAC that did not say that it can (§9: then nobody would refresh).
std::optional<SessionExpires> agreed(const Message& request, const Message& success);

// The Session-Expires and Min-SE of a request; none: it has no such field, or one that cannot be
// read.
std::optional<SessionExpires> session_expires(const Message& message);
std::optional<std::uint32_t> min_se(const Message& message);

}  // namespace ringwall::sip::session
