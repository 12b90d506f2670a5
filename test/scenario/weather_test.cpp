// Loss, duplication and overtaking: UDP on both sides. Whatever is lost, every call is set up and
// taken down or fails with an answer, and nothing is left of it.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

int final_of(const std::vector<int>& statuses, std::size_t from) {
    for (std::size_t i = from; i < statuses.size(); ++i) {
        if (statuses[i] >= 200) {
            return statuses[i];
        }
    }
    return 0;
}

bool is_response_to(const SimNetwork::Packet& packet, int status, std::string_view method) {
    return packet.bytes.starts_with("SIP/2.0 " + std::to_string(status)) &&
           packet.bytes.find(" " + std::string(method) + "\r\n") != std::string::npos;
}

bool is_request(const SimNetwork::Packet& packet, std::string_view method) {
    return packet.bytes.starts_with(std::string(method) + " ");
}

class Weathered : public Trunks, public ::testing::WithParamInterface<int> {
protected:
    Weathered() : Trunks(std::string(three_trunks), static_cast<std::uint64_t>(GetParam())) {
        const int kind = GetParam() % 4;
        Weather weather;
        weather.loss = kind == 0 ? 0.0 : 0.1 * kind;
        weather.duplicate = kind == 3 ? 0.0 : 0.2;
        weather.jitter = kind == 1 ? 700ms : 30ms;
        net.set_weather(weather);
    }
    void converse();
    std::size_t calls_heard() const {  // INVITEs that are calls: no re-INVITE
        std::size_t calls = 0;
        for (const Phone* phone : {&east, &north}) {
            for (const auto& request : phone->requests()) {
                calls += request->method() == sip::Method::Invite && request->to_tag().empty();
            }
        }
        return calls;
    }
};

void Weathered::converse() {
    const std::size_t answers = west.statuses("INVITE").size();
    const std::size_t failures = west.failures();
    const std::size_t heard = calls_heard();
    west.invite("sip:5001@192.0.2.4");
    ASSERT_TRUE(run_until(
        [&] {
            return final_of(west.statuses("INVITE"), answers) != 0 || west.failures() > failures;
        },
        300s))
        << "no final answer";
    const int final = final_of(west.statuses("INVITE"), answers);
    if (final >= 300 || final == 0) {
        net.run_for(70s);
        EXPECT_EQ(border.sbc().calls(), 0U) << "after " << final;
        return;
    }
    net.run_for(3s);
    Phone& callee = north.is_in_call() ? north : east;
    if (GetParam() % 3 != 0) {
        (GetParam() % 3 == 1 ? callee : west).reinvite();
        net.run_for(std::chrono::milliseconds(100 * GetParam()));
    }
    // A retransmitted INVITE makes no second call: one to east, and one to north only by hunting.
    EXPECT_LE(calls_heard(), heard + 2);
    (GetParam() % 2 == 0 ? west : callee).bye();
    net.run_for(150s);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_FALSE(callee.is_in_call());
}

TEST_P(Weathered, TenCallsOneAfterTheOther) {
    for (int i = 0; i < 10; ++i) {
        SCOPED_TRACE(i);
        converse();
    }
    EXPECT_THAT(west.statuses("INVITE"), Contains(200));
}

