// Warning: what warning_value writes of what was read reads the same.
#include "sip/header/warning.h"

#include "base/check.h"
#include "fuzz/target.h"
#include "fuzz/views.h"
#include "sip/header/quoted_string.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    const auto warning = sip::parse_warning(octets);
    if (!warning) {
        CHECK(warning.error().offset <= octets.size());
        return;
    }
    CHECK(warning->code >= 100 && warning->code <= 999);
    CHECK(is_within(warning->agent, octets) && is_within(warning->text, octets));
    const std::string words = sip::unquote(warning->text);
    const std::string written = sip::warning_value(warning->code, warning->agent, words);
    const auto again = sip::parse_warning(written);
    CHECK(again && again->code == warning->code && again->agent == warning->agent);
    CHECK(sip::unquote(again->text) == words);
}

}  // namespace ringwall::fuzz
