// Reason (RFC 3326): what reason_value writes of what was read reads the same.
#include "sip/header/reason.h"

#include "base/check.h"
#include "fuzz/target.h"
#include "fuzz/views.h"
#include "sip/header/quoted_string.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    const auto reason = sip::parse_reason(octets);
    if (!reason) {
        CHECK(reason.error().offset <= octets.size());
        return;
    }
    CHECK(is_within(reason->protocol, octets) && is_within(reason->text, octets));
    if (!reason->cause) {
        return;
    }
    const std::string words = sip::unquote(reason->text);
    const std::string written = sip::reason_value(reason->protocol, *reason->cause, words);
    const auto again = sip::parse_reason(written);
    CHECK(again && again->protocol == reason->protocol && again->cause == reason->cause);
    CHECK(sip::unquote(again->text) == words);
}

}  // namespace ringwall::fuzz
