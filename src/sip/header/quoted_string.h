// quoted-string (RFC 3261 §25.1): "text" with backslashes before quotation marks and backslashes.
#pragma once

#include <string>
#include <string_view>

namespace ringwall::sip {

std::string quote(std::string_view text);
// Without the quotation marks and backslashes; a text without quotation marks stays as it is.
std::string unquote(std::string_view text);

}  // namespace ringwall::sip
