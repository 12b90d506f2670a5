#include "sip/header/contact.h"

#include <algorithm>

#include "base/text.h"
#include "sip/grammar.h"
#include "sip/limits.h"
#include "sip/message.h"

namespace ringwall::sip {
namespace {

constexpr std::uint32_t malformed_expires = 3600;

bool is_number(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// qvalue: ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
std::optional<std::uint16_t> parse_q(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') ||
        (text.size() > 1 && text[1] != '.')) {
        return std::nullopt;
    }
    unsigned thousandths = text[0] == '1' ? 1000 : 0;
    unsigned weight = 100;
    for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (!is_digit(c)) {
            return std::nullopt;
        }
        thousandths += static_cast<unsigned>(c - '0') * weight;
        weight /= 10;
    }
    if (thousandths > 1000) {
        return std::nullopt;
    }
    return static_cast<std::uint16_t>(thousandths);
}

// "<urn:uuid:...>" in quotes.
std::string_view strip(std::string_view text, std::string_view open, std::string_view close) {
    if (text.starts_with(open) && text.ends_with(close) && text.size() >= 2) {
        text.remove_prefix(1);
        text.remove_suffix(1);
    }
    return text;
}

// Of each parameter that we use the first.
struct Used {
    std::optional<std::string_view> expires, q, instance, reg_id;
};
Used used_of(const Parameters& parameters) {
    Used used;
    std::string_view rest = parameters.text;
    while (const auto parameter = grammar::next_parameter(rest)) {
        const auto note = [&](std::string_view name, std::optional<std::string_view>& value) {
            if (!value && equals_ignoring_case(parameter->name, name)) {
                value = parameter->value;
            }
        };
        note("expires", used.expires);
        note("q", used.q);
        note("+sip.instance", used.instance);
        note("reg-id", used.reg_id);
    }
    return used;
}

Result<Contact, ParseError> parse_contact(const NameAddr& address,
                                          std::optional<std::uint32_t> header_expires) {
    Contact contact;
    contact.address = address;
    contact.expires = header_expires;
    const Used used = used_of(address.parameters);
    if (const auto text = used.expires) {
        const auto number = parse_number(*text, limits::delta_seconds);
        if (!number && is_number(*text)) {
            return fail(ParseError{ParseFault::BadNumber, 0});
        }
        contact.expires = number ? static_cast<std::uint32_t>(*number) : malformed_expires;
    }
    if (const auto text = used.q) {
        const auto q = parse_q(*text);
        if (!q) {
            return fail(ParseError{ParseFault::BadContact, 0});
        }
        contact.q = *q;
    }
    if (const auto text = used.instance) {
        contact.instance = strip(strip(*text, "\"", "\""), "<", ">");
    }
    if (const auto text = used.reg_id) {
        const auto number = parse_number(*text, limits::cseq);  // RFC 5626 §4.1: 1 to 2**31-1
        if (!number || *number == 0) {
            return fail(ParseError{ParseFault::BadContact, 0});
        }
        contact.reg_id = static_cast<std::uint32_t>(*number);
    }
    return contact;
}

// The values of one header line.
Result<void, ParseError> read_line(std::string_view line,
                                   std::optional<std::uint32_t> header_expires,
                                   std::vector<Contact>& list) {
    std::string_view rest = line;
    do {
        const std::string_view one = grammar::next_value(rest);
        const auto offset = static_cast<std::size_t>(one.data() - line.data());
        const auto address = parse_name_addr(one);
        if (!address) {
            return fail(ParseError{address.error().fault, address.error().offset + offset});
        }
        if (list.size() == limits::list_values) {
            return fail(ParseError{ParseFault::TooLarge, offset});
        }
        list.push_back(TRY(parse_contact(*address, header_expires)));
    } while (rest.data() != nullptr);
    return {};
}

}  // namespace

Result<Contacts, ParseError> parse_contacts(const Message& message) {
    Contacts contacts;
    if (message.is_contact_star()) {
        if (message.method() != Method::Register || message.expires() != 0U) {
            return fail(ParseError{ParseFault::BadContact, 0});
        }
        contacts.is_star = true;
        return contacts;
    }
    for (const HeaderLine& line : message.headers()) {
        if (line.id == HeaderName::Contact) {
            TRY(read_line(line.value, message.expires(), contacts.list));
        }
    }
    return contacts;
}

}  // namespace ringwall::sip
