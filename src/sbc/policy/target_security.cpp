// Stage "target-security": the seed's "UAS side". An untrusted caller does not reach a SIPS URI,
// and `sip-calls-in reject` is kept. Nobody's existence is asked for: the answer is the same for
// all users.
#include "sbc/policy/refusal_verdict.h"
#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

Verdict require_trust_for_secure_target(Inbound& inbound) {
    const Event event =
        inbound.request.method() == sip::Method::Register ? Event::Registration : Event::Initial;
    if (const auto refusal = refuse_caller(inbound.call, event)) {
        return reject_for(*refusal, event, inbound.call);
    }
    return Continue{};
}

}  // namespace ringwall::sbc::policy
