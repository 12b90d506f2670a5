#include "sbc/policy/refusal_verdict.h"

namespace ringwall::sbc::policy {

Reject reject_for(Refusal refusal, Event event, const CallSecurity& call) {
    const Answer answer = answer_to(refusal, event, call);
    return {.status = answer.status,
            .reason = std::string(reason_phrase(refusal)),
            .warning = answer.warning,
            .detail = std::string(to_string(refusal)),
            .rule = refusal};
}

}  // namespace ringwall::sbc::policy
