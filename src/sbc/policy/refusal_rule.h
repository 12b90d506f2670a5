// Why a request was refused, where the trace alone does not say it: a stage that has several rules,
// and a target that was sent something and is answered for in our own name.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sbc/policy/decision_trace.h"

namespace ringwall::sbc::policy {

// As pipeline's rule_of, and which rule of that stage it was, by what it answered. `reason`: as in
// the record.
Rule rule_of(const DecisionTrace& decisions, int status, std::string_view reason);

enum class TargetFailure : std::uint8_t {
    Unreachable = 1,      // no address was found, or none took it
    Silent,               // until the transaction's end
    ChallengeUnknown,     // it challenged, and no password of ours is for that
    ChallengeNotVouched,  // the same, and it is no request that we prove anything for
    ProofNotAccepted,     // it challenged again what bore our proof
    Down,                 // it misses its pings, and was not asked
};
// In the trace: Finding::Nowhere, with the failure in `rule`.
JudgedTarget failed(AdjacencyIndex adjacency, Event event, sip::Scheme scheme,
                    TargetFailure failure);
std::optional<TargetFailure> failure_of(const JudgedTarget& target);
Rule rule_of(TargetFailure failure);

// What an answer of ours means that no rule of permit and no stage is behind, by its status and,
// where a status means several things, its reason phrase. There is a row for all that is answered
// (tools/check_refusals.py).
Rule rule_of_answer(int status, std::string_view reason = {});

// The same where targets were looked for: what became of them, as far as `asking` may know. Who is
// not trusted hears the same of all who are not there, whatever is known of them.
Rule rule_of_answer(const DecisionTrace& decisions, const Adjacency& asking, int status,
                    std::string_view reason);

// What a 401 or 407 to `sent` was that went no further. `is_proven`: a password would be used for
// such a request.
TargetFailure challenged(const sip::Message& sent, bool is_proven);

// RFC 5630 §5.3: the Warning (380, 381) of an answer which says that the one that was asked is
// reached by the other scheme only; 0: it has none. Nobody else is asked then, and the caller hears
// it, whose own URI this is to be about: `called`. `asked`: the scheme of the leg.
int scheme_warning(const sip::Message& answer, sip::Scheme asked, sip::Scheme called);

// For the record of what was answered so in our own name: in words, where the reason phrase says
// too little. `decisions`: with what became of the targets.
std::string_view reason_in_words(const DecisionTrace& decisions, int status,
                                 std::string_view reason);

}  // namespace ringwall::sbc::policy
