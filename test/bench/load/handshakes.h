// TLS handshakes, each on a connection of its own: full, resumed, or broken off.
#pragma once

#include <nlohmann/json.hpp>

#include "options.h"

namespace ringwall::bench {

// options.window threads, each with one connection at a time.
nlohmann::json run_handshakes(const Options& options);

}  // namespace ringwall::bench
