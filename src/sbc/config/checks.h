// What the lines of a configuration say together: leaves that do not go with each other, names of
// things that do not exist, and the values that follow from others.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sbc/config/config_error.h"
#include "sbc/config/draft.h"

namespace ringwall::sbc {

// Fills in the defaults that depend on other leaves, then judges. The draft is good for a snapshot
// afterwards, but for its certificates.
Result<void, ConfigError> check_draft(Draft& draft, const std::string& file_name);

// What is allowed and will surprise. For a draft with its certificates.
std::vector<ConfigError> find_surprises(const Draft& draft, const std::string& file_name);

}  // namespace ringwall::sbc
