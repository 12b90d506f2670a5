// What a process that root has started gives up.
#pragma once

#include <string>

#include "base/result.h"

namespace ringwall::sbc {

// This process becomes the user of that name, with its groups, for ever. Of root's capabilities it
// keeps CAP_NET_BIND_SERVICE alone, since any commit may want a port below 1024. Nothing where it
// is that user already. The error is a sentence. Before any thread, and before any file that it
// will want again (docs/decisions/0081).
Result<void, std::string> become_user(const std::string& name);

}  // namespace ringwall::sbc
