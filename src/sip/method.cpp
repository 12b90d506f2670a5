#include "sip/method.h"

#include <array>

namespace ringwall::sip {
namespace {

constexpr std::array<std::string_view, 15> names{
    "INVITE", "ACK",     "BYE",       "CANCEL", "OPTIONS", "REGISTER", "PRACK",   "UPDATE",
    "INFO",   "MESSAGE", "SUBSCRIBE", "NOTIFY", "REFER",   "PUBLISH",  "UNKNOWN",
};

}  // namespace

Method parse_method(std::string_view text) {
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
        if (names[i] == text) {
            return static_cast<Method>(i);
        }
    }
    return Method::Unknown;
}

std::string_view to_string(Method method) {
    return names[static_cast<std::size_t>(method)];
}

}  // namespace ringwall::sip
