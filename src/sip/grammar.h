// The lexical rules that several fields share: character classes, hosts, parameters, lists
// (RFC 3261 §25.1). Everything here takes linear time and looks at nothing but its argument.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace ringwall::sip::grammar {

// One bit for each class, so that one table answers for all.
enum class Chars : std::uint8_t {
    Token = 1,
    User = 2,  // user: unreserved / user-unreserved
    Password = 4,
    UriParameter = 8,  // paramchar
    UriHeader = 16,    // hnv-unreserved / unreserved
    Word = 32,         // of a Call-ID, and '@'
    HostName = 64,     // letters, digits, '-', '.', and '_' that real host names have
    Value = 128,       // gen-value without quotes: token / host
};

namespace detail {

constexpr void add(std::array<std::uint8_t, 256>& table, std::string_view chars, unsigned classes) {
    for (const char c : chars) {
        auto& entry = table[static_cast<unsigned char>(c)];
        entry = static_cast<std::uint8_t>(entry | classes);
    }
}

constexpr std::array<std::uint8_t, 256> make_table() {
    constexpr unsigned token = 1, user = 2, password = 4, parameter = 8, header = 16, word = 32,
                       host = 64, value = 128;
    std::array<std::uint8_t, 256> table{};
    add(table, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 255);
    add(table, "-.!%*_+`'~", token | word | value);
    add(table, "-_.!~*'()", user | password | parameter | header);  // mark
    add(table, "&=+$,;?/", user);
    add(table, "&=+$,", password);
    add(table, "[]/:&+$", parameter);
    add(table, "[]/?:+$", header);
    add(table, "()<>:\\\"/[]?{}@", word);
    add(table, "-._", host);
    add(table, "[]:", value);
    return table;
}

inline constexpr std::array<std::uint8_t, 256> table = make_table();

}  // namespace detail

constexpr bool is(Chars chars, char c) {
    return (detail::table[static_cast<unsigned char>(c)] & static_cast<unsigned>(chars)) != 0;
}

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

// The first position from `at` on that is not a blank.
constexpr std::size_t skip_blanks(std::string_view text, std::size_t at) {
    while (at < text.size() && is_blank(text[at])) {
        ++at;
    }
    return at;
}

// The first position from `at` on that is not in the class.
constexpr std::size_t skip(Chars chars, std::string_view text, std::size_t at) {
    while (at < text.size() && is(chars, text[at])) {
        ++at;
    }
    return at;
}

constexpr std::string_view trim_blanks(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

// The value of a hexadecimal digit, or -1.
constexpr int hex_digit(char c) {
    if (is_digit(c)) {
        return c - '0';
    }
    const char small = to_lower(c);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

// Not empty and made of the class's characters only.
bool is_all(Chars chars, std::string_view text);
// The same where %XX may stand too; may be empty.
bool is_all_or_escaped(Chars chars, std::string_view text);

// `text[at]` is a quotation mark: the position behind the closing one, or npos.
std::size_t skip_quoted(std::string_view text, std::size_t at);

// The length of the host that `text` begins with: a name, an IPv4 address or an IPv6 reference in
// brackets (RFC 5954). 0: there is none.
std::size_t host_length(std::string_view text);

// A port, 1 to 65535.
std::optional<std::uint16_t> parse_port(std::string_view text);

// One ;name=value of a parameter list.
struct Parameter {
    std::string_view name;
    std::string_view value;
    bool has_value = false;
};

// *( SEMI generic-param ), the whole of `text`.
bool is_parameters(std::string_view text);
// The same; `take` gets each Parameter as it is read.
template <class Take>
bool read_parameters(std::string_view text, Take&& take) {
    std::size_t at = skip_blanks(text, 0);
    while (at < text.size()) {
        if (text[at] != ';') {
            return false;
        }
        const std::size_t name = skip_blanks(text, at + 1);
        at = skip(Chars::Token, text, name);
        if (at == name) {
            return false;
        }
        Parameter parameter{text.substr(name, at - name), {}, false};
        at = skip_blanks(text, at);
        if (at < text.size() && text[at] == '=') {
            const std::size_t value = skip_blanks(text, at + 1);
            if (value < text.size() && text[value] == '"') {
                at = skip_quoted(text, value);
                if (at == std::string_view::npos) {
                    return false;
                }
            } else {
                at = skip(Chars::Value, text, value);
                if (at == value) {
                    return false;
                }
            }
            parameter.value = text.substr(value, at - value);
            parameter.has_value = true;
            at = skip_blanks(text, at);
        }
        take(parameter);
    }
    return true;
}

// Takes the next value of a comma-separated list off `rest`: up to a comma outside quotes and <>,
// without blanks around. The caller stops when `rest` is null (data() == nullptr).
std::string_view next_value(std::string_view& rest);

// Takes the next parameter off `rest`; none at the end.
std::optional<Parameter> next_parameter(std::string_view& rest);

}  // namespace ringwall::sip::grammar
