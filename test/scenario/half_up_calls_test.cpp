// Calls that are neither up nor gone: early dialogs, answers that come when nobody waits for them,
// CANCEL near the end of a transaction, peers that are lost, and a program that ends. (RFC 3261
// §9.1, §13.2.2.4, §16.6 step 11; decision 3.)
#include <algorithm>
#include <set>

#include "scenario/border.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

using sip::transaction::ServerId;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::string> to_tags(const std::vector<sip::MessagePtr>& messages,
                                 std::string_view method) {
    std::vector<std::string> out;
    for (const auto& message : messages) {
        if (message->cseq().method_text == method) {
            out.emplace_back(message->to_tag());
        }
    }
    return out;
}

// west has called east, which rings in the early dialog "fork-a" of a proxy.
class HalfUp : public Trunks {
protected:
    void SetUp() override {
        east.on_invite = Phone::OnInvite::Ignore;
        west.invite("sip:5001@192.0.2.4");
        ASSERT_TRUE(run_until([&] { return east.count("INVITE") == 1; }));
        east.ring(180, "fork-a");
        ASSERT_TRUE(run_until([&] { return west.statuses("INVITE").back() == 180; }));
        ringing_ = west.last_response("INVITE");
        net.run_for(1s);
    }
    // An INFO of the caller within that early dialog.
    void send_early_info() {
        west.send("INFO", "sip:5001@192.0.2.4:5060",
                  {{"Call-ID", std::string(ringing_->call_id())},
                   {"From", std::string(ringing_->header(sip::HeaderName::From)->value)},
                   {"To", std::string(ringing_->header(sip::HeaderName::To)->value)},
                   {"CSeq", "1000 INFO"}});
        net.run_for(1s);
        ASSERT_EQ(east.count("INFO"), 1U);
    }
    void hang_up_early() {
        west.send("BYE", "sip:5001@192.0.2.4:5060",
                  {{"Call-ID", std::string(ringing_->call_id())},
                   {"From", std::string(ringing_->header(sip::HeaderName::From)->value)},
                   {"To", std::string(ringing_->header(sip::HeaderName::To)->value)},
                   {"CSeq", "1000 BYE"}});
        net.run_for(1s);
    }
    void answer_in(const std::string& tag) {
        east.answer(tag);
        ASSERT_TRUE(run_until([&] { return west.is_in_call() && !east.acks().empty(); }));
    }
    std::size_t packets_to_east(std::string_view start) const {
        const auto& all = net.packets();
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [&](const SimNetwork::Packet& packet) {
                return packet.to.address == ip("192.0.2.50") && packet.bytes.starts_with(start);
            }));
    }
    const Phone::Fields easts_contact{{"Contact", "<sip:eric@192.0.2.50:5060>"}};

private:
    sip::MessagePtr ringing_;
};

// ---- early dialogs -----------------------------------------------------------------------------

TEST_F(HalfUp, AnEarlyDialogThatLostMayForgetItsRequestsAndTheCallGoesOn) {
    east.in_dialog_status = 0;
    send_early_info();
    answer_in("fork-b");
    net.run_for(40s);  // the INFO of fork-a has timed out
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_EQ(west.count("BYE") + east.count("BYE"), 0U);
    west.bye();
    net.run_for(1s);
    EXPECT_THAT(to_tags(east.requests(), "BYE"), ElementsAre("fork-b"));
}

TEST_F(HalfUp, AnEarlyDialogThatLostMayAnswer481AndTheCallGoesOn) {
    answer_in("fork-b");
    east.in_dialog_status = 481;
    send_early_info();
    EXPECT_THAT(west.statuses("INFO"), ElementsAre(481));
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_EQ(west.count("BYE") + east.count("BYE"), 0U);
    west.bye();
}

TEST_F(HalfUp, ARequestInAnEarlyDialogIsAnsweredWhenTheCallFails) {
    east.in_dialog_status = 0;
    send_early_info();
    EXPECT_THAT(west.statuses("INFO"), IsEmpty());
    east.reject(486);
    net.run_for(1s);
    EXPECT_EQ(west.statuses("INVITE").back(), 486);
    EXPECT_THAT(west.statuses("INFO"), ElementsAre(481));
    EXPECT_EQ(border.sbc().calls(), 0U);
    net.run_for(100s);
    EXPECT_EQ(border.sbc().shard().transactions().server_count(), 0U);
}

