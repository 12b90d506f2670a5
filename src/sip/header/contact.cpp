#include "sip/header/contact.h"

#include <algorithm>

#include "base/text.h"
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

Result<Contact, ParseError> parse_contact(const NameAddr& address,
                                          std::optional<std::uint32_t> header_expires) {
    Contact contact;
    contact.address = address;
    contact.expires = header_expires;
    if (const auto text = address.parameters.find("expires")) {
        const auto number = parse_number(*text, limits::delta_seconds);
        if (!number && is_number(*text)) {
            return fail(ParseError{ParseFault::BadNumber, 0});
        }
        contact.expires = number ? static_cast<std::uint32_t>(*number) : malformed_expires;
    }
    if (const auto text = address.parameters.find("q")) {
        const auto q = parse_q(*text);
        if (!q) {
            return fail(ParseError{ParseFault::BadContact, 0});
        }
        contact.q = *q;
    }
    if (const auto text = address.parameters.find("+sip.instance")) {
        contact.instance = strip(strip(*text, "\"", "\""), "<", ">");
    }
    if (const auto text = address.parameters.find("reg-id")) {
        const auto number = parse_number(*text, limits::cseq);  // RFC 5626 §4.1: 1 to 2**31-1
        if (!number || *number == 0) {
            return fail(ParseError{ParseFault::BadContact, 0});
        }
        contact.reg_id = static_cast<std::uint32_t>(*number);
    }
    return contact;
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
    const std::vector<NameAddr> addresses = TRY(message.name_addrs(HeaderName::Contact));
    contacts.list.reserve(addresses.size());
    for (const NameAddr& address : addresses) {
        auto contact = parse_contact(address, message.expires());
        if (!contact) {
            return fail(contact.error());
        }
        contacts.list.push_back(*contact);
    }
    return contacts;
}

}  // namespace ringwall::sip
