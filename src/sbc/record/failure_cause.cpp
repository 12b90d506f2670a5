#include "sbc/record/failure_cause.h"

#include <array>

namespace ringwall::sbc {

std::string_view to_string(FailureCause cause) {
    static constexpr std::array<std::string_view, failure_cause_count> words{
        "routing",     "routing-policy", "na-policy",       "setup-policy", "signalling",
        "media",       "rtp-disallowed", "srtp-disallowed", "resource",     "congestion",
        "active-call", "cac-call-limit", "cac-rate-limit"};
    return words[static_cast<std::size_t>(cause)];
}

}  // namespace ringwall::sbc