// RFC 3261 §15: a BYE on an early dialog ends that one, and the others ring on.
TEST_F(HalfUp, TheCallersByeOnOneEarlyDialogLeavesTheOthers) {
    east.ring(180, "fork-b");
    net.run_for(1s);
    hang_up_early();
    EXPECT_THAT(west.statuses("BYE"), ElementsAre(200));
    EXPECT_THAT(to_tags(east.requests(), "BYE"), ElementsAre("fork-a"));
    EXPECT_EQ(east.count("CANCEL"), 0U);
    answer_in("fork-b");
    EXPECT_EQ(east.acks().back()->to_tag(), "fork-b");
    west.bye();
    net.run_for(70s);
}

TEST_F(HalfUp, AnAnswerInAnEarlyDialogThatTheCallerEndedIsEnded) {
    east.ring(180, "fork-b");
    net.run_for(1s);
    hang_up_early();
    east.say(200, "fork-a", easts_contact, east.offer);
    net.run_for(1s);
    EXPECT_FALSE(west.is_in_call());
    EXPECT_THAT(to_tags(east.requests(), "BYE"), ElementsAre("fork-a", "fork-a"));
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// The last one ends the attempt.
TEST_F(HalfUp, TheCallersByeOnTheOnlyEarlyDialogEndsTheCall) {
    hang_up_early();
    EXPECT_EQ(west.statuses("INVITE").back(), 487);
    EXPECT_THAT(west.statuses("BYE"), ElementsAre(200));
    EXPECT_EQ(east.count("CANCEL"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
    net.run_for(70s);
}

// West acknowledges provisional responses; east's are reliable, and north is the next route.
class ReliablyRinging : public Trunks {
protected:
    void SetUp() override {
        west.invite_fields = {{"Supported", "100rel"}};
        west.pracks = true;
        east.on_invite = Phone::OnInvite::Ignore;
        north.on_invite = Phone::OnInvite::Ring;
    }
    void call_and_ring() {
        west.invite("sip:5001@192.0.2.4");
        net.run_for(100ms);
        east.ring_reliably(183, east.offer, "one");
    }
    void expect_north_rings_on() {
        net.run_for(1s);
        ASSERT_EQ(north.count("INVITE"), 1U);
        net.run_for(60s);
        EXPECT_EQ(north.count("CANCEL"), 0U);
        EXPECT_EQ(border.sbc().calls(), 1U);
        north.answer();
        net.run_for(1s);
        EXPECT_TRUE(west.is_in_call());
        west.bye();
        net.run_for(70s);
    }
};

TEST_F(ReliablyRinging, AProvisionalResponseOfARouteThatFailedIsNotWaitedFor) {
    west.pracks = false;
    call_and_ring();
    east.reject(503);
    expect_north_rings_on();
}

// Its PRACK was on the way.
TEST_F(ReliablyRinging, AnEarlyDialogOfARouteThatFailedDoesNotEndTheNextRoute) {
    east.answered_by_test = [](sip::transaction::ServerId, const sip::MessagePtr& request) {
        return request->method() == sip::Method::Prack;  // it is gone, and says nothing
    };
    call_and_ring();
    east.reject(503);
    expect_north_rings_on();
}

TEST_F(ReliablyRinging, OneEarlyDialogThatIsLostDoesNotEndTheOthers) {
    call_and_ring();
    net.run_for(100ms);
    east.ring(180, "two");
    net.run_for(100ms);
    east.in_dialog_status = 481;
    west.in_dialog(sip::Method::Update);
    net.run_for(100ms);
    EXPECT_EQ(west.statuses("UPDATE"), std::vector{481});
    EXPECT_EQ(east.count("CANCEL"), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    east.answer("two");
    net.run_for(1s);
    EXPECT_TRUE(west.is_in_call());
    west.bye();
    net.run_for(70s);
}

TEST_F(HalfUp, NobodyForksTwoThousandTimes) {
    for (int i = 0; i < 2000; ++i) {
        east.ring(180, "x" + std::to_string(i));
        if (i % 50 == 0) {
            net.run_for(10ms);
        }
    }
    net.run_for(2s);
    const auto heard = to_tags(west.responses(), "INVITE");
    EXPECT_LE(std::set<std::string>(heard.begin(), heard.end()).size(), 20U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    // Whoever answers is heard all the same, and all the others are ended: up to a limit.
    answer_in("y");
    for (int i = 0; i < 2000; ++i) {
        east.say(200, "x" + std::to_string(i), easts_contact, east.offer);
    }
    net.run_for(5s);
    EXPECT_LE(east.acks().size(), 100U);
    EXPECT_LE(east.count("BYE"), 100U);
    EXPECT_EQ(west.count("BYE"), 0U);
    west.bye();
}

// ---- answers that nobody waits for -------------------------------------------------------------

TEST_F(HalfUp, ALateAnswerOfAForkIsEndedAlsoWhenTheCallIsOver) {
    answer_in("fork-a");
    west.bye();
    net.run_for(2s);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_EQ(border.records.size(), 1U);
    east.say(200, "fork-b", easts_contact, east.offer);
    net.run_for(5s);
    EXPECT_THAT(to_tags(east.requests(), "BYE"), ElementsAre("fork-a", "fork-b"));
    EXPECT_THAT(to_tags(east.acks(), "ACK"), UnorderedElementsAre("fork-a", "fork-b"));
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 180, 200));
    EXPECT_EQ(border.records.size(), 1U);
}

// RFC 3261 §13.2.2.4, and what a call keeps for it: its dialogs and their timers are gone.
TEST_F(HalfUp, AnAnswerThatComesAgainWhenTheCallIsOverIsAcknowledgedAsBefore) {
    answer_in("fork-b");
    west.bye();
    net.run_for(1s);
    ASSERT_EQ(east.acks().size(), 1U);
    east.say(200, "fork-b", easts_contact);
    net.run_for(1s);
    ASSERT_EQ(east.acks().size(), 2U);
    EXPECT_EQ(east.acks()[1]->bytes(), east.acks()[0]->bytes());
    EXPECT_EQ(east.count("BYE"), 1U);
}

TEST_F(HalfUp, ACallThatIsOverKeepsNoTimerButItsTransactions) {
    answer_in("fork-b");
    west.bye();
    net.run_for(1s);
    EXPECT_LE(border.sbc().shard().timer_count(), 4U);  // L and M of the INVITE, J and K of the BYE
    net.run_for(33s);
    EXPECT_EQ(border.sbc().shard().timer_count(), 0U);
    EXPECT_TRUE(border.sbc().is_empty());
}

class UnusableContact : public HalfUp, public ::testing::WithParamInterface<const char*> {};

TEST_P(UnusableContact, InAnAnswerIsAFailureForTheCallerAndAnEndForTheCallee) {
    for (const char* tag : {"fork-a", "fork-c"}) {  // heard of before, and not
        SCOPED_TRACE(tag);
        const std::size_t ended = east.count("BYE");
        east.say(200, tag, {{"Contact", GetParam()}}, east.offer);
        net.run_for(5s);
        EXPECT_EQ(east.count("BYE"), ended + 1);
        EXPECT_THAT(to_tags(east.acks(), "ACK"), Contains(tag));
        EXPECT_EQ(east.last_request("BYE")->to_tag(), tag);
        EXPECT_GE(west.statuses("INVITE").back(), 400);
        EXPECT_THAT(west.statuses("INVITE"), Each(::testing::Ne(200)));
        EXPECT_FALSE(west.is_in_call());
        EXPECT_EQ(north.count("INVITE"), 0U);
        EXPECT_EQ(border.sbc().calls(), 0U);
    }
}

INSTANTIATE_TEST_SUITE_P(Contacts, UnusableContact,
                         ::testing::Values("<sip:a@192.0.2.50>, <sip:b@192.0.2.50>",
                                           "<sips:a@192.0.2.50>", "<tel:+4930123456>"));

// ---- CANCEL near the end of a transaction ------------------------------------------------------

// RFC 3261 §9.1: 64*T1 from the CANCEL on, not from the INVITE.
TEST_F(HalfUp, ACancelAfterHalfAMinuteStillHearsItsAnswer) {
    east.obeys_cancel = false;
    net.run_for(29s);  // 30 s since the INVITE
    west.cancel();
    net.run_for(10s);
    EXPECT_EQ(east.count("CANCEL"), 1U);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 180, 487));
    EXPECT_EQ(packets_to_east("ACK "), 0U);
    east.reject(487);
    net.run_for(40s);
    EXPECT_EQ(packets_to_east("ACK "), 1U);
    EXPECT_EQ(east.count("BYE"), 0U);
}

TEST_F(HalfUp, AnAnswerThatCrossesACancelAfterHalfAMinuteIsEnded) {
    east.obeys_cancel = false;
    net.run_for(29s);
    west.cancel();
    net.run_for(10s);
    east.say(200, "fork-a", easts_contact, east.offer);
    net.run_for(5s);
    EXPECT_THAT(to_tags(east.acks(), "ACK"), ElementsAre("fork-a"));
    EXPECT_THAT(to_tags(east.requests(), "BYE"), ElementsAre("fork-a"));
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 180, 487));
    EXPECT_EQ(north.count("INVITE"), 0U);
}

