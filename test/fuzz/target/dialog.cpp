// Dialogs. The octets are header lines: those of an INVITE up to an empty line, then those of its
// response, then a line of octets that are events. Whatever the peers wrote, a dialog that could be
// made gives requests without a fault, within it, in order.
#include "sip/dialog/dialog.h"

#include <optional>
#include <string>

#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/target.h"

namespace ringwall::fuzz {
namespace {

using sip::Dialog;
using sip::Message;
using sip::MessagePtr;
using sip::Method;

// Lines up to an empty one, each ended by LF.
std::string lines_of(Input& input) {
    std::string lines;
    while (!input.is_empty()) {
        const std::string_view line = input.until('\n');
        if (line.empty()) {
            break;
        }
        lines.append(line).append("\r\n");
    }
    return lines;
}

MessagePtr message_of(const std::string& start, const std::string& lines) {
    sip::Parsed parsed =
        Message::parse(start + "\r\nVia: SIP/2.0/TLS a.example.com;branch=z9hG4bK1\r\n" + lines +
                           "Call-ID: call-1\r\n\r\n",
                       sip::Framing::Datagram);
    return parsed.fault ? nullptr : parsed.message;
}

class Story {
public:
    explicit Story(Dialog dialog) : dialog_(std::move(dialog)) {}

    void on(std::uint8_t event, const MessagePtr& response) {
        switch (event % 8) {
            case 0:
                return check_request(Method::Bye);
            case 1:
                return check_request(Method::Invite);
            case 2:
                return check_ack();
            case 3:
                dialog_.set_remote_target("sips:new@[2001:db8::1]:5061;method=BYE?x=y");
                return;
            case 4:
                dialog_.confirm();
                CHECK(dialog_.state() == Dialog::State::Confirmed);
                return;
            case 5:
                return check_confirm(response);
            default:
                return check_cseq(event);
        }
    }
    void check_request(Method method) {
        const std::uint32_t before = dialog_.local_cseq();
        const std::string_view text = to_string(method);
        const MessagePtr request = finish(dialog_.request(method, text));
        CHECK(dialog_.local_cseq() == before + 1);
        check_sent(*request, before + 1);
    }
    void check_ack() {
        const std::uint32_t before = dialog_.local_cseq();
        check_sent(*finish(dialog_.ack(7)), 7);
        CHECK(dialog_.local_cseq() == before);
    }

private:
    static MessagePtr finish(sip::MessageBuilder builder) {
        return builder.header(sip::HeaderName::Via, "SIP/2.0/TLS b.example.com;branch=z9hG4bK2")
            .build();
    }
    void check_sent(const Message& request, std::uint32_t cseq) const {
        const sip::Parsed again =
            Message::parse(std::string(request.bytes()), sip::Framing::Stream);
        CHECK(!again.fault || again.fault->fault == sip::ParseFault::TooLarge);
        CHECK(request.call_id() == dialog_.call_id() && request.cseq().number == cseq);
        CHECK(request.from_tag() == dialog_.local_tag());
        CHECK(request.to_tag() == dialog_.remote_tag());
        CHECK(request.request_uri().headers.empty());  // RFC 3261 §19.1.1, table 1
        CHECK(!request.request_uri().parameters.has("method"));
        CHECK(request.values(sip::HeaderName::Route).size() == dialog_.route_set().size());
    }
    // With an error nothing has changed.
    void check_confirm(const MessagePtr& response) {
        const Dialog before = dialog_;
        if (response != nullptr && !dialog_.confirm(*response)) {
            CHECK(dialog_.state() == before.state());
            CHECK(dialog_.remote_target() == before.remote_target());
            CHECK(dialog_.route_set() == before.route_set());
        }
        CHECK(before.state() == Dialog::State::Early ||
              dialog_.remote_target() == before.remote_target());
    }
    // Once a number was accepted, none below it is.
    void check_cseq(std::uint8_t number) {
        const auto request = [](unsigned cseq) {
            return message_of("BYE sip:b SIP/2.0", "From: <sip:a>;tag=1\r\nTo: <sip:b>;tag=2\r\nCSeq: " +
                                                       std::to_string(cseq) + " BYE\r\n");
        };
        if (dialog_.accept_cseq(*request(number + 1U))) {
            CHECK(!dialog_.accept_cseq(*request(number)));
            CHECK(dialog_.accept_cseq(*request(number + 2U)));
        }
    }

    Dialog dialog_;
};

}  // namespace

void run(std::string_view octets) {
    Input input(octets);
    const MessagePtr request =
        message_of("INVITE sip:bob@b.example.com SIP/2.0", lines_of(input) + "CSeq: 7 INVITE\r\n");
    const bool is_final = input.octet() % 2 == 0;
    const MessagePtr response =
        message_of(is_final ? "SIP/2.0 200 OK" : "SIP/2.0 180 Ringing",
                   lines_of(input) + "CSeq: 7 INVITE\r\n");
    if (request == nullptr) {
        return;
    }
    const std::string_view events = input.rest();
    const auto play = [&](Dialog dialog) {
        Story story(std::move(dialog));
        story.check_request(Method::Bye);
        story.check_ack();
        for (const char event : events.substr(0, 64)) {
            story.on(static_cast<std::uint8_t>(event), response);
        }
        story.check_request(Method::Bye);
    };
    if (const auto dialog = Dialog::of_request(*request, "ours", Dialog::State::Early)) {
        play(*dialog);
    }
    if (response == nullptr) {
        return;
    }
    if (const auto dialog = Dialog::of_response(*request, *response)) {
        CHECK((dialog->state() == Dialog::State::Confirmed) == is_final);
        play(*dialog);
    }
}

}  // namespace ringwall::fuzz
