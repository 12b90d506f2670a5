// Retry-After: the seconds written again read the same.
#include "sip/header/retry_after.h"

#include <string>

#include "base/check.h"
#include "fuzz/target.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    const auto seconds = sip::parse_retry_after(octets);
    if (!seconds) {
        CHECK(seconds.error().offset <= octets.size());
        return;
    }
    const std::string text = std::to_string(*seconds);
    CHECK(sip::parse_retry_after(text).value_or(*seconds + 1) == *seconds);
    CHECK(sip::parse_retry_after(text + " (busy)").value_or(*seconds + 1) == *seconds);
}

}  // namespace ringwall::fuzz
