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

// The timer of one dialog. Either the ends have agreed on an interval, and one of them refreshes;
// or they have not, and we ask the peer ourselves whether it is still there.
class SessionTimer {
public:
    SessionTimer() = default;
    // `own`: our own interval, in seconds; none: we ask nobody.
    SessionTimer(std::optional<std::uint32_t> own, TimePoint now)
        : parts_{.own = own, .agreed = {}, .refreshed = {}, .heard = now} {}

    // What it is made of: to be written down, and to go on from there.
    struct Parts {
        std::optional<std::uint32_t> own;     // seconds
        std::optional<std::uint32_t> agreed;  // seconds
        TimePoint refreshed;
        TimePoint heard;
    };
    explicit SessionTimer(const Parts& parts) : parts_(parts) {}
    const Parts& parts() const { return parts_; }

    // A 2xx to an INVITE or UPDATE: what it says was agreed on from now on. An interval longer than
    // our own does not keep us from asking.
    void on_refreshed(const std::optional<SessionExpires>& agreed, TimePoint now);
    // Anything else from the peer within the dialog.
    void on_heard(TimePoint now) { parts_.heard = now; }

    // What was agreed on was not kept: BYE (RFC 4028 §10).
    bool is_expired(TimePoint now) const {
        return parts_.agreed && now >= give_up_at(parts_.refreshed, *parts_.agreed);
    }
    // Nothing was heard for half of our own interval.
    bool is_refresh_due(TimePoint now) const {
        return !parts_.agreed && parts_.own && now >= refresh_at(parts_.heard, *parts_.own);
    }
    // When to look again; none: never.
    std::optional<TimePoint> next() const;

private:
    Parts parts_;
};

// The Session-Expires of a 2xx to `request`, as that was sent: §9: never above what was asked for;
// what is above counts as that. None: it says nothing that can be read.
std::optional<SessionExpires> granted(const Message& request, const Message& success);

// What a 2xx says was agreed on, as an answer to `request`: none when it says nothing, or names as
// refresher a UAC that did not say that it can (§9: then nobody would refresh).
std::optional<SessionExpires> agreed(const Message& request, const Message& success);

// The Session-Expires and Min-SE of a request; none: it has no such field, or one that cannot be
// read.
std::optional<SessionExpires> session_expires(const Message& message);
std::optional<std::uint32_t> min_se(const Message& message);

}  // namespace ringwall::sip::session
