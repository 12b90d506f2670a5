// What can be called or subscribed to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringwall::phone {

// A URI of a scheme that we know. What stands behind a '?' of one has no place in a Request-URI
// (RFC 3261 §19.1.1).
bool is_target(std::string_view text);

bool is_address(std::string_view text);  // rather than a number

// The URI of an address, or of a number in that domain; none: it is neither.
std::optional<std::string> target_of(std::string_view text, const std::string& domain);

}  // namespace ringwall::phone
