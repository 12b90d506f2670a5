// The call policy of a configuration: every table and adjacency that it names exists, and no way
// through its tables leads round in a circle.
#pragma once

#include <string>

#include "base/result.h"
#include "sbc/config/config_error.h"
#include "sbc/config/draft.h"

namespace ringwall::sbc {

// Resolves the destinations to indices as well, and sorts the entries by number.
void check_routing(Draft& draft, ConfigErrors& out);

}  // namespace ringwall::sbc
