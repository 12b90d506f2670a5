#include "sip/header/rack.h"

#include <algorithm>

#include "sip/grammar.h"

namespace ringwall::sip {

Result<std::uint32_t, ParseError> parse_rseq(std::string_view text) {
    const auto number = parse_number(text, UINT32_MAX);
    if (!number || *number == 0) {
        return fail(ParseError{ParseFault::BadNumber, 0});
    }
    return static_cast<std::uint32_t>(*number);
}

// RAck: response-num LWS CSeq-num LWS Method
Result<RAck, ParseError> parse_rack(std::string_view text) {
    const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
    RAck rack;
    rack.response = TRY(parse_rseq(text.substr(0, end)));
    rack.request = TRY(parse_cseq(text.substr(grammar::skip_blanks(text, end))));
    return rack;
}

}  // namespace ringwall::sip
