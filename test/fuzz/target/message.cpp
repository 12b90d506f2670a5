// Messages: what was read without a fault and is written again, whole or line by line, reads the
// same; it can be stamped, answered, acknowledged and cancelled without a fault. One with a fault
// can be answered.
#include "sip/message.h"

#include <string>

#include "base/check.h"
#include "fuzz/target.h"
#include "fuzz/views.h"
#include "sip/framing/stream_framer.h"
#include "sip/message_builder.h"
#include "sip/transaction/derived_request.h"
#include "sip/transaction/key.h"
#include "sip/transaction/layer.h"

namespace ringwall::fuzz {
namespace {

using sip::Framing;
using sip::HeaderLine;
using sip::HeaderName;
using sip::Message;
using sip::MessageBuilder;
using sip::MessagePtr;

const Endpoint source{IpAddress::v4(192, 0, 2, 7), 5099};
const Endpoint source_v6{*IpAddress::parse("2001:db8::7"), 5099};

// True for every message, with a fault or not.
void check_index(const Message& m) {
    const char* end = m.bytes().data();
    for (const HeaderLine& line : m.headers()) {
        CHECK(is_within(line.raw, m.bytes()) && is_within(line.name, line.raw));
        CHECK(line.raw.data() >= end);
        end = line.raw.data() + line.raw.size();
        CHECK(line.value.find('\n') == std::string_view::npos);
        CHECK(m.header(line.name) != nullptr && m.header(line.id) != nullptr);
        CHECK(sip::parse_header_name(line.name) == line.id);
    }
    CHECK(is_within(m.body(), m.bytes()));
    for (const HeaderName name : {HeaderName::Via, HeaderName::Supported, HeaderName::Contact}) {
        const auto values = m.values(name);
        CHECK(values.empty() || m.has_token(name, values.back()));
    }
}

void check_same(const Message& a, const Message& b) {
    CHECK(a.is_request() == b.is_request() && a.method() == b.method());
    CHECK(a.method_text() == b.method_text() && a.request_uri_text() == b.request_uri_text());
    CHECK(a.status() == b.status() && a.reason() == b.reason());
    CHECK(a.from().text == b.from().text && a.from_tag() == b.from_tag());
    CHECK(a.to().text == b.to().text && a.to_tag() == b.to_tag());
    CHECK(a.call_id() == b.call_id() && a.top_via().text == b.top_via().text);
    CHECK(a.cseq().number == b.cseq().number && a.cseq().method_text == b.cseq().method_text);
    CHECK(a.max_forwards() == b.max_forwards() && a.expires() == b.expires());
    CHECK(a.body() == b.body() && a.content_type() == b.content_type());
    CHECK(a.values(HeaderName::Via) == b.values(HeaderName::Via));
    CHECK(a.values(HeaderName::Contact) == b.values(HeaderName::Contact));
}

void check_screened(const Message& m) {
    CHECK(!m.top_via().host.empty() && !m.call_id().empty() && !m.from().text.empty());
    CHECK(m.from_tag() == m.from().tag().value_or(""));
    CHECK(m.to_tag() == m.to().tag().value_or(""));
    CHECK(m.is_request() || (m.status() >= 100 && m.status() <= 699));
    CHECK(!m.is_request() || m.cseq().method_text == m.method_text());
    CHECK(!m.is_request() || m.request_uri().scheme != sip::Scheme::Other);
}

MessagePtr without_fault(std::string_view bytes, Framing framing) {
    sip::Parsed parsed = Message::parse(std::string(bytes), framing);
    CHECK(parsed.message != nullptr && !parsed.fault);
    return parsed.message;
}

void check_read_again(const Message& m, Framing framing) {
    const MessagePtr again = without_fault(m.bytes(), framing);
    CHECK(again->bytes() == m.bytes());
    check_same(m, *again);
    if (framing == Framing::Stream) {
        without_fault(m.bytes(), Framing::Datagram);
        sip::StreamFramer framer;
        framer.feed(m.bytes());
        const auto event = framer.next();
        CHECK(event && std::holds_alternative<sip::StreamFramer::WholeMessage>(*event));
        CHECK(std::get<sip::StreamFramer::WholeMessage>(*event).bytes == m.bytes());
        CHECK(framer.pending() == 0);
    }
}

// Content-Length is the builder's.
void check_copied(const Message& m) {
    MessageBuilder copy = m.is_request()
                              ? MessageBuilder::request(m.method_text(), m.request_uri_text())
                              : MessageBuilder::response(m.status(), m.reason());
    for (const HeaderLine& line : m.headers()) {
        if (line.id != HeaderName::ContentLength) {
            copy.raw(line);
        }
    }
    check_same(m, *copy.body(m.body()).build());
}

void check_answered(const Message& request, const Endpoint& peer) {
    const MessagePtr answer = reply(request, 486, "ours").build();
    CHECK(answer->status() == 486 && answer->call_id() == request.call_id());
    CHECK(answer->to_tag() == (request.to_tag().empty() ? "ours" : request.to_tag()));
    CHECK(sip::transaction::client_key(*answer) == sip::transaction::client_key(request));
    const sip::Hop hop =
        sip::transaction::response_hop(request, sip::Hop{FlowId{1}, peer, sip::Transport::Udp});
    CHECK(hop.remote.address == peer.address && hop.remote.port != 0);
    if (request.method() == sip::Method::Invite) {
        if (const MessagePtr ack = sip::transaction::make_ack(request, *answer)) {
            CHECK(ack->method() == sip::Method::Ack && ack->to_tag() == answer->to_tag());
        }
        CHECK(sip::transaction::make_cancel(request)->cseq().number == request.cseq().number);
    }
}

void check_stamped(const MessagePtr& request, const Endpoint& peer) {
    const MessagePtr stamped = stamp_source(request, peer);
    CHECK(stamp_source(stamped, peer)->bytes() == stamped->bytes());
    CHECK(stamped->top_via().host == request->top_via().host);
    CHECK(stamped->top_via().branch() == request->top_via().branch());
    CHECK(stamped->body() == request->body());
    CHECK(stamped->headers().size() == request->headers().size());
    check_answered(*stamped, peer);
}

void check(std::string_view octets, Framing framing) {
    const sip::Parsed parsed = Message::parse(std::string(octets), framing);
    if (parsed.message == nullptr) {
        CHECK(parsed.fault && parsed.fault->fault == sip::ParseFault::NotSip);
        return;
    }
    const Message& m = *parsed.message;
    check_index(m);
    if (m.is_request()) {
        const MessagePtr stamped = stamp_source(parsed.message, source);
        CHECK(reply(*stamped, 400, "ours").build()->status() == 400);
    }
    if (parsed.fault) {
        return;
    }
    check_screened(m);
    check_read_again(m, framing);
    check_copied(m);
    if (m.is_request()) {
        check_stamped(parsed.message, source);
        check_stamped(parsed.message, source_v6);
    }
}

}  // namespace

void run(std::string_view octets) {
    check(octets, Framing::Datagram);
    check(octets, Framing::Stream);
}

}  // namespace ringwall::fuzz