TEST_P(Weathered, CallersThatGiveUpAtSomeTime) {
    east.on_invite = Phone::OnInvite::RingThenAnswer;
    for (int i = 0; i < 10; ++i) {
        SCOPED_TRACE(i);
        west.invite("sip:5001@192.0.2.4");
        net.run_for(std::chrono::milliseconds(230 * i + 37 * GetParam()));
        west.cancel();
        // The CANCEL may come too late: then it is a call, and is hung up.
        run_until([&] { return west.is_in_call(); }, 40s);
        if (west.is_in_call()) {
            west.bye();
        }
        net.run_for(150s);
        EXPECT_EQ(border.sbc().calls(), 0U);
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Weathered, ::testing::Range(1, 21));

class Losses : public Trunks {
protected:
    // Loses the first `count` datagrams for which it is true.
    void lose_first(int count, std::function<bool(const SimNetwork::Packet&)> which) {
        net.lose([count, which = std::move(which)](const SimNetwork::Packet& packet) mutable {
            return which(packet) && count-- > 0;
        });
    }
    bool talk() {
        west.invite("sip:5001@192.0.2.4");
        return run_until([&] { return west.is_in_call() && !east.acks().empty(); });
    }
};

TEST_F(Losses, ARetransmittedInviteIsOneCall) {
    east.on_invite = Phone::OnInvite::Ring;
    // The caller hears neither 100 nor 180: it sends its INVITE again and again.
    lose_first(1000,
               [&](const auto& packet) { return packet.to.address == west.node().address(); });
    west.invite("sip:5001@192.0.2.4");
    net.run_for(10s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_EQ(east.count("INVITE"), 1U);
    net.lose({});
    east.answer();
    ASSERT_TRUE(run_until([&] { return west.is_in_call(); }));
    west.bye();
}

TEST_F(Losses, TheSuccessIsRepeatedUntilTheAck) {
    lose_first(3, [](const auto& packet) { return is_response_to(packet, 200, "INVITE"); });
    ASSERT_TRUE(talk());
    west.bye();
    net.run_for(1s);
    EXPECT_EQ(east.count("BYE"), 1U);
}

TEST_F(Losses, ALostAckOfTheCaller) {
    lose_first(2, [&](const auto& packet) {
        return is_request(packet, "ACK") && packet.from.address == west.node().address();
    });
    ASSERT_TRUE(talk());
    net.run_for(40s);  // nobody gives the call up
    EXPECT_TRUE(west.is_in_call());
    EXPECT_TRUE(east.is_in_call());
    west.bye();
}

TEST_F(Losses, ALostAckToTheCallee) {
    lose_first(2, [&](const auto& packet) {
        return is_request(packet, "ACK") && packet.to.address == east.node().address();
    });
    ASSERT_TRUE(talk());
    net.run_for(40s);
    EXPECT_TRUE(west.is_in_call());
    EXPECT_TRUE(east.is_in_call());
    EXPECT_EQ(east.acks().size(), 1U);
    west.bye();
}

TEST_F(Losses, ACallerThatNeverAcknowledges) {
    west.ack_nothing();
    west.invite("sip:5001@192.0.2.4");
    net.run_for(31s);
    EXPECT_EQ(west.count("BYE") + east.count("BYE"), 0U);
    net.run_for(3s);
    EXPECT_EQ(west.count("BYE"), 1U);
    EXPECT_EQ(east.count("BYE"), 1U);
    ASSERT_EQ(border.records.size(), 1U);
    EXPECT_EQ(border.records[0].reason, "no ACK");
}

TEST_F(Losses, ALostBye) {
    ASSERT_TRUE(talk());
    lose_first(4, [](const auto& packet) { return is_request(packet, "BYE"); });
    west.bye();
    net.run_for(32s);
    EXPECT_EQ(east.count("BYE"), 1U);
    EXPECT_THAT(west.statuses("BYE"), ElementsAre(200));
}

// Only the border controller's BYE to the callee is lost for good: the caller is done all the same.
TEST_F(Losses, AByeThatNeverArrives) {
    ASSERT_TRUE(talk());
    lose_first(1000,
               [&](const auto& packet) { return packet.to.address == east.node().address(); });
    west.bye();
    net.run_for(1s);
    EXPECT_THAT(west.statuses("BYE"), ElementsAre(200));
    EXPECT_EQ(border.sbc().calls(), 0U);
    net.run_for(60s);
    EXPECT_EQ(east.count("BYE"), 0U);
}

TEST_F(Losses, ACancelThatCrossesTheAnswer) {
    east.on_invite = Phone::OnInvite::Ring;
    west.invite("sip:5001@192.0.2.4");
    ASSERT_TRUE(run_until(
        [&] { return !west.statuses("INVITE").empty() && west.statuses("INVITE").back() == 180; }));
    // The answer leaves the callee when our CANCEL is already under way to it.
    west.cancel();
    ASSERT_TRUE(run_until([&] { return !west.statuses("CANCEL").empty(); }));
    east.answer();
    net.run_for(2s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 180, 487));
    EXPECT_EQ(east.acks().size(), 1U);
    EXPECT_EQ(east.count("BYE"), 1U);
    EXPECT_FALSE(east.is_in_call());
    EXPECT_EQ(west.count("BYE"), 0U);
}

// The other crossing: the 200 is already with us when the CANCEL comes; the call stands, and the
// caller ends it with BYE.
TEST_F(Losses, AnAnswerThatCrossesTheCancel) {
    east.on_invite = Phone::OnInvite::Ring;
    west.invite("sip:5001@192.0.2.4");
    ASSERT_TRUE(run_until(
        [&] { return !west.statuses("INVITE").empty() && west.statuses("INVITE").back() == 180; }));
    east.answer();
    net.run_for(6ms);  // it is at the border controller, not yet with the caller
    west.cancel();
    net.run_for(2s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 180, 200));
    EXPECT_THAT(west.statuses("CANCEL"), ElementsAre(200));
    EXPECT_EQ(east.count("CANCEL"), 0U);
    EXPECT_EQ(east.acks().size(), 1U);
    EXPECT_EQ(east.count("BYE"), 1U);
}

