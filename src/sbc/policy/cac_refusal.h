// A limit of the admission policy that is reached.
#pragma once

#include <string>

#include "base/time.h"
#include "sbc/config/cac_policy.h"
#include "sbc/record/failure_cause.h"

namespace ringwall::sbc::policy {

struct CacRefusal {
    CacLimit limit = CacLimit::MaxNumCalls;
    std::string detail = {};  // for log and record
    Duration wait{};          // of a rate: how long until there is room again
    bool operator==(const CacRefusal&) const = default;
};

inline FailureCause cause_of(CacLimit limit) {
    return is_rate(limit) ? FailureCause::CacRateLimit : FailureCause::CacCallLimit;
}

}  // namespace ringwall::sbc::policy
