// Contact as a registrar reads it. The octets are what stands in the Contact lines of a REGISTER,
// a line of theirs each; the first octet is the Expires header's.
#include "sip/header/contact.h"

#include <string>

#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "fuzz/views.h"
#include "sip/message.h"

namespace ringwall::fuzz {
namespace {

sip::MessagePtr with_contacts(std::string_view expires, const std::string& lines) {
    std::string text =
        "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
        "From: <sip:a@example.com>;tag=1\r\nTo: <sip:a@example.com>\r\nCall-ID: 1\r\n"
        "CSeq: 1 REGISTER\r\n";
    text.append(expires).append(lines).append("Content-Length: 0\r\n\r\n");
    sip::Parsed parsed = sip::Message::parse(std::move(text), sip::Framing::Datagram);
    return parsed.fault ? nullptr : parsed.message;
}

void check_one(const sip::Contact& contact) {
    CHECK(contact.q <= 1000);
    CHECK(contact.reg_id <= 0x7fff'ffffU);
    CHECK(is_within(contact.instance, contact.address.text));
}

}  // namespace

void run(std::string_view octets) {
    Input input(octets);
    const std::string_view expires =
        input.one_of<std::string_view>({"", "Expires: 0\r\n", "Expires: 7\r\n"});
    std::string lines;
    while (!input.is_empty()) {
        lines.append("Contact: ").append(input.until('\n')).append("\r\n");
    }
    const sip::MessagePtr message = with_contacts(expires, lines);
    if (message == nullptr) {
        return;
    }
    const auto contacts = sip::parse_contacts(*message);
    CHECK(contacts);  // the screen has looked at them
    CHECK(!contacts->is_star || (contacts->list.empty() && message->expires() == 0U));
    CHECK(contacts->is_star == message->is_contact_star());

    std::string again_lines = contacts->is_star ? "m: *\r\n" : "";
    for (const sip::Contact& contact : contacts->list) {
        check_one(contact);
        again_lines.append("m: ").append(contact.address.text).append("\r\n");
    }
    const sip::MessagePtr again_message = with_contacts(expires, again_lines);
    CHECK(again_message != nullptr);
    const auto again = sip::parse_contacts(*again_message);
    CHECK(again && again->list.size() == contacts->list.size());
    for (std::size_t i = 0; i < contacts->list.size(); ++i) {
        const sip::Contact& a = contacts->list[i];
        const sip::Contact& b = again->list[i];
        CHECK(a.expires == b.expires && a.q == b.q && a.reg_id == b.reg_id);
        CHECK(a.instance == b.instance && a.address.uri.text == b.address.uri.text);
    }
}

}  // namespace ringwall::fuzz
