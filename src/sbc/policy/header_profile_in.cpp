// Stage "header-profile-in": what of the header must not go on. RFC 3325 §5: an asserted identity
// is worth what the one is who asserts it; from outside the trust domain it is worth nothing, and a
// phone's own is what it has proven to be.
#include "sbc/policy/caller_identity.h"
#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

Verdict apply_inbound_profile(Inbound& inbound) {
    if (!is_believed(inbound.from_adjacency()) &&
        inbound.request.header(sip::HeaderName::PAssertedIdentity) != nullptr) {
        inbound.removed_headers.push_back(sip::HeaderName::PAssertedIdentity);
    }
    return Continue{};
}

}  // namespace ringwall::sbc::policy
