// What the lines of admission policies say together.
#pragma once

#include "sbc/config/config_error.h"
#include "sbc/config/draft.h"

namespace ringwall::sbc {

// Finds what names stand for, then judges; adds all that is wrong.
void check_cac(Draft& draft, ConfigErrors& out);

}  // namespace ringwall::sbc
