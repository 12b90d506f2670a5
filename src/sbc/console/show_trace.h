// Why: what became of a call, or would, stage by stage and target by target, each with its rule.
#pragma once

#include <string>
#include <vector>

#include "sbc/console/answer.h"
#include "sbc/console/views.h"

namespace ringwall::sbc::console {

// ADJACENCY [as IDENTITY] to URI
Answer explain_call(Views& views, const Arguments& words, bool as_json);

// A call that is up, or one of the last that ended or were refused. Empty: there is none.
std::string show_trace(Views& views, const std::string& call, bool as_json);
// The newest first, one on a line.
std::string show_refusals(Views& views, std::size_t count, bool as_json);
std::string show_ended_calls(Views& views, std::size_t count, bool as_json);

}  // namespace ringwall::sbc::console
