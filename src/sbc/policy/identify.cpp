// Stage "identify": the adjacency that speaks to this source on this socket, and with it what the
// call is worth. Strangers are dropped: no answer tells them that somebody is here. On an adjacency
// that goes down the peers of its last calls know that, and hear that there are no new ones.
#include <algorithm>

#include "sbc/policy/adjacency_selection.h"
#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

Verdict identify(Inbound& inbound) {
    inbound.adjacency = inbound.of_connection ? inbound.of_connection
                                              : find_adjacency(*inbound.snapshot, inbound.local,
                                                               inbound.source.address);
    if (!inbound.adjacency) {
        return Drop{.why = "no adjacency for " + inbound.source.to_string() + " on " +
                           inbound.local.to_string(),
                    .close_connection = true};
    }
    const Adjacency& adjacency = inbound.from_adjacency();
    if (!adjacency.is_attached &&
        std::ranges::find(inbound.going_down, *inbound.adjacency) != inbound.going_down.end()) {
        return Reject{.status = 503,
                      .reason = "Service Unavailable",
                      .detail = "adjacency " + adjacency.name + " is going down",
                      .cause = FailureCause::Congestion};
    }
    if (!adjacency.is_attached) {
        return Drop{.why = "adjacency " + adjacency.name + " is detached",
                    .close_connection = true};
    }
    inbound.call = call_from(adjacency, inbound.request.request_uri().scheme);
    return Continue{};
}

}  // namespace ringwall::sbc::policy
