// `show services sbc … sbe call-stats`: calls and the causes of failures, in the words of
// CISCO-SESS-BORDER-CTRLR-CALL-STATS-MIB.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sbc/console/views.h"
#include "sbc/model/command.h"

namespace ringwall::sbc::console {

// `words`: [global | src-adjacency NAME] [total | current5mins | ... | previousday]. The error: a
// sentence.
Result<std::string, std::string> show_call_stats(Views& views,
                                                 const std::vector<std::string>& words,
                                                 bool as_json);

// The words of the intervals.
std::vector<model::Suggestion> call_stats_intervals();

}  // namespace ringwall::sbc::console
