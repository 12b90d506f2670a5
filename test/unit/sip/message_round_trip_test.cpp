// What we write, we read: generated messages, and generated damage to them.
#include <gtest/gtest.h>

#include "base/random.h"
#include "sip/framing/stream_framer.h"
#include "sip/message_builder.h"

namespace ringwall::sip {
namespace {

class Generator {
public:
    explicit Generator(std::uint64_t seed) : random_(seed) {}

    std::size_t below(std::size_t bound) { return random_.number() % bound; }
    std::string word() { return random_.token(1 + below(12)); }
    template <std::size_t N>
    std::string one_of(const char* const (&texts)[N]) {
        return texts[below(N)];
    }

    std::string host() {
        return one_of({"example.com", "192.0.2.1", "[2001:db8::1]", "a-b.example", "h."});
    }
    std::string uri() {
        std::string text = one_of({"sip:", "sips:"});
        if (below(4) != 0) {
            text += one_of({"bob", "a%20b", "x;y=z", "+1(555)", "a?b/c", "u:pw", "%00"}) + "@";
        }
        text += host();
        text += one_of({"", ":5060", ":1"});
        text += one_of({"", ";lr", ";transport=tcp;ttl=1", ";%6C%72"});
        return text;
    }
    std::string name_addr() {
        return one_of({"", "Bob ", "\"a \\\" <,;\" ", "A. B. "}) + "<" + uri() + ">";
    }
    std::string parameters() { return one_of({"", ";x", ";x=y", ";x=\"q;,<>\"", " ; x = [::1]"}); }
    std::string body() {
        std::string text(below(200), '\0');
        random_.fill({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
        return text;
    }

private:
    SeededRandom random_;
};

struct Expected {
    std::string call_id, from, to, body, odd;
    std::uint32_t cseq = 0;
    std::size_t vias = 0;
};

MessagePtr build(Generator& g, Expected& expected) {
    const std::string method = g.one_of({"INVITE", "BYE", "REGISTER", "NEW%41"});
    MessageBuilder builder =
        g.below(2) == 0 ? MessageBuilder::request(method, g.uri())
                        : MessageBuilder::response(100 + static_cast<int>(g.below(600)), g.word());
    expected.vias = 1 + g.below(3);
    for (std::size_t i = 0; i < expected.vias; ++i) {
        builder.header(HeaderName::Via, "SIP/2.0/" + g.one_of({"UDP ", "TLS ", "SCTP "}) +
                                            g.host() + ";branch=z9hG4bK" + g.word() +
                                            g.parameters());
    }
    expected.from = g.name_addr() + ";tag=" + g.word() + g.parameters();
    expected.to = g.name_addr() + g.parameters();
    expected.call_id = g.word() + "@" + g.word();
    expected.cseq = static_cast<std::uint32_t>(g.below(1U << 31));
    expected.odd = g.one_of({"", ";;,,", "\xd0\xb1", "\"", "<"});
    expected.body = g.body();
    builder.header("From", expected.from)
        .header("t", expected.to)
        .header("X-Odd", expected.odd)
        .header("i", expected.call_id)
        .header("CSeq", std::to_string(expected.cseq) + "  " + method)
        .header(HeaderName::Contact, g.name_addr() + ";expires=7 , " + g.name_addr())
        .body(expected.body);
    return builder.build();
}

void expect_same(const Message& m, const Expected& expected) {
    EXPECT_EQ(m.from().text, expected.from);
    EXPECT_EQ(m.to().text, expected.to);
    EXPECT_EQ(m.call_id(), expected.call_id);
    EXPECT_EQ(m.cseq().number, expected.cseq);
    EXPECT_EQ(m.body(), expected.body);
    EXPECT_EQ(m.header("X-Odd")->value, expected.odd);
    EXPECT_EQ(m.values(HeaderName::Via).size(), expected.vias);
    EXPECT_EQ(m.name_addrs(HeaderName::Contact)->size(), 2U);
}

TEST(RoundTrip, WhatIsBuiltIsReadBack) {
    Generator g(1);
    for (int i = 0; i < 1'000; ++i) {
        Expected expected;
        const MessagePtr built = build(g, expected);
        expect_same(*built, expected);
        for (const Framing framing : {Framing::Datagram, Framing::Stream}) {
            const Parsed again = Message::parse(std::string(built->bytes()), framing);
            ASSERT_FALSE(again.fault) << to_string(again.fault->fault) << "\n" << built->bytes();
            EXPECT_EQ(again.message->bytes(), built->bytes());
            expect_same(*again.message, expected);
        }
        StreamFramer framer;
        framer.feed(built->bytes());
        const auto event = framer.next();
        ASSERT_TRUE(event && std::holds_alternative<StreamFramer::WholeMessage>(*event));
        EXPECT_EQ(std::get<StreamFramer::WholeMessage>(*event).bytes, built->bytes());
    }
}

// What reads well can be written again line by line and reads the same.
TEST(RoundTrip, CopiedLinesAreReadBack) {
    Generator g(2);
    for (int i = 0; i < 500; ++i) {
        Expected expected;
        const MessagePtr built = build(g, expected);
        MessageBuilder copy =
            built->is_request()
                ? MessageBuilder::request(built->method_text(), built->request_uri_text())
                : MessageBuilder::response(built->status(), built->reason());
        for (const HeaderLine& line : built->headers()) {
            if (line.id != HeaderName::ContentLength) {
                copy.raw(line);
            }
        }
        EXPECT_EQ(copy.body(built->body()).build()->bytes(), built->bytes());
    }
}

// A message with octets changed, taken out or put in is read or refused, and can be answered; what
// is read without a fault can be stamped and answered without one.
TEST(RoundTrip, DamageDoesNoHarm) {
    Generator g(3);
    static constexpr std::string_view likely = "\r\n\r\n :;,<>\"\\%@=[]/?&\t\0zA0";
    for (int i = 0; i < 5'000; ++i) {
        Expected expected;
        std::string text(build(g, expected)->bytes());
        const std::size_t changes = 1 + g.below(4);
        for (std::size_t k = 0; k < changes; ++k) {
            const std::size_t at = g.below(text.size());
            const char c = likely[g.below(likely.size())];
            switch (g.below(3)) {
                case 0:
                    text[at] = c;
                    break;
                case 1:
                    text.erase(at, 1 + g.below(3));
                    break;
                default:
                    text.insert(at, 1, c);
                    break;
            }
            if (text.empty()) {
                text = "x";
            }
        }
        const Parsed parsed =
            Message::parse(text, g.below(2) == 0 ? Framing::Datagram : Framing::Stream);
        if (parsed.message == nullptr) {
            continue;
        }
        const Endpoint source{IpAddress::v4(192, 0, 2, 7), 5060};
        const MessagePtr stamped = stamp_source(parsed.message, source);
        ASSERT_NE(stamped, nullptr);
        const MessagePtr answer = reply(*stamped, 400, "tag").build();
        ASSERT_EQ(answer->status(), 400);
        if (parsed.message->is_request() && !parsed.fault) {
            EXPECT_FALSE(Message::parse(std::string(stamped->bytes()), Framing::Datagram).fault);
            const Parsed again = Message::parse(std::string(answer->bytes()), Framing::Stream);
            EXPECT_FALSE(again.fault) << to_string(again.fault->fault) << "\n"
                                      << text << answer->bytes();
        }
    }
}

}  // namespace
}  // namespace ringwall::sip
