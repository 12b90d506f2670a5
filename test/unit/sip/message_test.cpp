#include "sip/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sip/header/contact.h"
#include "sip/limits.h"

namespace ringwall::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::string_literals;

// A good INVITE, one line each, so that a test can put another line in its place.
struct Lines {
    std::string start = "INVITE sip:bob@biloxi.example SIP/2.0";
    std::string via = "Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776asdhds";
    std::string from = "From: Alice <sip:alice@atlanta.example>;tag=1928301774";
    std::string to = "To: Bob <sip:bob@biloxi.example>";
    std::string call_id = "Call-ID: a84b4c76e66710@pc33.atlanta.example";
    std::string cseq = "CSeq: 314159 INVITE";
    std::string more{};  // whole lines, with CRLF
    std::string body{};

    std::string text() const {
        std::string out;
        for (const std::string& line : {start, via, from, to, call_id, cseq}) {
            if (!line.empty()) {
                out += line + "\r\n";
            }
        }
        return out + more + "\r\n" + body;
    }
};

Parsed parse(const Lines& lines, Framing framing = Framing::Datagram) {
    return Message::parse(lines.text(), framing);
}

MessagePtr good(const Lines& lines, Framing framing = Framing::Datagram) {
    Parsed parsed = parse(lines, framing);
    EXPECT_FALSE(parsed.fault) << to_string(parsed.fault->fault) << "\n" << lines.text();
    EXPECT_NE(parsed.message, nullptr);
    return parsed.message;
}

ParseFault fault(const Lines& lines, Framing framing = Framing::Datagram) {
    const Parsed parsed = parse(lines, framing);
    EXPECT_NE(parsed.message, nullptr) << lines.text();
    EXPECT_TRUE(parsed.fault) << lines.text();
    return parsed.fault ? parsed.fault->fault : ParseFault::NotSip;
}

Lines response(std::string start) {
    Lines lines;
    lines.start = std::move(start);
    return lines;
}

TEST(HeaderName, IsKnownInAnyCaseAndInCompactForm) {
    EXPECT_EQ(parse_header_name("cAlL-iD"), HeaderName::CallId);
    for (std::size_t i = 0; i + 1 < header_name_count; ++i) {
        const auto id = static_cast<HeaderName>(i);
        EXPECT_EQ(parse_header_name(to_string(id)), id) << to_string(id);
    }
    const std::pair<const char*, HeaderName> compact[] = {
        {"v", HeaderName::Via},
        {"F", HeaderName::From},
        {"t", HeaderName::To},
        {"I", HeaderName::CallId},
        {"m", HeaderName::Contact},
        {"l", HeaderName::ContentLength},
        {"c", HeaderName::ContentType},
        {"e", HeaderName::ContentEncoding},
        {"k", HeaderName::Supported},
        {"s", HeaderName::Subject},
        {"x", HeaderName::SessionExpires},
        {"r", HeaderName::ReferTo},
        {"b", HeaderName::ReferredBy},
        {"o", HeaderName::Event},
        {"u", HeaderName::AllowEvents},
        {"y", HeaderName::Identity},
    };
    for (const auto& [text, id] : compact) {
        EXPECT_EQ(parse_header_name(text), id) << text;
    }
    for (const char* text : {"", "z", "1", "Vi", "Viaa", "C%6Fntact", "Contact ", "X-Contact"}) {
        EXPECT_EQ(parse_header_name(text), HeaderName::Other) << text;
    }
}

TEST(Message, GivesTheScreenedFieldsOfARequest) {
    Lines lines;
    lines.more =
        "Max-Forwards: 70\r\nExpires: 120\r\nContent-Type: application/sdp ; x=y\r\nl: 4\r\n";
    lines.body = "v=0\n";
    const MessagePtr m = good(lines);
    EXPECT_TRUE(m->is_request());
    EXPECT_EQ(m->method(), Method::Invite);
    EXPECT_EQ(m->request_uri().user, "bob");
    EXPECT_EQ(m->top_via().branch(), "z9hG4bK776asdhds");
    EXPECT_EQ(m->from().display_name, "Alice");
    EXPECT_EQ(m->from_tag(), "1928301774");
    EXPECT_EQ(m->to().uri.host, "biloxi.example");
    EXPECT_EQ(m->to_tag(), "");
    EXPECT_EQ(m->call_id(), "a84b4c76e66710@pc33.atlanta.example");
    EXPECT_EQ(m->cseq().number, 314159U);
    EXPECT_EQ(m->max_forwards(), 70U);
    EXPECT_EQ(m->expires(), 120U);
    EXPECT_EQ(m->content_type(), "application/sdp");
    EXPECT_EQ(m->body(), "v=0\n");
    EXPECT_EQ(m->bytes(), lines.text());
}

