#include "sip/message.h"

#include "base/text.h"
#include "sip/grammar.h"
#include "sip/header/media_type.h"
#include "sip/limits.h"
#include "sip/message_parser.h"

namespace ringwall::sip {

Parsed Message::parse(std::string bytes, Framing framing) {
    return MessageParser::parse(std::move(bytes), framing, MessageParser::Origin::Received);
}

Parsed Message::parse(std::string bytes, Framing framing, const Endpoint& source) {
    return MessageParser::parse(std::move(bytes), framing, MessageParser::Origin::Received,
                                &source);
}

const HeaderLine* Message::header(HeaderName name) const {
    const std::uint16_t first = first_[static_cast<std::size_t>(name)];
    return first == 0 ? nullptr : &headers_[first - 1U];
}

const HeaderLine* Message::header(std::string_view name) const {
    const HeaderName id = parse_header_name(name);
    if (id != HeaderName::Other) {
        return header(id);
    }
    for (const HeaderLine& line : headers_) {
        if (line.id == HeaderName::Other && equals_ignoring_case(line.name, name)) {
            return &line;
        }
    }
    return nullptr;
}

std::size_t Message::count(HeaderName name) const {
    std::size_t lines = 0;
    for (const HeaderLine& line : headers_) {
        lines += line.id == name ? 1 : 0;
    }
    return lines;
}

std::vector<std::string_view> Message::values(HeaderName name) const {
    std::vector<std::string_view> all;
    for (const HeaderLine& line : headers_) {
        if (line.id != name) {
            continue;
        }
        std::string_view rest = line.value;
        do {
            if (const std::string_view one = grammar::next_value(rest); !one.empty()) {
                all.push_back(one);
            }
        } while (rest.data() != nullptr);
    }
    return all;
}

bool Message::has_token(HeaderName name, std::string_view token) const {
    if (header(name) == nullptr) {
        return false;
    }
    for (const HeaderLine& line : headers_) {
        if (line.id != name) {
            continue;
        }
        std::string_view rest = line.value;
        do {
            if (equals_ignoring_case(grammar::next_value(rest), token)) {
                return true;
            }
        } while (rest.data() != nullptr);
    }
    return false;
}

Result<std::vector<NameAddr>, ParseError> Message::name_addrs(HeaderName name) const {
    std::vector<NameAddr> all;
    if (header(name) == nullptr) {
        return all;
    }
    for (const HeaderLine& line : headers_) {
        if (line.id != name) {
            continue;
        }
        std::vector<NameAddr> some = TRY(parse_name_addr_list(line.value));
        if (all.size() + some.size() > limits::list_values) {
            return fail(ParseError{ParseFault::TooLarge, 0});
        }
        if (all.empty()) {
            all = std::move(some);
        } else {
            all.insert(all.end(), some.begin(), some.end());
        }
    }
    return all;
}

bool Message::is_contact_star() const {
    const HeaderLine* line = header(HeaderName::Contact);
    return line != nullptr && line->value == "*" && count(HeaderName::Contact) == 1;
}

std::string_view Message::content_type() const {
    const HeaderLine* line = header(HeaderName::ContentType);
    if (line == nullptr) {
        return {};
    }
    const auto type = parse_media_type(line->value);
    return grammar::trim_blanks(line->value.substr(0, type ? type->end : line->value.find(';')));
}

}  // namespace ringwall::sip
