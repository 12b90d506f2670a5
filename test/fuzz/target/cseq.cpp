// CSeq: written again from what was read, it reads the same.
#include "sip/header/cseq.h"

#include <string>

#include "base/check.h"
#include "fuzz/target.h"
#include "fuzz/views.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    const auto cseq = sip::parse_cseq(octets);
    if (!cseq) {
        CHECK(cseq.error().offset <= octets.size());
        return;
    }
    CHECK(is_within(cseq->method_text, octets));
    CHECK(cseq->method == sip::parse_method(cseq->method_text));
    const std::string text = std::to_string(cseq->number).append(" ").append(cseq->method_text);
    const auto again = sip::parse_cseq(text);
    CHECK(again && again->number == cseq->number && again->method_text == cseq->method_text);
}

}  // namespace ringwall::fuzz
