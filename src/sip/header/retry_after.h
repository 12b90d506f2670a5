// Retry-After (RFC 3261 §20.33).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "sip/parse_error.h"

namespace ringwall::sip {

// The seconds; a comment and parameters behind them are passed over. Above 2**32-1: BadNumber.
Result<std::uint32_t, ParseError> parse_retry_after(std::string_view text);

}  // namespace ringwall::sip
