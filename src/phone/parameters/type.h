// The types of the phone's parameters: what a value may be, in words, and its one spelling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace ringwall::phone {

struct Type {
    enum class Kind : std::uint8_t {
        Bool,              // Yes, No
        Choice,            // one of `choices`
        Number,            // whole, decimal or 0x…
        Seconds,           // with up to three decimals
        Text,              // printable, up to `most` octets
        Secret,            // the same, never shown
        Ip,                // an address, or nothing
        Hosts,             // names or addresses, separated by commas
        Host,              // one, with a port or without
        ResponseTemplate,  // "404, 5*, 61?"
        PowerLevel,        // dBm with up to one decimal
        StarCode,          // "*72"
        Cadence,           // "60(2/4)"
        Frequencies,       // "440@-10"
        Tone,              // "350@-19,440@-19;10(*/0/1+2)"
        DialPlan,
    };
    Kind kind = Kind::Text;
    std::int64_t least = 0;         // Seconds: in milliseconds
    std::int64_t most = 0;          // Text, Secret: octets
    std::string_view choices = "";  // separated by '|'
    bool may_be_empty = true;
};

namespace types {
inline constexpr std::int64_t most_seconds = 2'147'483'647;

constexpr Type yes_no() {
    return {.kind = Type::Kind::Bool, .may_be_empty = false};
}
constexpr Type choice(std::string_view choices) {
    return {.kind = Type::Kind::Choice, .choices = choices, .may_be_empty = false};
}
constexpr Type number(std::int64_t least, std::int64_t most) {
    return {.kind = Type::Kind::Number, .least = least, .most = most, .may_be_empty = false};
}
constexpr Type octet() {
    return number(0, 255);
}
constexpr Type port() {
    return number(0, 65535);
}
constexpr Type seconds(std::int64_t least = 0, std::int64_t most = most_seconds) {
    return {.kind = Type::Kind::Seconds,
            .least = least * 1000,
            .most = most * 1000,
            .may_be_empty = false};
}
constexpr Type milliseconds(std::int64_t least, std::int64_t most) {
    return {.kind = Type::Kind::Seconds, .least = least, .most = most, .may_be_empty = false};
}
constexpr Type text(std::int64_t most = 127) {
    return {.kind = Type::Kind::Text, .most = most};
}
constexpr Type secret(std::int64_t most = 127) {
    return {.kind = Type::Kind::Secret, .most = most};
}
constexpr Type dial_plan() {
    return {.kind = Type::Kind::DialPlan, .most = 2047, .may_be_empty = false};
}
constexpr Type of(Type::Kind kind) {
    return {.kind = kind, .most = 127};
}
constexpr Type or_empty(Type type) {
    type.may_be_empty = true;
    return type;
}
}  // namespace types

// The one spelling of a value ("yes" is "Yes"), or what would be right: "a number from 0 to 255".
Result<std::string, std::string> spelled(const Type& type, std::string_view value);
// "a number from 0 to 255"
std::string words_for(const Type& type);
// "0.5", ".5", "30"
std::optional<Duration> parse_seconds(std::string_view text);
std::optional<std::int64_t> parse_whole_number(std::string_view text);

}  // namespace ringwall::phone
