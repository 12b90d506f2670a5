// RAck and RSeq (RFC 3262): written again from what was read, they read the same.
#include "sip/header/rack.h"

#include <string>

#include "base/check.h"
#include "fuzz/target.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    if (const auto rack = sip::parse_rack(octets)) {
        const std::string text = std::to_string(rack->response) + " " +
                                 std::to_string(rack->request.number) + " " +
                                 std::string(rack->request.method_text);
        const auto again = sip::parse_rack(text);
        CHECK(again && again->response == rack->response);
        CHECK(again->request.number == rack->request.number);
        CHECK(again->request.method_text == rack->request.method_text);
    }
    if (const auto rseq = sip::parse_rseq(octets)) {
        CHECK(*rseq >= 1);
        CHECK(sip::parse_rseq(std::to_string(*rseq)).value_or(0) == *rseq);
    }
}

}  // namespace ringwall::fuzz
