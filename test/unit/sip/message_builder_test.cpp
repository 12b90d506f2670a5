#include "sip/message_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/endpoint.h"

namespace ringwall::sip {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view invite =
    "INVITE sip:bob@biloxi.example SIP/2.0\r\n"
    "Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776\r\n"
    "v: SIP/2.0/TCP\r\n lower.example\r\n"
    "From: Alice <sip:alice@atlanta.example>;tag=1928\r\n"
    "Timestamp: 54\r\n"
    "t: Bob <sip:bob@biloxi.example>\r\n"
    "Call-ID: a84b4c@pc33\r\n"
    "CSeq: 7 INVITE\r\n"
    "X-Secret: 1\r\n"
    "Content-Length: 0\r\n"
    "\r\n";

MessagePtr parse(std::string_view text) {
    return Message::parse(std::string(text), Framing::Datagram).message;
}

MessageBuilder base_request() {
    MessageBuilder builder = MessageBuilder::request("OPTIONS", "sip:b@c");
    builder.header(HeaderName::Via, "SIP/2.0/UDP h;branch=z9hG4bKx")
        .header(HeaderName::From, "<sip:a@b>;tag=1")
        .header(HeaderName::To, "<sip:b@c>")
        .header(HeaderName::CallId, "1")
        .header(HeaderName::CSeq, "1 OPTIONS");
    return builder;
}

TEST(MessageBuilder, WritesTheLinesInTheirOrder) {
    const MessagePtr m = base_request().header("X-Own", "y").body("text/plain", "hello").build();
    EXPECT_EQ(m->bytes(),
              "OPTIONS sip:b@c SIP/2.0\r\n"
              "Via: SIP/2.0/UDP h;branch=z9hG4bKx\r\n"
              "From: <sip:a@b>;tag=1\r\n"
              "To: <sip:b@c>\r\n"
              "Call-ID: 1\r\n"
              "CSeq: 1 OPTIONS\r\n"
              "X-Own: y\r\n"
              "Content-Type: text/plain\r\n"
              "Content-Length: 5\r\n"
              "\r\n"
              "hello");
    EXPECT_EQ(m->method(), Method::Options);
    EXPECT_EQ(m->body(), "hello");
}

TEST(MessageBuilder, LetsNoValueWriteALineOfItsOwn) {
    const MessagePtr m =
        base_request().header("X-Own", std::string_view("a\r\nRoute: <sip:evil>\n\0", 21)).build();
    EXPECT_EQ(m->header(HeaderName::Route), nullptr);
    EXPECT_EQ(m->header("X-Own")->value, "a  Route: <sip:evil>");
    EXPECT_EQ(MessageBuilder::response(200, "OK\r\nX: y")
                  .copy(HeaderName::Via, *m)
                  .copy(HeaderName::From, *m)
                  .copy(HeaderName::To, *m)
                  .copy(HeaderName::CallId, *m)
                  .copy(HeaderName::CSeq, *m)
                  .build()
                  ->reason(),
              "OK  X: y");
}

TEST(MessageBuilder, CopiesLinesAsTheyCame) {
    const MessagePtr original = parse(
        "OPTIONS sip:b@c SIP/2.0\r\nv  : SIP/2.0/UDP h\r\n ;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP "
        "g\r\n"
        "f: <sip:a@b>\r\nt: <sip:b@c>\r\ni: 1\r\nCSeq: 1 OPTIONS\r\nX-odd :  ;;,\r\n\r\n");
    const MessagePtr m = MessageBuilder::request("OPTIONS", "sip:b@c")
                             .copy(HeaderName::Via, *original)
                             .copy(HeaderName::From, *original)
                             .copy(HeaderName::To, *original)
                             .copy(HeaderName::CallId, *original)
                             .copy(HeaderName::CSeq, *original)
                             .raw(*original->header("x-odd"))
                             .body(std::string_view("\0\r\n", 3))
                             .build();
    EXPECT_THAT(m->bytes(),
                HasSubstr("v  : SIP/2.0/UDP h\r\n ;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP g\r\n"));
    EXPECT_THAT(m->bytes(), HasSubstr("\r\nX-odd :  ;;,\r\n"));
    EXPECT_EQ(m->body(), std::string_view("\0\r\n", 3));
    EXPECT_EQ(m->header(HeaderName::ContentType), nullptr);
}

// RFC 3261 §8.2.6.2
TEST(Reply, EchoesWhatTheRequestSaid) {
    const MessagePtr response = reply(*parse(invite), 486, "tag1").build();
    EXPECT_EQ(response->bytes(),
              "SIP/2.0 486 Busy Here\r\n"
              "Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776\r\n"
              "Via: SIP/2.0/TCP lower.example\r\n"
              "From: Alice <sip:alice@atlanta.example>;tag=1928\r\n"
              "To: Bob <sip:bob@biloxi.example>;tag=tag1\r\n"
              "Call-ID: a84b4c@pc33\r\n"
              "CSeq: 7 INVITE\r\n"
              "Content-Length: 0\r\n"
              "\r\n");
    EXPECT_EQ(response->to_tag(), "tag1");
}

// What was read of the request is not read again: nor is it lost when the response grows.
TEST(Reply, IsReadLikeTheRequest) {
    const MessagePtr request = parse(invite);
    for (const std::size_t size : {0U, 100U, 10'000U}) {
        const MessagePtr response =
            reply(*request, 200, "314159").header("X-Long", std::string(size, 'x')).build();
        EXPECT_EQ(response->top_via(), request->top_via());
        EXPECT_EQ(response->from(), request->from());
        EXPECT_EQ(response->from_tag(), "1928");
        EXPECT_EQ(response->to().text, "Bob <sip:bob@biloxi.example>;tag=314159");
        EXPECT_EQ(response->to().uri, request->to().uri);
        EXPECT_EQ(response->to_tag(), "314159");
        EXPECT_EQ(response->call_id(), "a84b4c@pc33");
        EXPECT_EQ(response->cseq(), request->cseq());
        const auto is_inside = [&](std::string_view part) {
            return part.data() >= response->bytes().data() &&
                   part.data() + part.size() <= response->bytes().data() + size + 500;
        };
        EXPECT_TRUE(is_inside(response->to().uri.host));
        EXPECT_TRUE(is_inside(response->top_via().branch()));
    }
}

TEST(Reply, OfTryingHasTheTimestampAndNoTag) {
    const MessagePtr response = reply(*parse(invite), 100, "").build();
    EXPECT_EQ(response->header(HeaderName::Timestamp)->value, "54");
    EXPECT_EQ(response->to_tag(), "");
    EXPECT_EQ(reply(*parse(invite), 180, "t").build()->header(HeaderName::Timestamp), nullptr);
}

TEST(Reply, KeepsTheTagOfARequestInADialog) {
    std::string text(invite);
    text.replace(text.find("t: Bob"), 33, "t: <sip:b@c>;tag=theirs\r\n");
    EXPECT_EQ(reply(*parse(text), 200, "ours").build()->to_tag(), "theirs");
}

TEST(Reply, WorksForRequestsThatCannotBeRead) {
    for (const char* text :
         {"INVITE  sip:a@b SIP/2.0\r\n\r\n", "INVITE sip:a@b SIP/7.0\r\nVia: x\r\nTo: \"x\r\n\r\n",
          "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;;\r\nFrom: a\r\nTo: <a\r\nTo: b\r\nCSeq: "
          "x\r\n"
          "Call-ID: a b\r\nCall-ID: c\r\nX: y\n\r\n",
          "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h\n\rTo: x\r\n"}) {
        const MessagePtr request = parse(text);
        ASSERT_NE(request, nullptr) << text;
        const MessagePtr response = reply(*request, 400, "tag", "Bad Via").build();
        ASSERT_NE(response, nullptr) << text;
        EXPECT_EQ(response->status(), 400);
        EXPECT_THAT(response->bytes(), StartsWith("SIP/2.0 400 Bad Via\r\n"));
        EXPECT_LE(response->count(HeaderName::To), 1U);
        EXPECT_LE(response->count(HeaderName::CallId), 1U);
        std::size_t feeds = 0;
        for (std::size_t at = 0; (at = response->bytes().find('\n', at)) != std::string_view::npos;
             ++at) {
            EXPECT_EQ(response->bytes()[at - 1], '\r');
            ++feeds;
        }
        EXPECT_EQ(feeds, response->headers().size() + 2);
    }
}

TEST(ReasonPhrase, OfAnUnknownStatusIsThatOfItsClass) {
    EXPECT_EQ(reason_phrase(404), "Not Found");
    EXPECT_EQ(reason_phrase(100), "Trying");
    EXPECT_EQ(reason_phrase(606), "Not Acceptable");
    EXPECT_EQ(reason_phrase(608), "Rejected");
    EXPECT_EQ(reason_phrase(499), "Bad Request");
    EXPECT_EQ(reason_phrase(699), "Busy Everywhere");
}

Endpoint endpoint(std::string_view address, std::uint16_t port) {
    return {*IpAddress::parse(address), port};
}

std::string with_via(std::string_view via) {
    std::string text(invite);
    const std::size_t at = text.find("Via: ");
    text.replace(at, text.find("\r\n", at) - at, via);
    return text;
}

std::string top_via(const MessagePtr& m) {
    return std::string(m->top_via().text);
}

// RFC 3261 §18.2.1
TEST(StampSource, AddsReceivedWhenSentByIsAnotherAddressOrAName) {
    const Endpoint source = endpoint("192.0.2.9", 5062);
    EXPECT_EQ(top_via(stamp_source(parse(invite), source)),
              "SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776;received=192.0.2.9");
    EXPECT_EQ(top_via(stamp_source(parse(with_via("Via: SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK1")),
                                   source)),
              "SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK1;received=192.0.2.9");
}

TEST(StampSource, LeavesTheMessageAloneWhereNothingChanges) {
    const Endpoint source = endpoint("192.0.2.9", 5062);
    for (const char* via :
         {"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1",
          "Via: SIP/2.0/UDP h;received=192.0.2.9;branch=z9hG4bK1",
          "Via: SIP/2.0/UDP 192.0.2.9;rport=5062;received=192.0.2.9;branch=z9hG4bK1"}) {
        const MessagePtr request = parse(with_via(via));
        EXPECT_EQ(stamp_source(request, source), request) << via;
    }
    const MessagePtr v6 = parse(with_via("Via: SIP/2.0/UDP [2001:DB8:0::1];branch=z9hG4bK1"));
    EXPECT_EQ(stamp_source(v6, endpoint("2001:db8::1", 5060)), v6);
    const MessagePtr unreadable = parse(with_via("Via: SIP/2.0/UDP h;;"));
    EXPECT_EQ(stamp_source(unreadable, source), unreadable);
}

// RFC 3581 §4: with rport there is always a received.
TEST(StampSource, FillsRport) {
    EXPECT_EQ(
        top_via(stamp_source(parse(with_via("Via: SIP/2.0/UDP 192.0.2.9;rport;branch=z9hG4bK1")),
                             endpoint("192.0.2.9", 5062))),
        "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1;received=192.0.2.9;rport=5062");
    EXPECT_EQ(top_via(stamp_source(
                  parse(with_via("Via: SIP/2.0/UDP [2001:db8::1];rport;branch=z9hG4bK1")),
                  endpoint("2001:db8::1", 5062))),
              "SIP/2.0/UDP [2001:db8::1];branch=z9hG4bK1;received=2001:db8::1;rport=5062");
}

// A response follows received and rport: a peer must not choose where.
TEST(StampSource, DoesNotBelieveWhatThePeerWroteThere) {
    const MessagePtr m = stamp_source(
        parse(with_via("Via: SIP/2.0/UDP 192.0.2.9;received=203.0.113.5;rport=99;branch=z9hG4bK1")),
        endpoint("192.0.2.9", 5062));
    EXPECT_EQ(m->top_via().received(), IpAddress::parse("192.0.2.9"));
    EXPECT_EQ(m->top_via().rport(), 5062);
    EXPECT_THAT(m->bytes(), Not(HasSubstr("203.0.113.5")));
}

TEST(StampSource, ChangesNothingElse) {
    const std::string text = with_via(
        "vIa :  SIP/2.0/UDP a;x=\"q;received=1\"\r\n ;rport;branch=z9hG4bK1 , SIP/2.0/UDP "
        "b;received=1.2.3.4");
    const MessagePtr request = parse(text);
    const MessagePtr stamped = stamp_source(request, endpoint("192.0.2.9", 1));
    EXPECT_EQ(
        stamped->header(HeaderName::Via)->value,
        "SIP/2.0/UDP a;x=\"q;received=1\";branch=z9hG4bK1;received=192.0.2.9;rport=1 , SIP/2.0/UDP "
        "b;received=1.2.3.4");
    ASSERT_EQ(stamped->headers().size(), request->headers().size());
    for (std::size_t i = 1; i < request->headers().size(); ++i) {
        EXPECT_EQ(stamped->headers()[i].raw, request->headers()[i].raw);
    }
    EXPECT_EQ(stamped->body(), request->body());
}

}  // namespace
}  // namespace ringwall::sip
