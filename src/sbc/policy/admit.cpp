// Stage "admit": whether there is room for one more. There is no cac-policy-set in the
// configuration, so there is.
#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

Verdict admit_call(Inbound&) {
    return Continue{};
}

}  // namespace ringwall::sbc::policy
