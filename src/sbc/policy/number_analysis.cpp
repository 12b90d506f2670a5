// Stage "number-analysis": whether the number that was called is one, before it is routed. There is
// no na- table in the configuration, so every number is taken as it came.
#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

Verdict analyse_number(Inbound&) {
    return Continue{};
}

}  // namespace ringwall::sbc::policy
