// Reliable provisional responses (RFC 3262) from leg to leg: each leg has its own RSeq and RAck,
// what is lost is repeated, and what is not acknowledged ends the attempt.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

std::string field(const sip::MessagePtr& message, std::string_view name) {
    const auto* line = message == nullptr ? nullptr : message->header(name);
    return line == nullptr ? "" : std::string(line->value);
}

class ReliableProvisional : public Trunks {
protected:
    void SetUp() override {
        west.invite_fields = {{"Supported", "100rel, timer"}};
        west.pracks = true;
        east.on_invite = Phone::OnInvite::Ignore;
    }
    void call() {
        west.invite("sip:5001@192.0.2.4");
        net.run_for(100ms);
    }
    void hang_up() {
        west.bye();
        net.run_for(70s);
        EXPECT_THAT(west.statuses("BYE"), Contains(200));
        EXPECT_FALSE(east.is_in_call());
    }
};

TEST_F(ReliableProvisional, EarlyMediaIsAcknowledgedFromEndToEndWithTheNumbersOfEachLeg) {
    call();
    EXPECT_EQ(field(east.last_request("INVITE"), "Supported"), "100rel, timer");
    east.ring_reliably(183, east.offer);
    net.run_for(100ms);
    const auto heard = west.last_response("INVITE");
    EXPECT_EQ(heard->status(), 183);
    EXPECT_EQ(field(heard, "Require"), "100rel");
    EXPECT_NE(field(heard, "RSeq"), "4711");
    EXPECT_EQ(heard->body(), east.offer);
    const auto prack = east.last_request("PRACK");
    ASSERT_NE(prack, nullptr);
    EXPECT_EQ(field(prack, "RAck"), "4711 1 INVITE");
    EXPECT_EQ(prack->cseq().number, 2U);
    EXPECT_THAT(west.statuses("PRACK"), ElementsAre(200));
    east.ring_reliably(180);
    net.run_for(10s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 183, 180));
    EXPECT_EQ(field(east.last_request("PRACK"), "RAck"), "4712 1 INVITE");
    EXPECT_EQ(std::stoul(field(west.last_response("INVITE"), "RSeq")),
              std::stoul(field(heard, "RSeq")) + 1);
    east.answer();
    net.run_for(100ms);
    EXPECT_EQ(west.statuses("INVITE").back(), 200);
    EXPECT_EQ(east.acks().size(), 1U);
    hang_up();
}

// RFC 3262 §5: the offer in the response, the answer in the PRACK.
TEST_F(ReliableProvisional, APrackBearsTheAnswer) {
    west.prack_body = west.offer;
    const std::string offer = std::exchange(west.offer, "");
    call();
    east.ring_reliably(183, east.offer);
    net.run_for(100ms);
    EXPECT_EQ(west.last_response("INVITE")->body(), east.offer);
    EXPECT_EQ(east.last_request("PRACK")->body(), offer);
    EXPECT_EQ(east.last_request("PRACK")->content_type(), "application/sdp");
    east.answer();
    net.run_for(100ms);
    EXPECT_EQ(west.statuses("INVITE").back(), 200);
    hang_up();
}

// RFC 3262 §5: a second offer in the PRACK, its answer in the 200.
TEST_F(ReliableProvisional, APrackBearsAnOffer) {
    west.prack_body = west.offer;
    east.prack_answer = east.offer;
    call();
    east.ring_reliably(183, east.offer);
    net.run_for(100ms);
    EXPECT_EQ(west.last_response("PRACK")->body(), east.offer);
    east.answer();
    net.run_for(100ms);
    hang_up();
}

TEST_F(ReliableProvisional, ItIsRepeatedUntilThePrackAndTheCalleesRepetitionsEndHere) {
    west.pracks = false;
    call();
    east.ring_reliably(180);
    net.run_for(20s);
    // 0, 0.5, 1.5, 3.5, 7.5, 15.5
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 180, 180, 180, 180, 180, 180));
    EXPECT_EQ(east.count("PRACK"), 0U);
    west.cancel();
    net.run_for(70s);
    EXPECT_EQ(west.statuses("INVITE").back(), 487);
}

// RFC 3262 §3: 64*T1 without a PRACK: the INVITE is rejected with a 5xx.
TEST_F(ReliableProvisional, WithoutAPrackTheAttemptEnds) {
    west.pracks = false;
    call();
    east.ring_reliably(180);
    net.run_for(33s);
    EXPECT_EQ(west.statuses("INVITE").back(), 504);
    EXPECT_EQ(east.count("CANCEL"), 1U);
    net.run_for(70s);
    ASSERT_EQ(border.records.size(), 1U);
    EXPECT_EQ(border.records.front().status, 504);
}