TEST(Message, GivesTheStatusOfAResponse) {
    const MessagePtr m = good(response("SIP/2.0 486 Busy Here"));
    EXPECT_FALSE(m->is_request());
    EXPECT_EQ(m->status(), 486);
    EXPECT_EQ(m->reason(), "Busy Here");
    EXPECT_EQ(good(response("sip/2.0 100 "))->reason(), "");
}

TEST(Message, KeepsEveryLineOctetByOctet) {
    Lines lines;
    lines.more = "X-Odd  :\t ;;,, ;;,;  \r\nSubject: one\r\n\ttwo\r\n   three \r\nx-odd: again\r\n";
    const MessagePtr m = good(lines);
    std::string all = lines.start + "\r\n";
    for (const HeaderLine& line : m->headers()) {
        all.append(line.raw);
    }
    EXPECT_EQ(all + "\r\n", lines.text());
    ASSERT_NE(m->header("X-ODD"), nullptr);
    EXPECT_EQ(m->header("X-ODD")->value, ";;,, ;;,;");
    EXPECT_EQ(m->header("X-ODD")->name, "X-Odd");
    EXPECT_EQ(m->header("s")->value, "one two three");
    EXPECT_EQ(m->header(HeaderName::Subject)->raw, "Subject: one\r\n\ttwo\r\n   three \r\n");
    EXPECT_EQ(m->header("X-Other"), nullptr);
    EXPECT_EQ(m->header(HeaderName::Route), nullptr);
}

TEST(Message, ManyFoldedFieldsKeepTheirValues) {
    Lines lines;
    lines.via = "Via\r\n : SIP/2.0/UDP h";  // a fold before the colon is no header field
    EXPECT_EQ(fault(lines), ParseFault::BadHeaderLine);
    lines = {};
    lines.via = "Via:\r\n SIP/2.0/UDP\r\n h;branch=z9hG4bK1\r\n ,\r\n SIP/2.0/TCP g";
    lines.from = "From:\r\n \"A\r\n  B\"\r\n <sip:a@b>\r\n ;tag=1";
    lines.cseq = "CSeq:\r\n 1\r\n INVITE";
    lines.more = "Route:\r\n <sip:p1;lr>\r\n ,<sip:p2;lr>\r\n";
    const MessagePtr m = good(lines);
    EXPECT_EQ(m->top_via().host, "h");
    EXPECT_EQ(m->from().display_name, "\"A B\"");
    EXPECT_EQ(m->from_tag(), "1");
    EXPECT_EQ(m->values(HeaderName::Via).size(), 2U);
    EXPECT_THAT(m->values(HeaderName::Route), ElementsAre("<sip:p1;lr>", "<sip:p2;lr>"));
}

TEST(Message, ListsGoOverAllTheirLines) {
    Lines lines;
    lines.more =
        "Require: 100rel , timer\r\nRequire: Path\r\nAllow:\r\nContact: <sip:a,b@c>;q=0.1, "
        "sip:d@e\r\n"
        "m: \"x, y\" <sip:f@g>\r\n";
    const MessagePtr m = good(lines);
    EXPECT_THAT(m->values(HeaderName::Require), ElementsAre("100rel", "timer", "Path"));
    EXPECT_TRUE(m->has_token(HeaderName::Require, "TIMER"));
    EXPECT_TRUE(m->has_token(HeaderName::Require, "path"));
    EXPECT_FALSE(m->has_token(HeaderName::Require, "tim"));
    EXPECT_FALSE(m->has_token(HeaderName::Supported, "timer"));
    EXPECT_THAT(m->values(HeaderName::Allow), IsEmpty());
    EXPECT_EQ(m->count(HeaderName::Require), 2U);
    const auto contacts = m->name_addrs(HeaderName::Contact);
    ASSERT_TRUE(contacts);
    ASSERT_EQ(contacts->size(), 3U);
    EXPECT_EQ((*contacts)[2].uri.user, "f");
}

