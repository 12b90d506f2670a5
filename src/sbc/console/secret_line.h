// Lines that are not to be kept in anybody's history.
#pragma once

#include <string_view>

namespace ringwall::sbc::console {

// One of its words is, or may stand for (words may be shortened), what a secret follows; or it is
// not clear what its words are.
bool may_hold_secret(std::string_view line);

}  // namespace ringwall::sbc::console
