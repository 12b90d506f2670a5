// The routing tables of the active call-policy-set, walked for one request. Pure; knows nothing of
// security or of what is up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sbc/config/snapshot.h"

namespace ringwall::sbc::policy {

struct RoutingQuestion {
    std::string_view source_adjacency;  // its name
    std::string_view address;           // the called user or number
    std::string_view domain;            // empty for a tel URI
    // What is drawn by, where entries have weights: of the call, so that the same one goes the same
    // way.
    std::uint64_t draw = 0;
};

struct RoutingAnswer {
    std::vector<AdjacencyIndex> destinations;  // best first, each once
    bool is_rejected = false;                  // `action reject`, and nothing before it
    std::string decided_by;                    // "table T entry 10": the last entry that decided
};

// In a table only the closest entries count (longest prefix; the same name before one that matches
// all), in the order of their numbers: a shorter prefix does not come in where a longer one fails.
// Those that have a weight are drawn, from the place of the first of them on.
RoutingAnswer find_routes(const CallPolicySet& policy, const RoutingQuestion& question);

}  // namespace ringwall::sbc::policy
