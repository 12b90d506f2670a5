#include "sip/header/replaces.h"

#include <algorithm>

#include "base/text.h"
#include "sip/grammar.h"
#include "sip/uri/uri.h"

namespace ringwall::sip {

namespace {

Result<DialogIds, ParseError> parse(std::string_view text, std::string_view own_tag,
                                    std::string_view other_tag) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view call_id = trim(text.substr(0, end));
    const std::string_view rest = text.substr(end);
    if (call_id.empty() || grammar::skip(grammar::Chars::Word, call_id, 0) != call_id.size() ||
        !grammar::is_parameters(rest)) {
        return fail(ParseError{ParseFault::BadParameter, end});
    }
    const Parameters parameters{rest};
    const auto own = parameters.find(own_tag);
    const auto other = parameters.find(other_tag);
    if (!own || !other || own->empty() || other->empty()) {
        return fail(ParseError{ParseFault::BadParameter, end});
    }
    return DialogIds{std::string(call_id), std::string(*own), std::string(*other),
                     parameters.has("early-only")};
}

// One "name=value" of a URI's headers after the other.
std::string_view next_header(std::string_view& rest) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view one = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return one;
}

bool is_named(std::string_view header, std::string_view name) {
    return equals_ignoring_case(unescape(header.substr(0, header.find('='))), name);
}

std::string escape_header(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string escaped;
    for (const char c : text) {
        if (grammar::is(grammar::Chars::UriHeader, c)) {
            escaped.push_back(c);
        } else {
            const auto octet = static_cast<unsigned char>(c);
            escaped.push_back('%');
            escaped.push_back(digits[octet >> 4U]);
            escaped.push_back(digits[octet & 15U]);
        }
    }
    return escaped;
}

}  // namespace

Result<DialogIds, ParseError> parse_replaces(std::string_view text) {
    return parse(text, "to-tag", "from-tag");
}

Result<DialogIds, ParseError> parse_target_dialog(std::string_view text) {
    return parse(text, "remote-tag", "local-tag");
}

std::string replaces_value(const DialogIds& ids) {
    return ids.call_id + ";to-tag=" + ids.to_tag + ";from-tag=" + ids.from_tag +
           (ids.early_only ? ";early-only" : "");
}

std::string target_dialog_value(const DialogIds& ids) {
    return ids.call_id + ";local-tag=" + ids.from_tag + ";remote-tag=" + ids.to_tag;
}

std::string uri_header(std::string_view headers, std::string_view name) {
    while (!headers.empty()) {
        const std::string_view one = next_header(headers);
        if (is_named(one, name)) {
            const std::size_t equals = one.find('=');
            return equals == std::string_view::npos ? std::string()
                                                    : unescape(one.substr(equals + 1));
        }
    }
    return {};
}

std::string with_uri_header(std::string_view headers, std::string_view name,
                            std::string_view value) {
    std::string out;
    while (!headers.empty()) {
        const std::string_view one = next_header(headers);
        out.append(out.empty() ? "" : "&");
        if (is_named(one, name)) {
            out.append(name).append("=").append(escape_header(value));
        } else {
            out.append(one);
        }
    }
    return out;
}

}  // namespace ringwall::sip
