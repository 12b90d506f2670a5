// Retry-After (RFC 3261 §20.33).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "sip/message.h"
#include "sip/parse_error.h"

namespace ringwall::sip {

// The seconds; a comment and parameters behind them are passed over. Above 2**32-1: BadNumber.
Result<std::uint32_t, ParseError> parse_retry_after(std::string_view text);

// Of a response; none: it has no such field, or one that cannot be read.
std::optional<Duration> retry_after(const Message& response);

}  // namespace ringwall::sip
