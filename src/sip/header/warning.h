// Warning (RFC 3261 §20.43): why a request was refused, for people and for tests of the phone.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "sip/parse_error.h"

namespace ringwall::sip {

// Codes of RFC 5630 §6.2 and §6.3.
inline constexpr int warning_sips_not_allowed = 380;
inline constexpr int warning_sips_required = 381;

struct Warning {
    int code = 0;
    std::string_view agent;  // a host or a pseudonym
    std::string_view text;   // quotation marks included
};

// One value. The code has three digits.
Result<Warning, ParseError> parse_warning(std::string_view text);
// 380 sbc.example.com "SIPS Not Allowed"
std::string warning_value(int code, std::string_view agent, std::string_view text);

}  // namespace ringwall::sip
