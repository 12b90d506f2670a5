// What a REFER may ask for, and who may take somebody's place in a call (Replaces). Pure, as
// `permit` is, which decides about the target.
#pragma once

#include <optional>

#include "sbc/config/snapshot.h"
#include "sbc/policy/permit.h"
#include "sbc/policy/verdict.h"
#include "sip/message.h"

namespace ringwall::sbc::policy {

// A REFER on a leg: with `leg` as `permit` wants it (callers_leg or target_of; the scheme of
// Refer-To is filled in here). The Permit bears the scheme that the Refer-To goes on with.
//   403 where the adjacency has `refer refuse`, or the URI would lead out of the call's scheme
//   400 unless there is exactly one Refer-To (RFC 3515 §2.4.2)
Result<Permit, Reject> judge_refer(const CallSecurity& call, const Adjacency& from, Target leg,
                                   const sip::Message& refer);

// A newcomer's INVITE that is to replace one leg of a call.
struct Replacement {
    CallSecurity call;
    CallSecurity newcomer;
    const Adjacency& newcomer_on;
    const Adjacency& replaced_on;
    const Adjacency& remaining_on;
    sip::Scheme remaining_scheme = sip::Scheme::Sip;  // of the leg that remains
    bool replaces_caller = false;
};
// Refused: who is less trusted than the one replaced, a call that is secure where the other is not,
// or a leg that the newcomer could not have called, or been called by.
std::optional<Reject> refuse_replacement(const Replacement& replacement);

}  // namespace ringwall::sbc::policy
