// The commands of the configuration file and the modes that they stand in.
//
//   sbc NAME > sbe > subscriber AOR
//                  > adjacency sip NAME
//                  > call-policy-set N > rtg-...-table NAME > entry N
//
// `exit` leaves a mode; a command that is not of this mode but of one around it leaves all modes in
// between.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sbc/config/config_error.h"
#include "sbc/config/draft.h"
#include "sbc/config/words.h"

namespace ringwall::sbc {

// Each line by itself: what lines say together is for the checks.
Result<Draft, ConfigError> read_draft(const std::vector<WordsLine>& lines,
                                      const std::string& file_name);

}  // namespace ringwall::sbc
