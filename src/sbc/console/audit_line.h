// The audit log: who did what at the console, a JSON object on each line.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "sbc/console/dialogue.h"

namespace ringwall::sbc::console {

std::string audit_line(WallTime time, const User& who, std::string_view what,
                       const std::string& text);

}  // namespace ringwall::sbc::console
