// Stage "source": an address that no answer could ever go to. The blacklist stands before the
// parser, not here.
#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

Verdict screen_source(Inbound& inbound) {
    const Endpoint& source = inbound.source;
    if (source.address.is_unspecified() || source.address.is_broadcast_or_multicast()) {
        return Drop{.why = "no host's address: " + source.to_string(), .close_connection = true};
    }
    if (source.port == 0) {
        return Drop{.why = "source port 0: " + source.to_string(), .close_connection = true};
    }
    return Continue{};
}

}  // namespace ringwall::sbc::policy
