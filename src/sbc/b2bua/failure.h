// How an attempt to reach somebody failed, and which of several failures the asking side hears of.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "sbc/config/snapshot.h"
#include "sbc/policy/decision_trace.h"
#include "sbc/policy/permit.h"
#include "sbc/record/failure_cause.h"
#include "sip/message.h"
#include "sip/transaction/actions.h"
#include "sip/transport.h"

namespace ringwall::sbc::b2bua {

struct Failure {
    int status = 0;
    std::string reason;
    int warning = 0;           // 380 or 381, told in our own name; 0: none
    sip::MessagePtr response;  // to be passed on; null: our own
    std::size_t attempt = 0;
    FailureCause cause = FailureCause::Signalling;
    std::optional<policy::Refusal> rule = std::nullopt;  // where `permit` said so
    std::string detail = {};                             // for the record: which limit
};

// What it is told to be where it may be told; none: its Warning says it. `decisions`: with what
// became of the targets.
std::optional<policy::Rule> rule_to_tell(const Failure& failure,
                                         const policy::DecisionTrace& decisions,
                                         const Adjacency& asking);

// What Ringwall itself found, once it knew whom it was about.
inline bool is_our_finding(const Failure& failure) {
    return failure.response == nullptr && !failure.rule;
}

// RFC 3261 §16.7 step 6: a 6xx, else the lowest class; within a class what was decided ("busy")
// before what only says that nobody was there, else the first.
void keep_best(std::optional<Failure>& best, Failure failure);

// Nobody answered. Where it is the connection of a phone that failed, a proxy hears so (RFC 5626
// §5.3.1) and may try another contact.
Failure unanswered(sip::transaction::TerminationCause cause, bool is_phone,
                   sip::Transport transport, const Adjacency& asking, std::size_t attempt);

}  // namespace ringwall::sbc::b2bua
