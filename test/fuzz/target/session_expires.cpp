// Session-Expires and Min-SE (RFC 4028): written again from what was read, they read the same.
#include "sip/header/session_expires.h"

#include <string>

#include "base/check.h"
#include "fuzz/target.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    if (const auto value = sip::parse_session_expires(octets)) {
        const std::string text = to_string(*value);
        const auto again = sip::parse_session_expires(text);
        CHECK(again && *again == *value);
    }
    if (const auto seconds = sip::parse_min_se(octets)) {
        CHECK(sip::parse_min_se(std::to_string(*seconds)).value_or(*seconds + 1) == *seconds);
    }
}

}  // namespace ringwall::fuzz
