// CSeq (RFC 3261 §20.16).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "sip/method.h"
#include "sip/parse_error.h"

namespace ringwall::sip {

struct CSeq {
    std::uint32_t number = 0;
    Method method = Method::Unknown;
    std::string_view method_text;
    bool operator==(const CSeq&) const = default;  // as written
};

Result<CSeq, ParseError> parse_cseq(std::string_view text);

}  // namespace ringwall::sip
