// Stage "transport-security": "Encrypted adjacencies do not accept unencrypted traffic. Unencrypted
// adjacencies do not accept encrypted traffic." The first octets of a connection decided that long
// before; this is the second lock on the same door, and the only one for datagrams.
#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

Verdict require_transport_security(Inbound& inbound) {
    const Adjacency& adjacency = inbound.from_adjacency();
    const bool is_tls = inbound.hop.transport == sip::Transport::Tls;
    if (adjacency.is_encrypted() && (!is_tls || inbound.identity == nullptr)) {
        return Drop{.why = "TLS required on adjacency " + adjacency.name, .close_connection = true};
    }
    if (!adjacency.is_encrypted() && is_tls) {
        return Drop{.why = "no TLS on adjacency " + adjacency.name, .close_connection = true};
    }
    return Continue{};
}

}  // namespace ringwall::sbc::policy
