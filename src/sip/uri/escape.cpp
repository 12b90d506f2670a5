#include "sip/uri/escape.h"

#include "sip/grammar.h"
#include "sip/uri/uri.h"

namespace ringwall::sip {
namespace {

// One character, or one escape that stands for itself because it hides a reserved character.
struct Unit {
    char c = 0;
    bool is_escaped_reserved = false;
    bool operator==(const Unit&) const = default;
};

constexpr bool is_reserved(char c) {
    return std::string_view(";/?:@&=+$,").find(c) != std::string_view::npos;
}

// -1: `at` does not begin an escape.
int escape_at(std::string_view text, std::size_t at) {
    if (text[at] != '%' || at + 2 >= text.size()) {
        return -1;
    }
    const int high = grammar::hex_digit(text[at + 1]);
    const int low = grammar::hex_digit(text[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

Unit next_unit(std::string_view text, std::size_t& at, Case letters) {
    Unit unit;
    if (const int octet = escape_at(text, at); octet >= 0) {
        unit.c = static_cast<char>(octet);
        unit.is_escaped_reserved = is_reserved(unit.c) || unit.c == '%';
        at += 3;
    } else {
        unit.c = text[at++];
    }
    if (letters == Case::Ignored) {
        unit.c = to_lower(unit.c);
    }
    return unit;
}

}  // namespace

bool equals_escaped(std::string_view a, std::string_view b, Case letters) {
    if (letters == Case::Sensitive && a == b) {
        return true;
    }
    std::size_t in_a = 0;
    std::size_t in_b = 0;
    while (in_a < a.size() && in_b < b.size()) {
        if (next_unit(a, in_a, letters) != next_unit(b, in_b, letters)) {
            return false;
        }
    }
    return in_a == a.size() && in_b == b.size();
}

std::string unescape(std::string_view text) {
    if (text.find('%') == std::string_view::npos) {
        return std::string(text);
    }
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        if (const int octet = escape_at(text, at); octet >= 0) {
            out.push_back(static_cast<char>(octet));
            at += 3;
        } else {
            out.push_back(text[at++]);
        }
    }
    return out;
}

std::string escape_user(std::string_view text) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (grammar::is(grammar::Chars::User, c)) {
            out.push_back(c);
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        out.push_back('%');
        out.push_back(digits[octet >> 4]);
        out.push_back(digits[octet & 15]);
    }
    return out;
}

}  // namespace ringwall::sip
