// Quoted strings: whatever the text, quoted and unquoted it is the same, and the quotation ends
// where it was meant to.
#include "sip/header/quoted_string.h"

#include "base/check.h"
#include "fuzz/target.h"
#include "sip/grammar.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    const std::string quoted = sip::quote(octets);
    CHECK(sip::unquote(quoted) == octets);
    CHECK(sip::grammar::skip_quoted(quoted, 0) == quoted.size());
    CHECK(sip::grammar::skip_quoted(quoted + "\"", 0) == quoted.size());
    CHECK(sip::unquote(octets).size() <= octets.size());
}

}  // namespace ringwall::fuzz
