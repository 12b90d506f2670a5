// Small things that every text protocol needs. ASCII only: SIP tokens are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringwall {

constexpr char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] != b[i] && to_lower(a[i]) != to_lower(b[i])) {
            return false;
        }
    }
    return true;
}
std::string lower(std::string_view text);
std::string_view trim(std::string_view text);
// Decimal digits only, the whole of `text`, not above `max`; no sign, no blank.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max = UINT64_MAX);
std::string hex(std::string_view bytes);
// The text before the first `separator`, which is cut off `rest` with it; all where there is none.
std::string_view cut(std::string_view& rest, char separator);
// All parts, trimmed, the empty ones too: at least one.
std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace ringwall
