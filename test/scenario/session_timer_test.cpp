// Session timers (RFC 4028): what the ends agree on is kept or the call ends; where they agree on
// nothing, Ringwall asks each end itself. No dead call stays up.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

std::string field(const sip::MessagePtr& message, std::string_view name) {
    const auto* line = message == nullptr ? nullptr : message->header(name);
    return line == nullptr ? "" : std::string(line->value);
}

class SessionTimers : public Trunks {
protected:
    explicit SessionTimers(const std::string& configuration = std::string(three_trunks))
        : Trunks(configuration) {}
    void call() {
        west.invite("sip:5001@192.0.2.4");
        net.run_for(1s);
        ASSERT_EQ(west.statuses("INVITE").back(), 200);
    }
    void hang_up() {
        west.bye();
        net.run_for(70s);
        EXPECT_EQ(east.count("BYE"), 1U);
    }
    void expect_ended(const std::string& reason) {
        EXPECT_EQ(border.sbc().calls(), 0U);
        EXPECT_EQ(west.count("BYE"), 1U);
        EXPECT_EQ(east.count("BYE"), 1U);
        ASSERT_EQ(border.records.size(), 1U);
        EXPECT_EQ(border.records.front().reason, reason);
        net.run_for(70s);
    }
};

TEST_F(SessionTimers, WhereTheEndsAgreeOnNothingEachIsAsked) {
    west.invite_fields = {{"Allow", "INVITE, ACK, BYE, CANCEL, UPDATE"}};
    east.success_fields = {{"Allow", "INVITE, ACK, BYE, CANCEL, UPDATE"}};
    call();
    net.run_for(890s);
    EXPECT_EQ(west.count("UPDATE") + east.count("UPDATE"), 0U);
    net.run_for(20s);
    EXPECT_EQ(west.count("UPDATE"), 1U);
    EXPECT_EQ(east.count("UPDATE"), 1U);
    EXPECT_EQ(east.last_request("UPDATE")->body(), "");
    EXPECT_NE(east.last_request("UPDATE")->header("Contact"), nullptr);
    net.run_for(10000s);
    EXPECT_EQ(west.count("UPDATE"), 12U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    hang_up();
}

// RFC 4028 §7.4: the description that it was told last.
TEST_F(SessionTimers, APeerWithoutUpdateIsInvitedAnew) {
    const std::string told = west.offer;
    east.offer.replace(east.offer.find("4000"), 4, "4002");
    call();
    net.run_for(910s);
    EXPECT_EQ(east.count("INVITE"), 2U);
    EXPECT_EQ(east.last_request("INVITE")->body(), told);
    EXPECT_EQ(east.acks().size(), 2U);
    EXPECT_EQ(west.count("INVITE"), 1U);
    EXPECT_EQ(west.last_request("INVITE")->body(), east.offer);
    EXPECT_EQ(west.acks().size(), 1U);
    net.run_for(900s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    hang_up();
}

// The answer to a refresh of Ringwall's own obeys the rule that any answer obeys.
TEST_F(SessionTimers, AnAnswerWithKeysToARefreshOfOurOwnEndsTheCall) {
    call();
    east.offer =
        "v=0\r\no=- 1 2 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
        "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
        "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\r\n";
    net.run_for(910s);
    EXPECT_EQ(east.acks().size(), 2U);
    expect_ended("answer refused by media-security");
}

// What it has refused it was not told: nobody talks by that.
TEST_F(SessionTimers, WhatThePeerRefusedIsNotOfferedAgain) {
    const std::string told = west.offer;
    call();
    east.reinvite_status = 488;
    west.offer.replace(west.offer.find("4000"), 4, "4002");
    west.reinvite();
    net.run_for(1s);
    ASSERT_EQ(west.statuses("INVITE").back(), 488);
    ASSERT_NE(east.last_request("INVITE")->body(), told);
    east.reinvite_status = 200;
    net.run_for(910s);
    EXPECT_EQ(east.count("INVITE"), 3U);
    EXPECT_EQ(east.last_request("INVITE")->body(), told);
    hang_up();
}

// The last description was in the ACK.
TEST_F(SessionTimers, APeerThatWasAnsweredInTheAckIsToldThatAgain) {
    west.ack_body = std::exchange(west.offer, "");
    call();
    net.run_for(910s);
    EXPECT_EQ(east.count("INVITE"), 2U);
    EXPECT_EQ(east.last_request("INVITE")->body(), west.ack_body);
    EXPECT_EQ(west.last_request("INVITE")->body(), east.offer);
    hang_up();
}

TEST_F(SessionTimers, ASignOfLifeIsAsGood) {
    call();
    for (int i = 0; i < 4; ++i) {
        net.run_for(600s);
        west.in_dialog(sip::Method::Info);
        net.run_for(1s);
    }
    EXPECT_EQ(west.count("INVITE"), 0U);
    EXPECT_EQ(east.count("INVITE"), 1U);
    hang_up();
}

TEST_F(SessionTimers, APeerThatIsSilentEndsTheCall) {
    call();
    east.reinvite_status = 0;
    net.run_for(960s);
    expect_ended("peer does not answer");
}

// Its connection died while it was asked: it is asked again over the next one.
class SessionTimersOverTcp : public SessionTimers {
protected:
    SessionTimersOverTcp()
        : SessionTimers(configured(three_trunks, "east", {"preferred-transport tcp"})) {}
};

TEST_F(SessionTimersOverTcp, APeerThatIsSilentAcrossConnectionsEndsTheCall) {
    call();
    east.reinvite_status = 0;
    net.run_for(905s);
    ASSERT_EQ(east.count("INVITE"), 2U);
    east.node().cut();
    net.run_for(1000s);
    EXPECT_EQ(border.sbc().calls(), 0U);
    net.run_for(70s);
}

TEST_F(SessionTimers, APeerThatKnowsNothingOfItEndsTheCall) {
    call();
    east.reinvite_status = 481;
    net.run_for(910s);
    expect_ended("peer lost the dialog");
}

TEST_F(SessionTimers, ARefusalOfAnotherKindIsASignOfLife) {
    call();
    east.reinvite_status = 488;
    net.run_for(3000s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    hang_up();
}

// A re-INVITE of the end meets one of our own.
TEST_F(SessionTimers, GlareWithARefreshOfOurOwn) {
    call();
    east.reinvite_status = 0;
    net.run_for(901s);
    ASSERT_EQ(east.count("INVITE"), 2U);
    east.reinvite();
    west.reinvite();
    net.run_for(1s);
    EXPECT_EQ(east.statuses("INVITE").back(), 491);
    EXPECT_EQ(west.statuses("INVITE").back(), 491);
    east.answer_reinvite();
    net.run_for(1s);
    east.reinvite_status = 200;
    west.reinvite();
    net.run_for(1s);
    EXPECT_EQ(west.statuses("INVITE").back(), 200);
    hang_up();
}

class AgreedTimers : public SessionTimers {
protected:
    void SetUp() override {
        west.invite_fields = {{"Supported", "timer"}, {"Session-Expires", "600"}};
        west.dialog_fields = {{"Supported", "timer"}, {"Session-Expires", "600;refresher=uac"}};
        east.success_fields = {{"Require", "timer"}, {"Session-Expires", "600;refresher=uac"}};
        call();
    }
};

TEST_F(AgreedTimers, PassFromEndToEndAndRingwallAsksNobody) {
    EXPECT_EQ(field(east.last_request("INVITE"), "Session-Expires"), "600");
    EXPECT_EQ(field(west.last_response("INVITE"), "Session-Expires"), "600;refresher=uac");
    EXPECT_EQ(field(west.last_response("INVITE"), "Require"), "timer");
    for (int i = 0; i < 5; ++i) {
        net.run_for(300s);
        west.in_dialog(i % 2 == 0 ? sip::Method::Update : sip::Method::Invite);
        net.run_for(1s);
    }
    EXPECT_EQ(east.count("UPDATE"), 3U);
    EXPECT_EQ(east.count("INVITE"), 3U);
    EXPECT_EQ(west.count("INVITE") + west.count("UPDATE"), 0U);
    west.dialog_fields = {};
    hang_up();
}

// RFC 4028 §10: 32 s before the end, or a third of the interval if that is less.
TEST_F(AgreedTimers, WithoutARefreshTheCallEnds) {
    net.run_for(566s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    net.run_for(3s);
    expect_ended("session expired");
}

TEST_F(AgreedTimers, InfoIsNoRefresh) {
    net.run_for(500s);
    west.in_dialog(sip::Method::Info);
    net.run_for(70s);
    expect_ended("session expired");
}

// A callee that names a caller as refresher that cannot: nobody would.
TEST_F(SessionTimers, ARefresherThatCannotIsReplacedByOurOwn) {
    east.success_fields = {{"Session-Expires", "600;refresher=uac"}};
    call();
    net.run_for(2000s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_GE(east.count("INVITE"), 2U);
    hang_up();
}

// RFC 4028 §6: the minimum, once of ours, once of the callee's.
TEST_F(SessionTimers, AnIntervalThatIsTooSmall) {
    west.invite_fields = {{"Supported", "timer"}, {"Session-Expires", "50"}};
    west.invite("sip:5001@192.0.2.4");
    net.run_for(1s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(422));
    EXPECT_EQ(field(west.last_response("INVITE"), "Min-SE"), "90");
    EXPECT_EQ(sent_to(east) + sent_to(north), 0U);
    ASSERT_EQ(border.records.size(), 1U);
    EXPECT_EQ(border.records.front().status, 422);

    west.invite_fields = {{"Supported", "timer"}, {"Session-Expires", "90"}};
    east.on_invite = Phone::OnInvite::Ignore;
    west.invite("sip:5001@192.0.2.4");
    net.run_for(1s);
    east.say(422, "t", {{"Min-SE", "3600"}});
    net.run_for(1s);
    EXPECT_EQ(west.statuses("INVITE").back(), 422);
    EXPECT_EQ(field(west.last_response("INVITE"), "Min-SE"), "3600");

    west.invite_fields = {{"Supported", "timer"}, {"Session-Expires", "3600"}, {"Min-SE", "3600"}};
    east.on_invite = Phone::OnInvite::Answer;
    call();
    EXPECT_EQ(field(east.last_request("INVITE"), "Session-Expires"), "3600");
    EXPECT_EQ(field(east.last_request("INVITE"), "Min-SE"), "3600");
    west.dialog_fields = {{"Supported", "timer"}, {"Session-Expires", "60"}};
    west.in_dialog(sip::Method::Update);
    net.run_for(1s);
    EXPECT_THAT(west.statuses("UPDATE"), ElementsAre(422));
    EXPECT_EQ(east.count("UPDATE"), 0U);
    west.dialog_fields = {};
    hang_up();
}

TEST_F(SessionTimers, ALongIntervalIsShortened) {
    west.invite_fields = {{"Supported", "timer"}, {"Session-Expires", "86400;refresher=uac"}};
    call();
    EXPECT_EQ(field(east.last_request("INVITE"), "Session-Expires"), "1800;refresher=uac");
    hang_up();
}

// One answer to a caller that never asked does not keep Ringwall from asking.
TEST_F(SessionTimers, AnAnswerCannotSwitchTheWatchOff) {
    east.success_fields = {{"Session-Expires", "4000000000;refresher=uas"}};
    call();
    east.reinvite_status = west.reinvite_status = 0;
    net.run_for(960s);
    expect_ended("peer does not answer");
}

// RFC 4028 §9: what is above the request's counts, and is passed on, as what was asked for.
TEST_F(SessionTimers, AnAnswerGrantsNoMoreThanWasAskedFor) {
    west.invite_fields = {{"Supported", "timer"}, {"Session-Expires", "7200"}};
    east.success_fields = {{"Require", "timer"}, {"Session-Expires", "86400000;refresher=uac"}};
    call();
    EXPECT_EQ(field(east.last_request("INVITE"), "Session-Expires"), "1800");
    EXPECT_EQ(field(west.last_response("INVITE"), "Session-Expires"), "1800;refresher=uac");
    west.dialog_fields = {{"Supported", "timer"}, {"Session-Expires", "600;refresher=uac"}};
    west.in_dialog(sip::Method::Update);
    net.run_for(1s);
    EXPECT_EQ(field(west.last_response("UPDATE"), "Session-Expires"), "600;refresher=uac");
    net.run_for(569s);
    expect_ended("session expired");
}

// The ends insist on more than our own interval: each is asked, and what they keep stays.
TEST_F(SessionTimers, EndsWithALongIntervalAreAskedByOptions) {
    west.invite_fields = {
        {"Supported", "timer"}, {"Session-Expires", "86400"}, {"Min-SE", "86400"}};
    east.success_fields = {{"Require", "timer"},
                           {"Session-Expires", "86400;refresher=uac"},
                           {"Allow", "INVITE, ACK, BYE, UPDATE"}};
    call();
    net.run_for(2000s);
    EXPECT_EQ(east.count("OPTIONS"), 2U);
    EXPECT_EQ(east.count("INVITE"), 1U);
    EXPECT_EQ(west.count("INVITE") + east.count("UPDATE") + west.count("UPDATE"), 0U);
    east.in_dialog_status = 0;
    net.run_for(2000s);
    expect_ended("peer does not answer");
}

class NoTimers : public SessionTimers {
protected:
    NoTimers()
        : SessionTimers(configured(configured(three_trunks, "west", {"no session-timer"}), "east",
                                   {"no session-timer"})) {}
};

TEST_F(NoTimers, WithoutTheLeafNobodyIsAsked) {
    west.invite_fields = {{"Session-Expires", "86400"}};
    call();
    EXPECT_EQ(field(east.last_request("INVITE"), "Session-Expires"), "86400");
    net.run_for(20000s);
    EXPECT_EQ(west.count("INVITE"), 0U);
    EXPECT_EQ(east.count("INVITE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    hang_up();
}

}  // namespace
}  // namespace ringwall::test
