// A refusal of `permit` as the verdict of a stage.
#pragma once

#include "sbc/policy/permit.h"
#include "sbc/policy/verdict.h"

namespace ringwall::sbc::policy {

Reject reject_for(Refusal refusal, Event event, const CallSecurity& call);

}  // namespace ringwall::sbc::policy
