// The reference of all commands of the configuration, in Markdown: docs/configuration.md.
#pragma once

#include <string>

namespace ringwall::sbc::model {

std::string reference();

}  // namespace ringwall::sbc::model
