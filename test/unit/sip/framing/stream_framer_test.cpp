#include "sip/framing/stream_framer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/random.h"
#include "sip/limits.h"

namespace ringwall::sip {
namespace {

using ::testing::ElementsAre;
using namespace std::string_literals;

// Events as text, to be compared: "message <bytes>", "ping", "pong", "broken <fault> <head>".
std::string describe(const StreamFramer::Event& event) {
    struct Visitor {
        std::string operator()(const StreamFramer::WholeMessage& m) const {
            return "message " + m.bytes;
        }
        std::string operator()(const StreamFramer::Ping&) const { return "ping"; }
        std::string operator()(const StreamFramer::Pong&) const { return "pong"; }
        std::string operator()(const StreamFramer::Broken& b) const {
            return "broken " + std::string(to_string(b.error.fault)) + " " + b.head;
        }
    };
    return std::visit(Visitor{}, event);
}

std::vector<std::string> drain(StreamFramer& framer) {
    std::vector<std::string> events;
    while (auto event = framer.next()) {
        events.push_back(describe(*event));
    }
    return events;
}

std::vector<std::string> in_one_block(std::string_view text) {
    StreamFramer framer;
    framer.feed(text);
    return drain(framer);
}

std::vector<std::string> cut(std::string_view text, const std::function<std::size_t()>& piece) {
    StreamFramer framer;
    std::vector<std::string> events;
    while (!text.empty()) {
        const std::size_t size = std::min(piece(), text.size());
        framer.feed(text.substr(0, size));
        text.remove_prefix(size);
        for (std::string& event : drain(framer)) {
            events.push_back(std::move(event));
        }
    }
    return events;
}

const std::string small = "OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n";
const std::string with_body =
    "MESSAGE sip:a@b SIP/2.0\r\nX: y\r\nl :\r\n 9\r\nY: z\r\n\r\na\r\n\r\nb\0c!"s;

TEST(StreamFramer, CutsMessagesByTheirContentLength) {
    EXPECT_THAT(in_one_block(small + small), ElementsAre("message " + small, "message " + small));
    const std::string body =
        std::string("MESSAGE sip:a@b SIP/2.0\r\nl: 8\r\n\r\na\r\n\r\n\0\n!", 41);
    ASSERT_EQ(body.size(), 41U);
    EXPECT_THAT(in_one_block(body + small), ElementsAre("message " + body, "message " + small));
}

TEST(StreamFramer, WaitsForAWholeMessage) {
    StreamFramer framer;
    framer.feed(small.substr(0, 30));
    EXPECT_EQ(framer.next(), std::nullopt);
    EXPECT_EQ(framer.pending(), 30U);
    framer.feed(small.substr(30));
    EXPECT_THAT(drain(framer), ElementsAre("message " + small));
    EXPECT_EQ(framer.pending(), 0U);
}

TEST(StreamFramer, WaitsForABodyThatNeverComes) {
    const std::string text = "INVITE sip:a@b SIP/2.0\r\nContent-Length: 9999\r\n\r\nv=0\r\n";
    StreamFramer framer;
    framer.feed(text);
    EXPECT_EQ(framer.next(), std::nullopt);
    EXPECT_EQ(framer.pending(), text.size());  // its owner sees that and closes in time
}

// RFC 5626 §3.5.1
TEST(StreamFramer, TellsKeepAlives) {
    EXPECT_THAT(in_one_block("\r\n"), ElementsAre("pong"));
    EXPECT_THAT(in_one_block("\r\n\r\n"), ElementsAre("pong", "ping"));
    EXPECT_THAT(in_one_block("\r\n\r\n\r\n\r\n" + small),
                ElementsAre("pong", "ping", "pong", "ping", "message " + small));
    EXPECT_THAT(in_one_block(small + "\r\n" + small + "\r\n"),
                ElementsAre("message " + small, "pong", "message " + small, "pong"));
}

TEST(StreamFramer, BreaksOffWhereTheEndCannotBeKnown) {
    const auto broken = [](std::string lines) {
        const std::string head = "INVITE sip:a@b SIP/2.0\r\n" + lines + "\r\n";
        const auto events = in_one_block(head + "body" + small);
        EXPECT_EQ(events.size(), 1U);
        const std::string& event = events.front();
        EXPECT_TRUE(event.ends_with(" " + head)) << event;  // the head is there to be answered
        return event.substr(0, event.find(' ', 7));
    };
    EXPECT_EQ(broken("Via: x\r\n"), "broken missing-header");
    EXPECT_EQ(broken("Content-Length: -999\r\n"), "broken bad-content-length");
    EXPECT_EQ(broken("Content-Length: five\r\n"), "broken bad-content-length");
    EXPECT_EQ(broken("Content-Length: 4, 4\r\n"), "broken bad-content-length");
    EXPECT_EQ(broken("Content-Length:\r\n"), "broken bad-content-length");
    EXPECT_EQ(broken("Content-Length: 13\r\nl: 5\r\n"), "broken duplicate-header");
    EXPECT_EQ(broken("l: 4\r\nL: 4\r\n"), "broken duplicate-header");
    EXPECT_EQ(broken("Content-Length: 65536\r\n"), "broken too-large");
    EXPECT_EQ(broken("Content-Length: 18446744073709551615\r\n"), "broken too-large");
    EXPECT_EQ(broken("Content-Length: 18446744073709551616\r\n"), "broken bad-content-length");
}

TEST(StreamFramer, BreaksOffWhereNoSipBegins) {
    EXPECT_THAT(in_one_block("\x16\x03\x01\x02\x00"), ElementsAre("broken not-sip "));
    EXPECT_THAT(in_one_block(" INVITE sip:a@b SIP/2.0\r\n"), ElementsAre("broken not-sip "));
    EXPECT_THAT(in_one_block("\n"), ElementsAre("broken not-sip "));
    EXPECT_THAT(in_one_block("\rX"), ElementsAre("broken not-sip "));
    EXPECT_THAT(in_one_block("INVITE sip:a@b SIP/2.0\n\n"),
                ElementsAre("broken bad-header-line INVITE sip:a@b SIP/2.0\n"));
}

TEST(StreamFramer, DoesNotCollectAHeadWithoutEnd) {
    const std::string line = "X: " + std::string(1000, 'x') + "\r\n";
    StreamFramer framer;
    framer.feed("INVITE sip:a@b SIP/2.0\r\n");
    std::vector<std::string> events;
    for (int i = 0; i < 100; ++i) {
        framer.feed(line);
        for (std::string& event : drain(framer)) {
            events.push_back(std::move(event));
        }
    }
    ASSERT_EQ(events.size(), 1U);
    EXPECT_TRUE(events[0].starts_with("broken too-large INVITE"));
    EXPECT_EQ(events[0].size(), limits::head + 17);
    EXPECT_EQ(framer.pending(), 0U);  // what follows is not even kept
}

std::vector<std::string> streams() {
    std::string headers;
    for (int i = 0; i < 400; ++i) {
        headers += "X-" + std::to_string(i) + ": " + std::string(100, 'y') + "\r\n";
    }
    return {
        small + small + small,
        with_body + small + "\r\n\r\n" + with_body,
        "\r\n\r\n\r\n" + small + "\r\n\r\n\r\n\r\n\r\n",
        small + "INVITE sip:a@b SIP/2.0\r\nl: -1\r\n\r\n" + small,
        small + "INVITE sip:a@b SIP/2.0\r\n\r\n" + small,
        small + "INVITE sip:a@b SIP/2.0\r\nl: 70000\r\n\r\n" + small,
        small + "INVITE sip:a@b SIP/2.0\r\nX: a\nl: 0\r\n\r\n" + small,
        small + "\r\n\r" + small,
        small + "\x16\x03\x01" + small,
        "INVITE sip:a@b SIP/2.0\r\n" + headers + "l: 0\r\n\r\n" + small,
        "INVITE sip:a@b SIP/2.0\r\n" + std::string(40'000, 'x') + "\r\nl: 0\r\n\r\n" + small,
        "MESSAGE sip:a@b SIP/2.0\r\nl: 60000\r\n\r\n" + std::string(60'000, '\n') + small,
        "INVITE sip:a@b SIP/2.0\r\nContent-Length\r\n : 0\r\nl: 0\r\n\r\n" + small,
    };
}

TEST(StreamFramer, GivesTheSameByteByByte) {
    for (const std::string& text : streams()) {
        EXPECT_EQ(cut(text, [] { return std::size_t{1}; }), in_one_block(text))
            << text.substr(0, 200);
    }
}

TEST(StreamFramer, GivesTheSameHoweverItIsCut) {
    SeededRandom random(4475);
    for (const std::string& text : streams()) {
        const auto whole = in_one_block(text);
        for (int round = 0; round < 50; ++round) {
            const std::size_t longest = 1 + random.number() % 2000;
            const auto events = cut(text, [&] { return 1 + random.number() % longest; });
            ASSERT_EQ(events, whole) << text.substr(0, 200);
        }
    }
}

}  // namespace
}  // namespace ringwall::sip