// RFC 3261 §9.1: a CANCEL waits for a provisional response.
TEST_F(Losses, ACancelBeforeAnyProvisionalResponse) {
    east.on_invite = Phone::OnInvite::Ignore;
    west.invite("sip:5001@192.0.2.4");
    net.run_for(1s);
    west.cancel();
    net.run_for(1s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 487));
    EXPECT_EQ(east.count("CANCEL"), 0U);
    east.ring();
    net.run_for(1s);
    EXPECT_EQ(east.count("CANCEL"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Losses, ACancelAndThenSilence) {
    east.on_invite = Phone::OnInvite::Ignore;
    west.invite("sip:5001@192.0.2.4");
    net.run_for(1s);
    west.cancel();
    net.run_for(60s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 487));
    EXPECT_EQ(east.count("CANCEL"), 0U);
    EXPECT_EQ(north.count("INVITE"), 0U);  // cancelled: nobody else is asked
}

TEST_F(Losses, AByeOvertakenByTheAnswerOfTheOtherSide) {
    ASSERT_TRUE(talk());
    west.bye();
    east.bye();  // both at once
    net.run_for(2s);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_THAT(west.statuses("BYE"), ElementsAre(::testing::AnyOf(200, 481)));
    EXPECT_THAT(east.statuses("BYE"), ElementsAre(::testing::AnyOf(200, 481)));
}

// Whatever we say about the end of a call that was answered, the caller first hears the answer.
TEST_F(Losses, TheEndWaitsForTheAck) {
    lose_first(1000, [&](const auto& packet) { return is_response_to(packet, 200, "INVITE"); });
    west.invite("sip:5001@192.0.2.4");
    ASSERT_TRUE(run_until([&] { return border.sbc().calls() == 1 && east.is_in_call(); }));
    net.run_for(100ms);
    net.lose([&](const auto& packet) {
        return is_response_to(packet, 200, "INVITE") && packet.to.address == west.node().address();
    });
    net.run_for(600ms);  // our first 200 is lost on its way to the caller
    east.bye();
    net.run_for(1s);
    net.lose({});
    net.run_for(10s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 200));
    EXPECT_EQ(west.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

class LossesOverTls : public SmallLab {
protected:
    void SetUp() override { register_phones(); }
};

// RFC 3261 §13.3.1.4: also over TLS, for a proxy further on may use UDP.
TEST_F(LossesOverTls, TheSuccessIsRepeatedUntilTheAck) {
    alice.ack_nothing();
    alice.invite("sip:bob@example.com");
    net.run_for(4s);  // at 0, 0.5, 1.5, 3.5 s
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 200, 200, 200, 200));
    EXPECT_THAT(bob.acks(), IsEmpty());
    alice.ack_now();
    net.run_for(10s);
    EXPECT_EQ(alice.statuses("INVITE").size(), 5U);
    EXPECT_EQ(bob.acks().size(), 1U);
    EXPECT_TRUE(alice.is_in_call());
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
}

TEST_F(LossesOverTls, ConnectionsThatDeliverAFewOctetsAtATime) {
    Weather weather;
    for (const std::size_t piece : {1U, 7U, 100U}) {
        weather.piece = piece;
        net.set_weather(weather);
        alice.invite("sip:bob@example.com");
        ASSERT_TRUE(run_until([&] { return alice.is_in_call(); }));
        net.run_for(1s);
        alice.bye();
        net.run_for(1s);
        EXPECT_EQ(bob.count("BYE"), bob.count("INVITE"));
        EXPECT_EQ(border.sbc().calls(), 0U);
    }
}

TEST_F(LossesOverTls, ACallerThatNeverAcknowledges) {
    alice.ack_nothing();
    alice.invite("sip:bob@example.com");
    net.run_for(40s);
    EXPECT_EQ(alice.count("BYE"), 1U);
    EXPECT_EQ(bob.count("BYE"), 1U);
    EXPECT_EQ(bob.acks().size(), 1U);  // what it is owed
}

}  // namespace
}  // namespace ringwall::test