TEST(Message, OfRfc2543IsProcessed) {
    Lines lines;
    lines.via = "Via: SIP/2.0/UDP iftgw.example.com";
    lines.from = "From: <sip:+13035551111@ift.client.example.net;user=phone>";
    lines.body = "v=0\r\n";
    const MessagePtr m = good(lines);
    EXPECT_EQ(m->from_tag(), "");
    EXPECT_EQ(m->max_forwards(), std::nullopt);
    EXPECT_EQ(m->body(), "v=0\r\n");
}

TEST(Message, WithoutAStartLineOfSipIsNone) {
    for (const char* text :
         {"", "\r\n", "\r\n\r\n", "\n", "hello", "hello\r\n\r\n", "INVITE sip:a@b\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "INVITE sip:a@b SIP/2\r\n\r\n", "SIP/2.0\n\n",
          "SIP/x.0 200 OK\r\n\r\n", "IN,VITE sip:a@b SIP/2.0\r\n\r\n", "SIP/2.0/UDP\r\n\r\n",
          "INVITE sip:a@b SIP/2.0", "INVITE sip:a@b SIP/2.0\nVia: x\n\n", "\x16\x03\x01\x02"}) {
        const Parsed parsed = Message::parse(text, Framing::Datagram);
        EXPECT_EQ(parsed.message, nullptr) << text;
        ASSERT_TRUE(parsed.fault);
        EXPECT_EQ(parsed.fault->fault, ParseFault::NotSip) << text;
    }
}

// RFC 3261 §7.5
TEST(Message, MayBeginWithEmptyLines) {
    const Parsed parsed = Message::parse("\r\n\r\n" + Lines{}.text(), Framing::Datagram);
    ASSERT_FALSE(parsed.fault);
    EXPECT_EQ(parsed.message->bytes(), Lines{}.text());
}

TEST(Message, StartLineHasOneBlankAtEachPlace) {
    for (const char* start :
         {"INVITE  sip:bob@biloxi.example SIP/2.0", "INVITE sip:bob@biloxi.example  SIP/2.0",
          "INVITE sip:bob@biloxi.example SIP/2.0 ", " INVITE sip:bob@biloxi.example SIP/2.0",
          "INVITE\tsip:bob@biloxi.example SIP/2.0", "INVITE SIP/2.0"}) {
        EXPECT_EQ(fault({.start = start}), ParseFault::BadStartLine) << start;
    }
    for (const char* start :
         {"INVITE <sip:bob@biloxi.example> SIP/2.0", "INVITE sip:bob@biloxi.example; lr SIP/2.0",
          "INVITE sip:bob@biloxi.example?Route=%3Csip:evil%3E SIP/2.0", "INVITE bob SIP/2.0"}) {
        EXPECT_EQ(fault({.start = start}), ParseFault::BadUri) << start;
    }
    EXPECT_EQ(fault({.start = "INVITE isbn:123 SIP/2.0"}), ParseFault::UnknownScheme);
    EXPECT_EQ(fault({.start = "INVITE sip:bob@b SIP/3.0"}), ParseFault::BadVersion);
    EXPECT_EQ(fault({.start = "INVITE sip:bob@b SIP/2.00"}), ParseFault::BadVersion);
}

TEST(Message, StatusIsFrom100To699) {
    for (const char* start : {"SIP/2.0 99 x", "SIP/2.0 099 x", "SIP/2.0 700 x",
                              "SIP/2.0 4294967301 x", "SIP/2.0 2000 x", "SIP/2.0  200 OK",
                              "SIP/2.0 200", "SIP/2.0 -20 x", "SIP/2.0 abc x", "SIP/2.0 "}) {
        const Parsed parsed = parse(response(start));
        ASSERT_TRUE(parsed.fault) << start;
        EXPECT_EQ(parsed.fault->fault, ParseFault::BadStartLine) << start;
        EXPECT_EQ(parsed.message->status(), 0);
    }
    EXPECT_EQ(fault(response("SIP/1.0 200 OK")), ParseFault::BadVersion);
}

