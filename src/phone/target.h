// What can be called or subscribed to.
#pragma once

#include <string_view>

namespace ringwall::phone {

// A URI of a scheme that we know. What stands behind a '?' of one has no place in a Request-URI
// (RFC 3261 §19.1.1).
bool is_target(std::string_view text);

}  // namespace ringwall::phone
