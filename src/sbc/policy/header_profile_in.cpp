// Stage "header-profile-in": what of the header must not go on. RFC 3325 §5: an asserted identity
// is worth what the one is who asserts it; from an untrusted adjacency it is worth nothing.
#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

Verdict apply_inbound_profile(Inbound& inbound) {
    if (!inbound.from_adjacency().is_trusted() &&
        inbound.request.header(sip::HeaderName::PAssertedIdentity) != nullptr) {
        inbound.removed_headers.push_back(sip::HeaderName::PAssertedIdentity);
    }
    return Continue{};
}

}  // namespace ringwall::sbc::policy