TEST(Message, NeedsItsMandatoryFields) {
    for (std::string Lines::*line :
         {&Lines::via, &Lines::from, &Lines::to, &Lines::call_id, &Lines::cseq}) {
        Lines lines;
        lines.*line = "";
        EXPECT_EQ(fault(lines), ParseFault::MissingHeader);
        lines.start = "SIP/2.0 200 OK";
        EXPECT_EQ(fault(lines), ParseFault::MissingHeader);
    }
}

// Two parties that choose different ones of two values see different requests.
TEST(Message, RefusesTheSecondOfWhatCountsOnce) {
    for (const char* second :
         {"From: <sip:x@y>;tag=1\r\n", "t: <sip:x@y>\r\n", "i: other\r\n",
          "CSeq: 314159 INVITE\r\n", "Max-Forwards: 1\r\nMax-Forwards: 1\r\n",
          "l: 0\r\nContent-Length: 0\r\n", "c: text/plain\r\nContent-Type: text/plain\r\n",
          "Expires: 1\r\nExpires: 1\r\n"}) {
        Lines lines;
        lines.more = second;
        EXPECT_EQ(fault(lines), ParseFault::DuplicateHeader) << second;
    }
    Lines lines = response("SIP/2.0 200 OK");
    lines.more = "Expires: 1\r\nExpires: 2\r\n";
    good(lines);  // not worth dropping a response for
}

TEST(Message, RefusesATagOrBranchThatIsEmptyOrDouble) {
    EXPECT_EQ(fault({.from = "From: <sip:a@b>;tag=1;tag=2"}), ParseFault::BadParameter);
    EXPECT_EQ(fault({.from = "From: <sip:a@b>;tag"}), ParseFault::BadParameter);
    EXPECT_EQ(fault({.to = "To: <sip:a@b>;tag="}), ParseFault::BadParameter);
    EXPECT_EQ(fault({.via = "Via: SIP/2.0/UDP h;branch=z9hG4bK"}), ParseFault::BadVia);
    EXPECT_EQ(fault({.via = "Via: SIP/2.0/UDP h;branch=z9hG4bK1;branch=z9hG4bK2"}),
              ParseFault::BadVia);
}

