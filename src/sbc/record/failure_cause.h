// Why a call was not set up, or did not end by itself, in the words of CISCO-SESS-BORDER-CTRLR-
// CALL-STATS-MIB. The same in the record of a call, in `show … call-stats` and in metrics.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringwall::sbc {

enum class FailureCause : std::uint8_t {
    Routing,         // nothing matches, or nobody is there to be reached
    RoutingPolicy,   // an entry of a table says reject
    NaPolicy,        // number analysis
    SetupPolicy,     // trust: who calls, and which scheme may go where
    Signalling,      // a final response of the far side, its silence, or a request that is wrong
    Media,           // a description that cannot be read, or an answer that does not fit
    RtpDisallowed,   // it is not SRTP, and a leg requires that
    SrtpDisallowed,  // it is SRTP, and a leg cannot have it
    Resource,        // a limit of ours
    Congestion,      // we take no new calls
    ActiveCall,      // it was answered, and neither party nor an operator ended it
    CacCallLimit,    // admission policy: as many calls are up as it allows
    CacRateLimit,    // admission policy: as many were made in a minute
};
inline constexpr int failure_cause_count = 13;
std::string_view to_string(FailureCause cause);  // "routing", "rtp-disallowed", ...

}  // namespace ringwall::sbc
