// Request methods. Case-sensitive (RFC 3261 §7.1); an unknown one keeps its text in the message.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringwall::sip {

enum class Method : std::uint8_t {
    Invite,
    Ack,
    Bye,
    Cancel,
    Options,
    Register,
    Prack,
    Update,
    Info,
    Message,
    Subscribe,
    Notify,
    Refer,
    Publish,
    Unknown,
};
inline constexpr int method_count = 15;

Method parse_method(std::string_view text);
std::string_view to_string(Method method);

}  // namespace ringwall::sip
