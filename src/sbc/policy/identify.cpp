// Stage "identify": the adjacency that speaks to this source on this socket, and with it what the
// call is worth. Strangers are dropped: no answer tells them that somebody is here.
#include "sbc/policy/adjacency_selection.h"
#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

Verdict identify(Inbound& inbound) {
    inbound.adjacency = inbound.opened_for ? inbound.opened_for
                                           : find_adjacency(*inbound.snapshot, inbound.local,
                                                            inbound.source.address);
    if (!inbound.adjacency) {
        return Drop{.why = "no adjacency for " + inbound.source.to_string() + " on " +
                           inbound.local.to_string(),
                    .close_connection = true};
    }
    const Adjacency& adjacency = inbound.from_adjacency();
    if (!adjacency.is_attached) {
        return Drop{.why = "adjacency " + adjacency.name + " is detached",
                    .close_connection = true};
    }
    inbound.call = call_from(adjacency, inbound.request.request_uri().scheme);
    return Continue{};
}

}  // namespace ringwall::sbc::policy
