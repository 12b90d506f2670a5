#include "sip/body_parts.h"

#include <algorithm>

#include "base/text.h"
#include "sip/grammar.h"

namespace ringwall::sip {
namespace {

// Ends are CRLF, or one of the two alone, as some peers read them.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    if (text.starts_with("\r\n")) {
        text.remove_prefix(2);
    } else if (!text.empty()) {
        text.remove_prefix(1);
    }
    return line;
}

// The next header line with the lines folded into it, cut off.
std::string_view take_header(std::string_view& text) {
    const std::string_view whole = text;
    std::size_t size = take_line(text).size();
    while (!text.empty() && grammar::is_blank(text.front())) {
        const std::string_view rest = text;
        const std::string_view fold = take_line(text);
        if (trim(fold).empty()) {  // an empty line to some peers
            text = rest;
            break;
        }
        size = whole.size() - rest.size() + fold.size();
    }
    return whole.substr(0, size);
}

void set(std::string_view& field, std::string_view value, BodyPart& part) {
    part.is_ambiguous = part.is_ambiguous || !field.empty();
    field = value;
}

// The content begins behind an empty line, or with the first line that is no header.
BodyPart part_of(std::string_view text) {
    BodyPart part;
    while (!text.empty()) {
        std::string_view rest = text;
        const std::string_view line = take_header(rest);
        if (trim(line).empty()) {
            text = rest;
            break;
        }
        const std::size_t colon = line.find(':');
        const std::string_view name = trim(line.substr(0, colon));
        if (colon == std::string_view::npos || !grammar::is_all(grammar::Chars::Token, name)) {
            break;
        }
        const std::string_view value = trim(line.substr(colon + 1));
        if (equals_ignoring_case(name, "Content-Type") || equals_ignoring_case(name, "c")) {
            set(part.content_type, value, part);
        } else if (equals_ignoring_case(name, "Content-Transfer-Encoding")) {
            set(part.transfer_encoding, value, part);
        }
        text = rest;
    }
    part.content = text;
    return part;
}

}  // namespace

std::vector<BodyPart> body_parts(std::string_view body) {
    std::vector<BodyPart> parts;
    std::string_view rest = body;
    std::size_t start = 0;
    while (!rest.empty()) {
        const std::size_t at = body.size() - rest.size();
        const bool is_delimiter = rest.starts_with("--");
        take_line(rest);
        if (is_delimiter) {
            if (at > start) {
                parts.push_back(part_of(body.substr(start, at - start)));
            }
            start = body.size() - rest.size();
        }
    }
    if (start < body.size()) {
        parts.push_back(part_of(body.substr(start)));
    }
    return parts;
}

}  // namespace ringwall::sip
