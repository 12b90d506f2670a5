// What the lines of a configuration say together: leaves that do not go with each other, names of
// things that do not exist, and the values that follow from others.
#pragma once

#include "sbc/config/config_error.h"
#include "sbc/config/draft.h"

namespace ringwall::sbc {

// Fills in the defaults that depend on other leaves, then judges; adds all that is wrong. A draft
// of which nothing is wrong is good for a snapshot afterwards, but for its certificates.
void check_draft(Draft& draft, ConfigErrors& out);

// What is allowed and will surprise. For a draft with its certificates.
ConfigErrors find_surprises(const Draft& draft);

}  // namespace ringwall::sbc
