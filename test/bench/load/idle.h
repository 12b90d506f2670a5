// Registered phones that say nothing: what memory the server uses for each.
#pragma once

#include <nlohmann/json.hpp>

#include "base/random.h"
#include "ends.h"
#include "options.h"

namespace ringwall::bench {

// At a tenth of options.users, and at all of them; each has a connection.
nlohmann::json run_idle(const Options& options, Ends& ends, Random& random);

}  // namespace ringwall::bench
