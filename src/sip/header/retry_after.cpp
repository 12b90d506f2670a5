#include "sip/header/retry_after.h"

#include "base/text.h"
#include "sip/limits.h"

namespace ringwall::sip {

// Retry-After: delta-seconds [ comment ] *( SEMI retry-param )
Result<std::uint32_t, ParseError> parse_retry_after(std::string_view text) {
    const auto number =
        parse_number(text.substr(0, text.find_first_of(" \t(;")), limits::delta_seconds);
    if (!number) {
        return fail(ParseError{ParseFault::BadNumber, 0});
    }
    return static_cast<std::uint32_t>(*number);
}

std::optional<Duration> retry_after(const Message& response) {
    const HeaderLine* line = response.header(HeaderName::RetryAfter);
    if (line == nullptr) {
        return std::nullopt;
    }
    const auto seconds = parse_retry_after(line->value);
    return seconds ? std::optional<Duration>(std::chrono::seconds(*seconds)) : std::nullopt;
}

}  // namespace ringwall::sip
