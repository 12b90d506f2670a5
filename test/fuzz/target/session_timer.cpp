// A session timer: when it says to look again there is one thing to do, and before that none; and
// whatever the peers agree on, one with an interval of its own looks again within that.
#include "sip/session/session_timer.h"

#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/target.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    using sip::session::SessionTimer;
    Input input(octets);
    TimePoint now = TimePoint{} + 1h;
    const bool asks = input.flip();
    const auto own = asks ? std::optional(90 + input.number() % 100'000) : std::nullopt;
    SessionTimer timer(own, now);
    while (!input.is_empty()) {
        switch (input.below(4)) {
            case 0: {
                const auto refresher = input.flip() ? sip::Refresher::Uac : sip::Refresher::Uas;
                const std::uint32_t seconds = input.number();
                timer.on_refreshed(input.below(4) == 0 || seconds < sip::session::shortest_session
                                       ? std::nullopt
                                       : std::optional(sip::SessionExpires{seconds, refresher}),
                                   now);
                break;
            }
            case 1:
                timer.on_heard(now);
                break;
            default:
                now += std::chrono::seconds(input.number() % 100'000);
                break;
        }
        const auto next = timer.next();
        CHECK(next.has_value() || (!timer.is_expired(now) && !timer.is_refresh_due(now)));
        CHECK(!own || (next && *next <= now + std::chrono::seconds(*own)));
        if (next) {
            CHECK(!timer.is_expired(*next - 1us) && !timer.is_refresh_due(*next - 1us));
            CHECK(timer.is_expired(*next) != timer.is_refresh_due(*next));
        }
    }
}

}  // namespace ringwall::fuzz
