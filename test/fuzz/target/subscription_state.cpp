// Subscription-State (RFC 6665): written again from what was read, it reads the same.
#include "sip/header/subscription_state.h"

#include <string>

#include "base/check.h"
#include "fuzz/target.h"
#include "fuzz/views.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    const auto state = sip::parse_subscription_state(octets);
    if (!state) {
        CHECK(state.error().offset <= octets.size());
        return;
    }
    CHECK(!state->state.empty() && is_within(state->state, octets));
    CHECK(is_within(state->reason, octets));
    std::string text(state->state);
    if (!state->reason.empty()) {
        text.append(";reason=").append(state->reason);
    }
    if (state->expires) {
        text.append(";expires=").append(std::to_string(*state->expires));
    }
    const auto again = sip::parse_subscription_state(text);
    CHECK(again && again->state == state->state && again->reason == state->reason);
    CHECK(again->expires == state->expires && again->is_terminated() == state->is_terminated());
}

}  // namespace ringwall::fuzz