TEST_F(HalfUp, ACancelledCallThatNobodyEndsIsGivenUp) {
    east.obeys_cancel = false;
    west.cancel();
    net.run_for(31s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    net.run_for(2s);
    EXPECT_EQ(border.sbc().calls(), 0U);
    ASSERT_EQ(border.records.size(), 1U);
    EXPECT_EQ(border.records[0].result, "cancelled");
    EXPECT_EQ(north.count("INVITE"), 0U);
    // The callee's own transaction ends when it says so.
    east.reject(487);
}

// ---- a re-INVITE that nobody answers -----------------------------------------------------------

TEST_F(HalfUp, AReinviteThatOnlyRingsIsCancelledAfterThreeMinutes) {
    answer_in("fork-a");
    east.reinvite_status = 0;
    west.reinvite();
    net.run_for(1s);
    east.ring_reinvite();
    net.run_for(175s);
    EXPECT_EQ(east.count("CANCEL"), 0U);
    net.run_for(10s);
    EXPECT_EQ(east.count("CANCEL"), 1U);
    EXPECT_EQ(west.statuses("INVITE").back(), 487);
    EXPECT_EQ(border.sbc().calls(), 1U);  // the call goes on as it was
    EXPECT_EQ(west.count("BYE") + east.count("BYE"), 0U);
    west.bye();
}

// ---- a program that ends -----------------------------------------------------------------------

TEST_F(HalfUp, AtTheEndAByeThatIsLostIsRepeatedHoweverLongNothingWasHeard) {
    answer_in("fork-a");
    net.run_for(7200s);
    int left = 2;
    net.lose([&](const SimNetwork::Packet& packet) {
        return packet.bytes.starts_with("BYE ") && left-- > 0;
    });
    border.sbc().shard().wake(net.now());
    border.sbc().end_all("shutdown");
    EXPECT_FALSE(border.sbc().is_quiet());
    ASSERT_TRUE(run_until([&] { return border.sbc().is_quiet(); }, 2s));
    EXPECT_EQ(west.count("BYE"), 1U);
    EXPECT_EQ(east.count("BYE"), 1U);
    ASSERT_EQ(border.records.size(), 1U);
    EXPECT_EQ(border.records[0].reason, "shutdown");
    border.sbc().record_unfinished("shutdown");
    EXPECT_EQ(border.records.size(), 1U);  // it has its record
}

TEST_F(HalfUp, AtTheEndNewCallsHear503AndCallsThatAreUpGoOn) {
    answer_in("fork-a");
    border.sbc().refuse_calls();
    north.invite("sip:5002@192.0.2.6");
    net.run_for(1s);
    EXPECT_THAT(north.statuses("INVITE"), ElementsAre(503));
    EXPECT_EQ(west.count("INVITE"), 0U);
    west.reinvite();
    net.run_for(1s);
    EXPECT_EQ(west.statuses("INVITE").back(), 200);
    west.bye();
    net.run_for(1s);
    EXPECT_THAT(west.statuses("BYE"), ElementsAre(200));
}

TEST_F(HalfUp, AtTheEndWhatIsUnfinishedGetsARecord) {
    east.obeys_cancel = false;  // it does not end in time
    border.sbc().end_all("shutdown");
    net.run_for(2s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 180, 480));
    EXPECT_EQ(east.count("CANCEL"), 1U);
    EXPECT_THAT(border.records, IsEmpty());
    border.sbc().record_unfinished("shutdown");
    ASSERT_EQ(border.records.size(), 1U);
    EXPECT_EQ(border.records[0].status, 480);
    EXPECT_TRUE(border.records[0].end.has_value());
    east.reject(487);
}

