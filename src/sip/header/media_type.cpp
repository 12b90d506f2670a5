#include "sip/header/media_type.h"

#include "base/text.h"
#include "sip/grammar.h"

namespace ringwall::sip {
namespace {

// `text[at]` opens a comment, which may hold others: the position behind its end, or the end of
// the text.
std::size_t skip_comment(std::string_view text, std::size_t at) {
    std::size_t depth = 0;
    for (; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
        } else if (text[at] == '(') {
            ++depth;
        } else if (text[at] == ')' && --depth == 0) {
            return at + 1;
        }
    }
    return text.size();
}

std::size_t skip_space(std::string_view text, std::size_t at) {
    while (at < text.size() && (is_space(text[at]) || text[at] == '(')) {
        at = text[at] == '(' ? skip_comment(text, at) : at + 1;
    }
    return at;
}

}  // namespace

bool MediaType::is(std::string_view wanted_type, std::string_view wanted_subtype) const {
    return equals_ignoring_case(type, wanted_type) && equals_ignoring_case(subtype, wanted_subtype);
}

bool MediaType::is_multipart() const {
    return equals_ignoring_case(type, "multipart");
}

bool MediaType::is_message() const {
    return equals_ignoring_case(type, "message");
}

// m-type SLASH m-subtype *(SEMI m-parameter)
Result<MediaType, ParseError> parse_media_type(std::string_view text) {
    const auto bad = [](std::size_t at) { return fail(ParseError{ParseFault::BadParameter, at}); };
    const std::size_t type = skip_space(text, 0);
    const std::size_t type_end = grammar::skip(grammar::Chars::Token, text, type);
    const std::size_t slash = skip_space(text, type_end);
    if (type_end == type || slash == text.size() || text[slash] != '/') {
        return bad(slash);
    }
    const std::size_t subtype = skip_space(text, slash + 1);
    const std::size_t end = grammar::skip(grammar::Chars::Token, text, subtype);
    const std::size_t rest = skip_space(text, end);
    if (end == subtype || (rest < text.size() && text[rest] != ';')) {
        return bad(rest);
    }
    return MediaType{text.substr(type, type_end - type), text.substr(subtype, end - subtype), end};
}

bool is_media_type(std::string_view text, std::string_view type, std::string_view subtype) {
    const auto parsed = parse_media_type(text);
    return parsed && parsed->is(type, subtype);
}

}  // namespace ringwall::sip
