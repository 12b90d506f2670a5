#include "sip/header/name_addr.h"

#include <algorithm>

#include "sip/grammar.h"
#include "sip/limits.h"

namespace ringwall::sip {
namespace {

using grammar::Chars;

ParseError bad(std::size_t at) {
    return {ParseFault::BadNameAddr, at};
}

ParseError shifted(ParseError error, std::size_t by) {
    error.offset += by;
    return error;
}

Result<void, ParseError> read_parameters(NameAddr& value, std::size_t at) {
    const std::string_view rest = value.text.substr(at);
    const auto take = [&value](const grammar::Parameter& parameter) {
        if (equals_ignoring_case(parameter.name, "tag")) {
            value.has_two_tags = value.first_tag.has_value();
            value.first_tag = value.first_tag.value_or(parameter.value);
        }
    };
    if (!grammar::read_parameters(rest, take)) {
        return fail(ParseError{ParseFault::BadParameter, at});
    }
    value.parameters.text = rest;
    return {};
}

// "<" addr-spec ">" *( SEMI parameter ), with the '<' at `open`.
Result<void, ParseError> read_bracketed(NameAddr& value, std::size_t open) {
    const std::size_t close = value.text.find('>', open);
    if (close == std::string_view::npos) {
        return fail(bad(open));
    }
    auto uri = parse_uri(value.text.substr(open + 1, close - open - 1));
    if (!uri) {
        return fail(shifted(uri.error(), open + 1));
    }
    value.uri = *uri;
    return read_parameters(value, close + 1);
}

// addr-spec *( SEMI parameter ). A URI with a comma, question mark or semicolon has to stand in
// <> (RFC 3261 §20), so the first semicolon ends it.
Result<void, ParseError> read_bare(NameAddr& value, std::size_t start) {
    const std::size_t end = std::min(value.text.find_first_of("; \t,?", start), value.text.size());
    auto uri = parse_uri(value.text.substr(start, end - start));
    if (!uri) {
        return fail(shifted(uri.error(), start));
    }
    if (end < value.text.size() && (value.text[end] == '?' || value.text[end] == ',')) {
        return fail(bad(end));
    }
    value.uri = *uri;
    return read_parameters(value, end);
}

}  // namespace

Result<NameAddr, ParseError> parse_name_addr(std::string_view text) {
    NameAddr value;
    value.text = text;
    const std::size_t start = grammar::skip_blanks(text, 0);
    if (start == text.size()) {
        return fail(bad(start));
    }
    if (text[start] == '"') {
        const std::size_t end = grammar::skip_quoted(text, start);
        if (end == std::string_view::npos) {
            return fail(bad(start));
        }
        value.display_name = text.substr(start, end - start);
        const std::size_t open = grammar::skip_blanks(text, end);
        if (open == text.size() || text[open] != '<') {
            return fail(bad(open));
        }
        TRY(read_bracketed(value, open));
        return value;
    }
    // display-name: *( token LWS ); a missing blank before '<' is let through (RFC 4475 §3.1.1.6)
    std::size_t at = start;
    while (at < text.size() &&
           (grammar::is(Chars::Token, text[at]) || grammar::is_blank(text[at]))) {
        ++at;
    }
    if (at == text.size() || text[at] != '<') {
        TRY(read_bare(value, start));
        return value;
    }
    value.display_name = grammar::trim_blanks(text.substr(start, at - start));
    TRY(read_bracketed(value, at));
    return value;
}

Result<std::vector<NameAddr>, ParseError> parse_name_addr_list(std::string_view text) {
    std::vector<NameAddr> list;
    std::string_view rest = text;
    do {
        const std::string_view one = grammar::next_value(rest);
        const auto offset = static_cast<std::size_t>(one.data() - text.data());
        auto value = parse_name_addr(one);
        if (!value) {
            return fail(shifted(value.error(), offset));
        }
        if (list.size() == limits::list_values) {
            return fail(ParseError{ParseFault::TooLarge, offset});
        }
        list.push_back(*value);
    } while (rest.data() != nullptr);
    return list;
}

}  // namespace ringwall::sip
