// What an out-of-dialog request meets between the wire and the call: eleven stages in a fixed order
// (the table in pipeline.cpp). Pure: `explain` calls the same function. ACK and CANCEL do not come
// here, nor does anything within a dialog.
#pragma once

#include <span>
#include <string_view>

#include "sbc/policy/inbound.h"
#include "sbc/policy/verdict.h"

namespace ringwall::sbc::policy {

struct Stage {
    // The label of its metric, the word in the log and in `explain`.
    std::string_view name;
    std::string_view rule;  // what it holds to, in a sentence
    Verdict (*run)(Inbound&);
};

// In order.
std::span<const Stage> stages();

// By which rule the stage ended it that had the last word.
Rule rule_of(const DecisionTrace& decisions);

struct Outcome {
    std::string_view stage;  // the one that ended it; the last one when all said Continue
    Verdict verdict;
};
Outcome run_pipeline(Inbound& inbound);
// The last ones, from number-analysis on: for an INVITE of our own in the place of a caller whom we
// know (`refer handle`).
Outcome run_routing(Inbound& inbound);

}  // namespace ringwall::sbc::policy
