#include "sip/session/reliable_provisional.h"

#include <gtest/gtest.h>

namespace ringwall::sip::session {
namespace {

using Due = ReliableSender::Due;

MessagePtr provisional(const std::string& fields, int status = 180) {
    return Message::parse(
               "SIP/2.0 " + std::to_string(status) +
                   " x\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n"
                   "To: <sip:b@h>;tag=2\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n" +
                   fields + "Content-Length: 0\r\n\r\n",
               Framing::Datagram)
        .message;
}

RAck rack(const char* text) {
    return *parse_rack(text);
}

// RFC 3262 §3: after T1, then twice as long each time, for 64*T1.
TEST(ReliableSender, RepeatsWithDoublingIntervalsAndThenGivesUp) {
    ReliableSender sender(100, 7);
    TimePoint now{};
    EXPECT_EQ(sender.next(), 100U);
    EXPECT_EQ(sender.on_sent(provisional(""), 500ms, now), 500ms);
    EXPECT_TRUE(sender.is_waiting());
    Duration after = 500ms;
    for (const Duration next : {1000ms, 2000ms, 4000ms, 8000ms, 16000ms}) {
        now += after;
        EXPECT_EQ(sender.on_timer(now, after), Due::Repeat);
        EXPECT_EQ(after, next);
    }
    now += after;  // 31.5 s
    EXPECT_EQ(sender.on_timer(now, after), Due::Repeat);
    EXPECT_EQ(after, 500ms);
    now += after;
    EXPECT_EQ(sender.on_timer(now, after), Due::Reject);
    EXPECT_EQ(sender.on_timer(now, after), Due::Nothing);
}

TEST(ReliableSender, APrackEndsTheRepetitionAndTheNextIsOneHigher) {
    ReliableSender sender(100, 7);
    Duration after{};
    sender.on_sent(provisional(""), 500ms, TimePoint{});
    EXPECT_FALSE(sender.on_prack(rack("101 7 INVITE")));
    EXPECT_FALSE(sender.on_prack(rack("100 8 INVITE")));
    EXPECT_FALSE(sender.on_prack(rack("100 7 UPDATE")));
    EXPECT_TRUE(sender.on_prack(rack("100 7 INVITE")));
    EXPECT_FALSE(sender.on_prack(rack("100 7 INVITE")));
    EXPECT_EQ(sender.on_timer(TimePoint{} + 500ms, after), Due::Nothing);
    EXPECT_EQ(sender.next(), 101U);
}

// RFC 3262 §3: after a final response nothing is repeated, but a PRACK may be under way.
TEST(ReliableSender, AFinalResponseEndsTheRepetitionOnly) {
    ReliableSender sender(100, 7);
    Duration after{};
    sender.on_sent(provisional(""), 500ms, TimePoint{});
    sender.on_final();
    EXPECT_EQ(sender.on_timer(TimePoint{} + 500ms, after), Due::Nothing);
    EXPECT_TRUE(sender.on_prack(rack("100 7 INVITE")));
}

// RFC 3262 §4: each one once and in order.
TEST(ReliableReceiver, TakesTheNextOnly) {
    ReliableReceiver receiver;
    EXPECT_TRUE(receiver.accept(4711));
    EXPECT_FALSE(receiver.accept(4711));
    EXPECT_FALSE(receiver.accept(4713));
    EXPECT_TRUE(receiver.accept(4712));
    EXPECT_EQ(receiver.last(), 4712U);
}

TEST(ReliableNumber, NeedsBothFields) {
    const std::string required = "Require: 100rel\r\n";
    EXPECT_EQ(reliable_number(*provisional(required + "RSeq: 5\r\n")), 5U);
    EXPECT_EQ(reliable_number(*provisional(required)), std::nullopt);
    EXPECT_EQ(reliable_number(*provisional("RSeq: 5\r\n")), std::nullopt);
    EXPECT_EQ(reliable_number(*provisional(required + "RSeq: 0\r\n")), std::nullopt);
    EXPECT_EQ(reliable_number(*provisional(required + "RSeq: 4294967296\r\n")), std::nullopt);
    EXPECT_EQ(reliable_number(*provisional(required + "RSeq: 5\r\n", 100)), std::nullopt);
    EXPECT_EQ(reliable_number(*provisional(required + "RSeq: 5\r\n", 200)), std::nullopt);
}

TEST(RAck, HasThreeParts) {
    const auto good = parse_rack("776656 1 INVITE");
    ASSERT_TRUE(good.has_value());
    EXPECT_EQ(good->response, 776656U);
    EXPECT_EQ(good->request.number, 1U);
    EXPECT_EQ(good->request.method, Method::Invite);
    for (const char* bad : {"", "1", "1 2", "0 1 INVITE", "x 1 INVITE", "1 x INVITE", "1 1 INV ITE",
                            "4294967296 1 INVITE"}) {
        EXPECT_FALSE(parse_rack(bad).has_value()) << bad;
    }
}

}  // namespace
}  // namespace ringwall::sip::session
