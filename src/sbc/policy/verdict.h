// What a stage of the pipeline says about a request. Nothing is sent here: who runs the pipeline
// acts.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sbc/config/cac_policy.h"
#include "sbc/policy/permit.h"
#include "sbc/policy/referral_refusal.h"
#include "sbc/record/failure_cause.h"
#include "sip/message.h"

namespace ringwall::sbc::policy {

struct Continue {
    bool operator==(const Continue&) const = default;
};

struct Reject {
    int status = 0;
    // The reason phrase. The caller may read it, so it names rules, not names of ours.
    std::string reason = {};
    int warning = 0;          // Warning 380 or 381 (see warning_text); 0: none
    std::string detail = {};  // for log, record and explain: adjacencies, tables, certificates

    struct Field {
        sip::HeaderName name;
        std::string value;
        bool operator==(const Field&) const = default;
    };
    std::vector<Field> fields = {};                  // Unsupported, Allow
    FailureCause cause = FailureCause::SetupPolicy;  // where it is a call
    std::optional<Refusal> rule = {};                // where `permit` said so
    std::optional<ReferralRefusal> referral_rule = {};
    std::optional<CacLimit> limit = {};  // of the admission policy
    bool operator==(const Reject&) const = default;
};

// 401 with a challenge for each algorithm of the adjacency, SHA-256 topmost (RFC 8760 §2.3), each
// with a fresh nonce.
struct Challenge {
    std::string realm;
    bool stale = false;
    bool operator==(const Challenge&) const = default;
};

// No answer at all.
struct Drop {
    std::string why;
    bool close_connection = false;  // and the connection that it came over is of no use either
    bool operator==(const Drop&) const = default;
};

using Verdict = std::variant<Continue, Reject, Challenge, Drop>;

}  // namespace ringwall::sbc::policy
