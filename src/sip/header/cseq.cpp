#include "sip/header/cseq.h"

#include "sip/grammar.h"
#include "sip/limits.h"

namespace ringwall::sip {

Result<CSeq, ParseError> parse_cseq(std::string_view text) {
    std::size_t end = 0;
    while (end < text.size() && is_digit(text[end])) {
        ++end;
    }
    const auto number = parse_number(text.substr(0, end), limits::cseq);
    const std::size_t method = grammar::skip_blanks(text, end);
    if (!number || method == end) {
        return fail(ParseError{ParseFault::BadCSeq, end});
    }
    CSeq cseq;
    cseq.number = static_cast<std::uint32_t>(*number);
    cseq.method_text = text.substr(method);
    if (!grammar::is_all(grammar::Chars::Token, cseq.method_text)) {
        return fail(ParseError{ParseFault::BadCSeq, method});
    }
    cseq.method = parse_method(cseq.method_text);
    return cseq;
}

}  // namespace ringwall::sip
