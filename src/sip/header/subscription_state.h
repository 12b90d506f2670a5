// Subscription-State (RFC 6665 §8.2.3): of the subscription that a NOTIFY belongs to.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "sip/parse_error.h"

namespace ringwall::sip {

struct SubscriptionState {
    std::string_view state;  // "active", "pending", "terminated" or a token that is not known
    std::optional<std::uint32_t> expires;  // seconds that are left
    std::string_view reason;               // empty: none

    bool is_terminated() const;
};

// One value. An `expires` that is not a number counts as none.
Result<SubscriptionState, ParseError> parse_subscription_state(std::string_view text);

}  // namespace ringwall::sip