TEST(Message, RefusesNumbersOutOfRange) {
    const std::pair<const char*, ParseFault> bad[] = {
        {"Max-Forwards: 256\r\n", ParseFault::BadNumber},
        {"Max-Forwards: -1\r\n", ParseFault::BadNumber},
        {"Max-Forwards:\r\n", ParseFault::BadNumber},
        {"Expires: 4294967296\r\n", ParseFault::BadNumber},
        {"Expires: soon\r\n", ParseFault::BadNumber},
        {"Content-Length: -1\r\n", ParseFault::BadContentLength},
        {"Content-Length: five\r\n", ParseFault::BadContentLength},
        {"Content-Length: 0x5\r\n", ParseFault::BadContentLength},
        {"Content-Length: 1, 1\r\n", ParseFault::BadContentLength},
        {"Content-Length:\r\n", ParseFault::BadContentLength},
        {"Content-Length: 99999999999999999999999\r\n", ParseFault::BadContentLength},
        {"Content-Length: 1\r\n", ParseFault::Incomplete},
    };
    for (const auto& [line, what] : bad) {
        EXPECT_EQ(fault({.more = line}), what) << line;
    }
    EXPECT_EQ(fault({.cseq = "CSeq: 2147483648 INVITE"}), ParseFault::BadCSeq);
    EXPECT_EQ(good({.more = "Max-Forwards: 0068\r\nExpires: 4294967295\r\n"})->expires(),
              4'294'967'295U);
    Lines lines = response("SIP/2.0 200 OK");
    lines.more = "Expires: soon\r\n";
    EXPECT_EQ(good(lines)->expires(), std::nullopt);
}

TEST(Message, MethodOfCSeqAndStartLineAreTheSame) {
    EXPECT_EQ(fault({.cseq = "CSeq: 1 OPTIONS"}), ParseFault::MethodMismatch);
    EXPECT_EQ(fault({.cseq = "CSeq: 1 invite"}), ParseFault::MethodMismatch);
    EXPECT_EQ(fault({.start = "NEWMETHOD sip:a@b SIP/2.0"}), ParseFault::MethodMismatch);
    EXPECT_EQ(good({.start = "NEW sip:a@b SIP/2.0", .cseq = "CSeq: 1 NEW"})->method_text(), "NEW");
}

TEST(Message, RefusesAddressesThatLaterCodeWouldSendTo) {
    for (const char* line :
         {"Contact: <sip:a b@c>\r\n", "Contact: \"x <sip:a@b>\r\n", "Contact: sip:a@b?Route=x\r\n",
          "Contact: *\r\n", "Contact:\r\n", "Route: sip:\r\n", "Route: <sip:a@b>,\r\n",
          "Record-Route: <sip:a@b\r\n", "Path: <sip:a@b>;;\r\n", "Contact: <sip:a@b>, *\r\n"}) {
        const Parsed parsed = parse({.more = line});
        ASSERT_TRUE(parsed.fault) << line;
        EXPECT_EQ(parsed.fault->status(), 400) << line;
    }
    Lines lines = response("SIP/2.0 302 Moved");
    lines.more = "Contact: <sip:a b@c>\r\n";
    EXPECT_FALSE(good(lines)->name_addrs(HeaderName::Contact));  // the user of it will see
}

TEST(Message, RefusesHeaderLinesThatAreNone) {
    for (const char* line :
         {"Foobar roobar\r\n", ": x\r\n", "Foo bar: x\r\n", "Fo\xc3\xb6: x\r\n", "X: a\nY: b\r\n",
          "X: a\rY: b\r\n", "X: a\x01\r\n", "X: a\x7f\r\n", "X: a\\\r\r\n", "X: y\n"}) {
        EXPECT_EQ(fault({.more = line}), ParseFault::BadHeaderLine) << line;
    }
    EXPECT_EQ(fault({.more = "X: a\0b\r\n"s}), ParseFault::BadHeaderLine);
    Lines lines;
    lines.start += "\r\n folded";
    EXPECT_EQ(fault(lines), ParseFault::BadHeaderLine);
    lines = {};
    lines.more = "X: \"\\\0 \\\x07\"\r\nY: a\tb\r\n"s;  // quoted-pair, tab
    good(lines);
}

// Found by fuzzing: a reason phrase with a line feed went on without it.
TEST(Message, RefusesALineFeedInTheStartLine) {
    EXPECT_EQ(fault(response("SIP/2.0 422 S\nFrom: x")), ParseFault::BadHeaderLine);
    EXPECT_EQ(fault(response("SIP/2.0 422 \n")), ParseFault::BadHeaderLine);
}

TEST(Message, FindsAControlCharacterAnywhereInTheHead) {
    for (std::size_t at = 0; at < 20; ++at) {
        for (const char c : {'\x00', '\x01', '\x1f', '\x7f', '\r'}) {
            std::string value(20, 'v');
            value[at] = c;
            EXPECT_EQ(fault({.more = "A-B: w" + value + "w\r\n"}), ParseFault::BadHeaderLine) << at;
        }
        std::string value(20, 'v');
        value[at] = '\x80';
        good({.more = "A-B: w" + value + "w\r\n"});
    }
}

TEST(Message, CallIdIsWords) {
    good({.call_id = "Call-ID: word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"});
    EXPECT_EQ(fault({.call_id = "Call-ID: a b"}), ParseFault::BadHeaderLine);
    EXPECT_EQ(fault({.call_id = "Call-ID:"}), ParseFault::BadHeaderLine);
}

TEST(Message, IsIncompleteWithoutAnEmptyLine) {
    std::string text = Lines{}.text();
    text.resize(text.size() - 2);
    const Parsed parsed = Message::parse(text, Framing::Datagram);
    ASSERT_NE(parsed.message, nullptr);
    EXPECT_EQ(parsed.fault->fault, ParseFault::Incomplete);
    EXPECT_EQ(parsed.message->call_id(), "a84b4c76e66710@pc33.atlanta.example");
}

TEST(Message, EveryPrefixIsReadWithoutHarm) {
    Lines lines;
    lines.more = "Contact:\r\n <sip:a@b>;q=0.5\r\nRoute: <sip:p;lr>\r\nContent-Length: 4\r\n";
    lines.body = "body";
    const std::string text = lines.text();
    for (std::size_t size = 0; size < text.size(); ++size) {
        for (const Framing framing : {Framing::Datagram, Framing::Stream}) {
            EXPECT_TRUE(Message::parse(text.substr(0, size), framing).fault) << size;
        }
    }
    EXPECT_FALSE(Message::parse(text, Framing::Stream).fault);
}

// RFC 3261 §18.3
TEST(Message, OfADatagramEndsWithItsBody) {
    Lines lines;
    lines.more = "Content-Length: 4\r\n";
    lines.body = "bodyINVITE sip:evil@x SIP/2.0\r\n\r\n";
    const MessagePtr m = good(lines);
    EXPECT_EQ(m->body(), "body");
    EXPECT_TRUE(m->bytes().ends_with("\r\n\r\nbody"));
    EXPECT_EQ(fault(lines, Framing::Stream), ParseFault::BadContentLength);
}

TEST(Message, OfAStreamNeedsAContentLength) {
    EXPECT_EQ(fault({}, Framing::Stream), ParseFault::MissingHeader);
    good({.more = "l: 0\r\n"}, Framing::Stream);
}

TEST(Message, BodyMayHoldAnyOctet) {
    Lines lines;
    lines.more = "Content-Length: 6\r\n";
    lines.body = std::string("\0\n\r\xff\0x", 6);
    EXPECT_EQ(good(lines)->body(), lines.body);
}

TEST(Message, HasLimits) {
    Lines lines;
    for (std::size_t i = 0; i < limits::header_lines - 5; ++i) {
        lines.more += "A-B: y\r\n";
    }
    good(lines);
    lines.more += "A-B: y\r\n";
    EXPECT_EQ(fault(lines), ParseFault::TooLarge);

    lines = {.more = "X: " + std::string(limits::head, 'x') + "\r\n"};
    const Parsed long_head = parse(lines);
    EXPECT_EQ(long_head.fault->fault, ParseFault::TooLarge);
    EXPECT_EQ(long_head.fault->status(), 513);
    EXPECT_EQ(long_head.message->cseq().number, 314159U);  // it can be answered

    EXPECT_EQ(fault({.body = std::string(limits::message, 'x')}), ParseFault::TooLarge);

    lines = {};
    for (std::size_t i = 1; i < limits::vias; ++i) {
        lines.via += ", SIP/2.0/UDP h";
    }
    good(lines);
    lines.via += ", SIP/2.0/UDP h";
    EXPECT_EQ(fault(lines), ParseFault::TooLarge);

    lines = {.more = "Supported: a"};
    for (std::size_t i = 1; i < limits::list_values; ++i) {
        lines.more += ",abc";
    }
    good({.more = lines.more + "\r\n"});
    EXPECT_EQ(fault({.more = lines.more + ",abc\r\n"}), ParseFault::TooLarge);
}

TEST(Message, TheFirstFaultCounts) {
    Lines lines{
        .start = "INVITE sip:a@b SIP/7.0", .via = "Via: SIP/7.0/UDP h", .cseq = "CSeq: 1 X"};
    const Parsed parsed = parse(lines);
    EXPECT_EQ(parsed.fault->fault, ParseFault::BadVersion);
    EXPECT_EQ(parsed.fault->status(), 505);
    EXPECT_EQ(parsed.fault->offset, lines.start.find("SIP/7.0"));
}

TEST(ParseError, KnowsItsAnswer) {
    EXPECT_EQ((ParseError{ParseFault::UnknownScheme, 0}.status()), 416);
    EXPECT_EQ((ParseError{ParseFault::BadVia, 0}.status()), 400);
    EXPECT_EQ((ParseError{ParseFault::BadVia, 0}.reason()), "Bad Via");
    for (int i = 0; i <= static_cast<int>(ParseFault::BadCredentials); ++i) {
        const auto what = static_cast<ParseFault>(i);
        EXPECT_NE(to_string(what), "unknown");
        EXPECT_FALSE((ParseError{what, 0}.reason().empty()));
    }
}

TEST(Method, IsFoundByItsExactName) {
    for (int i = 0; i < static_cast<int>(Method::Unknown); ++i) {
        const auto method = static_cast<Method>(i);
        EXPECT_EQ(parse_method(to_string(method)), method);
    }
    EXPECT_EQ(parse_method("Invite"), Method::Unknown);
    EXPECT_EQ(parse_method("UNKNOWN"), Method::Unknown);
    EXPECT_EQ(parse_method(""), Method::Unknown);
    EXPECT_EQ(to_string(Transport::Tls), "TLS");
}

Lines registration(std::string more) {
    return {.start = "REGISTER sip:biloxi.example SIP/2.0",
            .cseq = "CSeq: 1 REGISTER",
            .more = std::move(more)};
}

TEST(Contacts, TellHowLongAndHowGladly) {
    const MessagePtr m = good(registration(
        "Contact: <sip:a@b>;expires=60;q=0.7;+sip.instance=\"<urn:uuid:1>\";reg-id=1\r\n"
        "m: sip:c@d\r\nExpires: 7200\r\n"));
    const auto contacts = parse_contacts(*m);
    ASSERT_TRUE(contacts);
    ASSERT_EQ(contacts->list.size(), 2U);
    const Contact& first = contacts->list[0];
    EXPECT_EQ(first.expires, 60U);
    EXPECT_EQ(first.q, 700);
    EXPECT_EQ(first.instance, "urn:uuid:1");
    EXPECT_EQ(first.reg_id, 1U);
    EXPECT_EQ(contacts->list[1].expires, 7200U);
    EXPECT_EQ(contacts->list[1].q, 1000);
    EXPECT_EQ(contacts->list[1].reg_id, 0U);
    EXPECT_FALSE(contacts->is_star);
}

TEST(Contacts, WithoutExpiresLeaveItToTheRegistrar) {
    const auto contacts = parse_contacts(*good(registration("Contact: <sip:a@b>\r\n")));
    EXPECT_EQ(contacts->list[0].expires, std::nullopt);
    EXPECT_TRUE(parse_contacts(*good(registration("")))->list.empty());
}

// RFC 3261 §10.2.1.1
TEST(Contacts, ExpiresThatIsNoNumberIsAnHour) {
    EXPECT_EQ(
        parse_contacts(*good(registration("Contact: <sip:a@b>;expires=soon\r\n")))->list[0].expires,
        3600U);
    EXPECT_EQ(fault(registration("Contact: <sip:a@b>;expires=4294967296\r\n")),
              ParseFault::BadNumber);
}

// RFC 3261 §10.2.2
TEST(Contacts, StarStandsAloneWithExpiresZero) {
    EXPECT_TRUE(parse_contacts(*good(registration("Contact: *\r\nExpires: 0\r\n")))->is_star);
    for (const char* more :
         {"Contact: *\r\n", "Contact: *\r\nExpires: 1\r\n",
          "Contact: *\r\nContact: *\r\nExpires: 0\r\n", "Contact: *;q=1\r\nExpires: 0\r\n",
          "Contact: *\r\nContact: <sip:a@b>\r\nExpires: 0\r\n"}) {
        EXPECT_EQ(parse(registration(more)).fault->status(), 400) << more;
    }
}

TEST(Contacts, RefuseBadQAndRegId) {
    for (const char* more : {"q=1.1", "q=2", "q=0.1234", "q=.5", "q=-1", "q=x", "reg-id=0",
                             "reg-id=x", "reg-id=2147483648"}) {
        EXPECT_EQ(fault(registration(std::string("Contact: <sip:a@b>;") + more + "\r\n")),
                  ParseFault::BadContact)
            << more;
    }
    for (const auto& [text, q] :
         {std::pair{"0", 0}, {"0.", 0}, {"1", 1000}, {"1.000", 1000}, {"0.05", 50}}) {
        const auto m = good(registration(std::string("Contact: <sip:a@b>;q=") + text + "\r\n"));
        EXPECT_EQ(parse_contacts(*m)->list[0].q, q) << text;
    }
}

}  // namespace
}  // namespace ringwall::sip
