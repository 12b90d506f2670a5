// Comparison of escaped text in URIs (RFC 3261 §19.1.4). unescape and escape_user are in uri.h.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringwall::sip {

enum class Case : std::uint8_t { Sensitive, Ignored };

// A character outside the reserved set equals its %XX form; a reserved one does not. The
// hexadecimal digits have no case.
bool equals_escaped(std::string_view a, std::string_view b, Case letters);

}  // namespace ringwall::sip
