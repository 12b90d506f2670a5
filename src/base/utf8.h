// Text as characters (RFC 3629), for showing it.
#pragma once

#include <string_view>

namespace ringwall {

// Cuts off the first character; one octet, where it begins none. `text` is not empty.
std::string_view cut_character(std::string_view& text);

// It is a character, and no control character, neither of ASCII nor of those that some terminals
// obey as well (U+0080 to U+009F).
bool is_printable(std::string_view character);

}  // namespace ringwall
