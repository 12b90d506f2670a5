// Stage "admit": whether there is room for one more. There is no cac-policy-set in the
// configuration, so there is until we are about to end.
#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

Verdict admit_call(Inbound& inbound) {
    if (inbound.takes_no_calls && inbound.request.method() == sip::Method::Invite) {
        return Reject{.status = 503,
                      .reason = "Service Unavailable",
                      .detail = "stopping",
                      .fields = {{sip::HeaderName::RetryAfter, "10"}},
                      .cause = FailureCause::Congestion};
    }
    return Continue{};
}

}  // namespace ringwall::sbc::policy
