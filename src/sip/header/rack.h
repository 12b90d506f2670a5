// RAck (RFC 3262 §7.2): which reliable provisional response a PRACK acknowledges; and RSeq (§7.1).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "sip/header/cseq.h"
#include "sip/parse_error.h"

namespace ringwall::sip {

struct RAck {
    std::uint32_t response = 0;  // the RSeq
    CSeq request;                // the CSeq of the request that was responded to
};

// "776656 1 INVITE". Views into `text`.
Result<RAck, ParseError> parse_rack(std::string_view text);
// 1 to 2**32-1.
Result<std::uint32_t, ParseError> parse_rseq(std::string_view text);

}  // namespace ringwall::sip