// ---- peers that are lost -----------------------------------------------------------------------

class LostPeers : public SmallLab {
protected:
    void SetUp() override {
        register_phones();
        talk();
        net.run_for(1s);
    }
};

TEST_F(LostPeers, ACallWhoseTwoConnectionsAreGoneEndsWithARecord) {
    alice.node().cut();
    bob.node().cut();
    net.run_for(31s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_THAT(border.records, IsEmpty());
    net.run_for(2s);
    EXPECT_EQ(border.sbc().calls(), 0U);
    ASSERT_EQ(border.records.size(), 1U);
    EXPECT_EQ(border.records[0].reason, "connection lost");
    EXPECT_EQ(alice.count("BYE") + bob.count("BYE"), 0U);  // there is no way to them
}

TEST_F(LostPeers, ACallWhoseOneConnectionIsGoneEndsForTheOther) {
    alice.node().cut();
    net.run_for(33s);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_EQ(bob.count("BYE"), 1U);
    EXPECT_EQ(alice.count("BYE"), 0U);
    ASSERT_EQ(border.records.size(), 1U);
}

TEST_F(LostPeers, APhoneThatComesBackInTimeStaysInItsCall) {
    alice.node().cut();
    net.run_for(10s);
    alice.register_now();
    net.run_for(60s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    bob.reinvite();  // reaches it by its new connection
    net.run_for(1s);
    EXPECT_EQ(alice.count("INVITE"), 1U);
    EXPECT_EQ(bob.statuses("INVITE").back(), 200);
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
}

// alice answered bob's re-INVITE and lost her connection, by which his ACK was to come. She says
// that again only when she hears an INFO, by that one's connection.
class LostAcks : public LostPeers {
protected:
    void SetUp() override {
        LostPeers::SetUp();
        alice.answered_by_test = [&](ServerId id, const sip::MessagePtr& request) {
            if (request->method() == sip::Method::Info) {
                alice.shard().rebind(reinvite_, *alice.shard().transactions().hop(id));
                alice.shard().respond(reinvite_, success_);
            } else if (request->method() == sip::Method::Invite && success_ == nullptr) {
                auto builder = sip::reply(*request, 200, {});
                builder.header(sip::HeaderName::Contact, alice.contact());
                builder.body("application/sdp", alice.offer);
                reinvite_ = id;
                success_ = builder.build();
                alice.shard().respond(id, success_);
            }
            return request->method() == sip::Method::Invite;
        };
        bob.ack_nothing();
        bob.reinvite();
        ASSERT_TRUE(run_until([&] {
            const auto response = bob.last_response("INVITE");
            return response != nullptr && response->status() == 200;
        }));
        alice.node().cut();
        bob.ack_now();
        net.run_for(1s);
        alice.register_now();
        net.run_for(1s);
        ASSERT_TRUE(alice.is_registered());
        ASSERT_THAT(alice.acks(), IsEmpty());
    }

private:
    ServerId reinvite_;
    sip::MessagePtr success_;
};

TEST_F(LostAcks, AreSentWhenThe2xxComesAgain) {
    bob.in_dialog(sip::Method::Info);
    net.run_for(1s);
    ASSERT_EQ(alice.acks().size(), 1U);
    EXPECT_EQ(alice.acks()[0]->cseq().number, alice.last_request("INVITE")->cseq().number);
    net.run_for(60s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    bob.bye();
}

// It was not asked any more whether it is still there, for its ACK was owed.
TEST_F(LostAcks, KeepNoDeadCallUp) {
    net.run_for(1000s);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_EQ(bob.count("BYE"), 1U);
    ASSERT_EQ(border.records.size(), 1U);
    EXPECT_EQ(border.records[0].reason, "peer does not answer");
}

}  // namespace
}  // namespace ringwall::test