TEST_F(ReliableProvisional, APrackThatMatchesNothingHears481) {
    call();
    east.ring_reliably(180);
    net.run_for(100ms);
    for (const char* rack : {"1 1 INVITE", "4711 1 INVITE", "x", ""}) {
        west.dialog_fields = {{"RAck", rack}};
        west.in_dialog(sip::Method::Prack);
        net.run_for(100ms);
        EXPECT_EQ(west.statuses("PRACK").back(), 481) << rack;
    }
    EXPECT_EQ(east.count("PRACK"), 1U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    east.answer();
    net.run_for(100ms);
    hang_up();
}

// Without 100rel of the caller the callee has no right to it; it is heard all the same.
TEST_F(ReliableProvisional, NothingReliableGoesToACallerThatDoesNotKnowIt) {
    west.invite_fields = {};
    call();
    EXPECT_EQ(field(east.last_request("INVITE"), "Supported"), "");
    east.ring_reliably(180);
    net.run_for(400ms);
    const auto heard = west.last_response("INVITE");
    EXPECT_EQ(heard->status(), 180);
    EXPECT_EQ(field(heard, "Require"), "");
    EXPECT_EQ(field(heard, "RSeq"), "");
    west.cancel();
    net.run_for(70s);
}

TEST_F(ReliableProvisional, ACallerMayRequireIt) {
    west.invite_fields = {{"Require", "100rel"}};
    call();
    EXPECT_EQ(field(east.last_request("INVITE"), "Require"), "100rel");
    east.ring_reliably(180);
    net.run_for(100ms);
    EXPECT_EQ(east.count("PRACK"), 1U);
    east.answer();
    net.run_for(100ms);
    hang_up();
}

TEST_F(ReliableProvisional, AReinviteMayRingReliably) {
    call();
    east.answer();
    net.run_for(100ms);
    west.reinvite_status = 0;
    west.invite_fields = {};
    east.dialog_fields = {{"Supported", "100rel"}};
    east.pracks = true;
    east.reinvite();
    net.run_for(100ms);
    EXPECT_EQ(field(west.last_request("INVITE"), "Supported"), "100rel");
    west.ring_reinvite();
    net.run_for(100ms);
    west.answer_reinvite();
    net.run_for(100ms);
    EXPECT_EQ(east.statuses("INVITE").back(), 200);
    hang_up();
}

class ReliableWeather : public ReliableProvisional, public ::testing::WithParamInterface<int> {
protected:
    void SetUp() override {
        ReliableProvisional::SetUp();
        Weather weather;
        weather.loss = 0.1 * (GetParam() % 4);
        weather.duplicate = 0.2;
        weather.jitter = GetParam() % 2 == 0 ? 30ms : 400ms;
        net.set_weather(weather);
    }
};

// Whatever is lost, the responses come in order and once, and are acknowledged once on each leg.
TEST_P(ReliableWeather, ProvisionalResponsesComeInOrder) {
    west.invite("sip:5001@192.0.2.4");
    if (!run_until([&] { return east.count("INVITE") > 0; }, 30s)) {
        net.run_for(120s);
        return;  // it went to the next trunk, or nowhere
    }
    const auto is_acknowledged = [&](std::size_t pracks) {
        return std::ranges::count(west.statuses("PRACK"), 200) >= static_cast<long>(pracks);
    };
    east.ring_reliably(183, east.offer);
    const bool is_first = run_until([&] { return is_acknowledged(1); }, 31s);
    if (is_first) {
        east.ring_reliably(180);
        if (run_until([&] { return is_acknowledged(2); }, 31s)) {
            const auto statuses = west.statuses("INVITE");
            const auto first = std::ranges::find(statuses, 180);
            EXPECT_THAT((std::vector<int>(first, statuses.end())), Not(Contains(504)));
            east.answer();
            net.run_for(40s);
            EXPECT_EQ(west.statuses("INVITE").back(), 200);
        }
    }
    if (west.is_in_call()) {
        west.bye();
    } else {
        west.cancel();
    }
    net.run_for(250s);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReliableWeather, ::testing::Range(0, 24));

}  // namespace
}  // namespace ringwall::test
