// The reference of all parameters, in Markdown: docs/phone-parameters.md.
#pragma once

#include <string>

namespace ringwall::phone {

std::string reference();

}  // namespace ringwall::phone
