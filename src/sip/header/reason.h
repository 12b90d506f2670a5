// Reason (RFC 3326): why a call was ended or cancelled.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sip/parse_error.h"

namespace ringwall::sip {

struct Reason {
    std::string_view protocol;  // "SIP", "Q.850", ...
    std::optional<int> cause;
    std::string_view text;  // quotation marks included; may be empty
};

// One value. A cause that is not a number is BadNumber.
Result<Reason, ParseError> parse_reason(std::string_view text);
// SIP;cause=200;text="Call completed elsewhere"
std::string reason_value(std::string_view protocol, int cause, std::string_view text);

}  // namespace ringwall::sip
