// Transfers that Ringwall makes itself (`refer handle`): the target is called in the place of the
// party that is referred, which only hears an offer in the call that it has.
#include "scenario/transfers.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Handled : public AttendedTransfers {
protected:
    Handled() : AttendedTransfers("handle") {
        // Each is to be known by its description.
        east.offer.replace(east.offer.find("4000"), 4, "4002");
        north.offer.replace(north.offer.find("4000"), 4, "4004");
    }

    std::vector<std::string> told() const {
        std::vector<std::string> lines;
        for (const auto& request : west.requests()) {
            if (request->method() == sip::Method::Notify) {
                lines.emplace_back(request->body().substr(0, request->body().find('\r')));
            }
        }
        return lines;
    }
    // A minute in which nothing is sent any more, and west and east still talk.
    void expect_the_call_goes_on() {
        net.run_for(60s);
        EXPECT_EQ(border.sbc().calls(), 1U);
        EXPECT_EQ(east.count("BYE") + west.count("BYE"), 0U);
        const auto heard = east.count("INFO");
        west.within(*to_east, sip::Method::Info, {});
        net.run_for(1s);
        EXPECT_EQ(east.count("INFO"), heard + 1);
    }
    void expect_east_and_north_talk() {
        norths = *north.dialog();
        const auto heard = east.count("INFO");
        north.within(*norths, sip::Method::Info, {});
        net.run_for(1s);
        EXPECT_EQ(north.statuses("INFO").back(), 200);
        EXPECT_EQ(east.count("INFO"), heard + 1);
        EXPECT_EQ(east.last_request("INFO")->to_tag(), easts->local_tag());
        east.within(*easts, sip::Method::Info, {});
        net.run_for(1s);
        EXPECT_EQ(east.statuses("INFO").back(), 200);
        EXPECT_EQ(north.count("INFO"), 1U);
    }
    void east_hangs_up() {
        east.within(*easts, sip::Method::Bye, {});
        net.run_for(1s);
        EXPECT_EQ(border.sbc().calls(), 0U);
    }
    const sbc::CallRecord* record_of(const std::string& callee) const {
        for (const sbc::CallRecord& record : border.records) {
            if (record.callee.find(callee) != std::string::npos) {
                return &record;
            }
        }
        return nullptr;
    }
};

// RFC 3323 §4.2: what it asked for when it answered, it would ask for when it calls.
TEST_F(Handled, ThePartyIsAsPrivateTowardsTheTarget) {
    east.success_fields = {{"Privacy", "user;id"}};
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(1s);
    ASSERT_EQ(north.count("INVITE"), 1U);
    EXPECT_EQ(north.last_request("INVITE")->header(sip::HeaderName::Privacy)->value, "user;id");
    border.sbc().end_all("test");
    net.run_for(40s);
}

TEST_F(Handled, TheRemainingPartyIsJoinedToTheTarget) {
    talk();
    refer(*to_east, "<sip:nora@north.example.net>",
          {{"Referred-By", "<sip:wendy@west.example.net>"}});
    net.run_for(1s);
    EXPECT_THAT(west.statuses("REFER"), ElementsAre(202));
    EXPECT_EQ(east.count("REFER"), 0U);
    // The target is called in east's name, and asked for an offer.
    ASSERT_EQ(north.count("INVITE"), 1U);
    const auto invite = north.last_request("INVITE");
    EXPECT_EQ(invite->request_uri().user, "nora");
    EXPECT_EQ(invite->from().uri.user, "eric");
    EXPECT_THAT(invite->body(), IsEmpty());
    EXPECT_EQ(invite->header("Referred-By")->value, "<sip:wendy@west.example.net>");
    EXPECT_THAT(invite->bytes(), Not(HasSubstr("192.0.2.50")));
    EXPECT_THAT(invite->bytes(), Not(HasSubstr("192.0.2.40")));
    // East answers that offer in its dialog, and the target hears the answer.
    ASSERT_EQ(east.count("INVITE"), 2U);
    EXPECT_EQ(east.last_request("INVITE")->to_tag(), easts->local_tag());
    EXPECT_EQ(east.last_request("INVITE")->body(), north.offer);
    ASSERT_EQ(north.acks().size(), 1U);
    EXPECT_EQ(north.acks().back()->body(), east.offer);
    EXPECT_EQ(east.acks().size(), 2U);
    EXPECT_THAT(told(), ElementsAre("SIP/2.0 100 Trying", "SIP/2.0 200 OK"));
    EXPECT_EQ(west.last_request("NOTIFY")->header("Event")->value,
              "refer;id=" + std::to_string(to_east->local_cseq()));
    EXPECT_EQ(west.last_request("NOTIFY")->header("Content-Type")->value,
              "message/sipfrag;version=2.0");
    EXPECT_THAT(west.last_request("NOTIFY")->header("Subscription-State")->value,
                HasSubstr("terminated"));
    west_hangs_up();
    EXPECT_EQ(west.statuses("BYE").back(), 200);
    EXPECT_EQ(east.count("BYE"), 0U);
    expect_east_and_north_talk();
    net.run_for(100s);  // nobody repeats anything
    EXPECT_EQ(north.acks().size(), 1U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    east_hangs_up();
    EXPECT_EQ(north.count("BYE"), 1U);
    EXPECT_EQ(west.count("BYE"), 0U);
    // A record for each pair that talked.
    ASSERT_EQ(border.records.size(), 2U);
    const sbc::CallRecord& first = border.records.front();
    EXPECT_EQ(first.from_adjacency, "west");
    EXPECT_EQ(first.to_adjacency, "east");
    EXPECT_EQ(first.result, "answered");
    EXPECT_EQ(first.reason, "transferred");
    const sbc::CallRecord& second = border.records.back();
    EXPECT_EQ(second.from_adjacency, "east");
    EXPECT_EQ(second.to_adjacency, "north");
    EXPECT_EQ(second.caller, "sip:eric@east.example.net");
    EXPECT_EQ(second.callee, "sip:nora@north.example.net");
    EXPECT_EQ(second.result, "answered");
    EXPECT_EQ(second.reason, "caller hung up");
}

// The callee may refer as well; then the caller is who remains.
TEST_F(Handled, TheCallerIsReferred) {
    talk();
    east.within(*easts, sip::Method::Refer,
                {{"Contact", east.contact()}, {"Refer-To", "<sip:nora@north.example.net>"}});
    net.run_for(2s);
    EXPECT_THAT(east.statuses("REFER"), ElementsAre(202));
    ASSERT_EQ(north.count("INVITE"), 1U);
    EXPECT_EQ(west.last_request("INVITE")->body(), north.offer);
    ASSERT_EQ(north.acks().size(), 1U);
    EXPECT_EQ(north.acks().back()->body(), west.offer);
    east.within(*easts, sip::Method::Bye, {});
    net.run_for(1s);
    norths = *north.dialog();
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    EXPECT_EQ(west.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// RFC 5589 §5: who referred hangs up when it knows. If it does not, we do.
TEST_F(Handled, AReferrerWhoStaysHearsBye) {
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(20s);
    EXPECT_EQ(west.count("BYE"), 0U);
    net.run_for(20s);
    EXPECT_EQ(west.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    east_hangs_up();
}

TEST_F(Handled, RingingIsTold) {
    north.on_invite = Phone::OnInvite::RingThenAnswer;
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(10s);
    EXPECT_THAT(told(), ElementsAre("SIP/2.0 100 Trying", "SIP/2.0 180 Ringing", "SIP/2.0 200 OK"));
    west_hangs_up();
    east_hangs_up();
}

// RFC 4488.
TEST_F(Handled, WhoWantsNoSubscriptionHearsNothing) {
    talk();
    refer(*to_east, "<sip:nora@north.example.net>",
          {{"Refer-Sub", "false"}, {"Require", "norefersub"}});
    net.run_for(1s);
    EXPECT_EQ(west.last_response("REFER")->status(), 202);
    EXPECT_EQ(west.last_response("REFER")->header("Refer-Sub")->value, "false");
    EXPECT_EQ(north.acks().size(), 1U);
    EXPECT_THAT(told(), IsEmpty());
    west_hangs_up();
    east_hangs_up();
}

// RFC 6665 §4.1.2.3: it has heard enough; the transfer is not its any more.
TEST_F(Handled, TheSubscriptionCanBeGivenUp) {
    north.on_invite = Phone::OnInvite::Ignore;
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    west.within(*to_east, sip::Method::Subscribe,
                {{"Contact", west.contact()}, {"Event", "refer"}, {"Expires", "60"}});
    net.run_for(1s);
    EXPECT_EQ(west.last_response("SUBSCRIBE")->header("Expires")->value, "60");
    EXPECT_EQ(west.count("NOTIFY"), 2U);
    west.within(*to_east, sip::Method::Subscribe,
                {{"Contact", west.contact()}, {"Event", "refer"}, {"Expires", "0"}});
    net.run_for(1s);
    EXPECT_EQ(west.last_request("NOTIFY")->header("Subscription-State")->value,
              "terminated;reason=timeout");
    EXPECT_EQ(east.count("SUBSCRIBE"), 0U);
    north.answer();
    net.run_for(1s);
    EXPECT_EQ(west.count("NOTIFY"), 3U);
    EXPECT_EQ(north.acks().size(), 1U);
    west_hangs_up();
    east_hangs_up();
}

// ---- it fails -----------------------------------------------------------------------------------

TEST_F(Handled, ATargetThatRefusesLeavesTheCall) {
    north.on_invite = Phone::OnInvite::Reject;
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(1s);
    EXPECT_THAT(told(), ElementsAre("SIP/2.0 100 Trying", "SIP/2.0 486 Busy Here"));
    EXPECT_EQ(east.count("INVITE"), 1U);
    expect_the_call_goes_on();
    // And it can be tried again.
    north.on_invite = Phone::OnInvite::Answer;
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(1s);
    EXPECT_EQ(told().back(), "SIP/2.0 200 OK");
    west_hangs_up();
    east_hangs_up();
}

TEST_F(Handled, APartyThatRefusesTheOfferStays) {
    talk();
    east.reinvite_status = 488;
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(2s);
    EXPECT_EQ(told().back(), "SIP/2.0 488 Not Acceptable Here");
    EXPECT_EQ(north.acks().size(), 1U);
    EXPECT_EQ(north.count("BYE"), 1U);
    expect_the_call_goes_on();
    west_hangs_up();
    EXPECT_EQ(record_of("nora")->reason, "transfer failed");
}

TEST_F(Handled, WhereThereIsNoRouteNobodyIsCalled) {
    talk();
    refer(*to_east, "<sip:nobody@south.example.net>");
    net.run_for(1s);
    EXPECT_THAT(told(), ElementsAre("SIP/2.0 100 Trying", "SIP/2.0 404 Not Found"));
    EXPECT_THAT(north.requests(), IsEmpty());
    expect_the_call_goes_on();
    west_hangs_up();
}

TEST_F(Handled, ATargetThatRingsForeverIsCancelled) {
    north.on_invite = Phone::OnInvite::Ring;
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    for (int i = 0; i < 5; ++i) {
        net.run_for(30s);
        north.ring(180);
    }
    EXPECT_EQ(north.count("CANCEL"), 0U);
    net.run_for(32s);
    EXPECT_EQ(north.count("CANCEL"), 1U);
    EXPECT_EQ(told().back(), "SIP/2.0 408 Request Timeout");
    expect_the_call_goes_on();
    west_hangs_up();
}

TEST_F(Handled, ATargetThatHangsUpBeforeTheOtherHasAnswered) {
    talk();
    east.reinvite_status = 0;
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(1s);
    ASSERT_EQ(east.count("INVITE"), 2U);
    east.ring_reinvite();
    norths = *north.dialog();
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(2s);
    EXPECT_EQ(east.count("CANCEL"), 1U);
    EXPECT_EQ(told().back(), "SIP/2.0 480 Temporarily Unavailable");
    expect_the_call_goes_on();
    west_hangs_up();
}

// The target waits for its ACK as long as RFC 3261 §13.3.1.4 says, and no longer.
TEST_F(Handled, APartyThatDoesNotAnswerTheOfferStays) {
    talk();
    east.reinvite_status = 0;
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(1s);
    east.ring_reinvite();
    net.run_for(40s);
    EXPECT_EQ(east.count("CANCEL"), 1U);
    EXPECT_EQ(told().back(), "SIP/2.0 408 Request Timeout");
    EXPECT_EQ(north.count("BYE"), 1U);
    expect_the_call_goes_on();
    west_hangs_up();
}

// It said yes when it was too late: what it describes now, it describes to nobody.
TEST_F(Handled, AnAnswerThatCrossesTheCancelEndsTheCall) {
    talk();
    east.reinvite_status = 0;
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(1s);
    norths = *north.dialog();
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    east.answer_reinvite();
    net.run_for(2s);
    EXPECT_EQ(east.acks().size(), 2U);
    EXPECT_EQ(east.count("BYE"), 1U);
    EXPECT_EQ(west.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Handled, ATargetWithoutAnOfferIsNoTarget) {
    north.offer.clear();
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(2s);
    EXPECT_EQ(told().back(), "SIP/2.0 488 Not Acceptable Here");
    EXPECT_EQ(north.count("BYE"), 1U);
    EXPECT_EQ(east.count("INVITE"), 1U);
    expect_the_call_goes_on();
    west_hangs_up();
}

// ---- somebody hangs up --------------------------------------------------------------------------

TEST_F(Handled, AReferrerWhoHangsUpMeanwhileHearsHowItEnds) {
    north.on_invite = Phone::OnInvite::Ring;
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    west_hangs_up();
    EXPECT_EQ(east.count("BYE"), 0U);
    EXPECT_EQ(border.sbc().calls(), 2U);
    north.answer();
    net.run_for(2s);
    EXPECT_EQ(east.last_request("INVITE")->body(), north.offer);
    EXPECT_EQ(told().back(), "SIP/2.0 200 OK");
    EXPECT_EQ(border.sbc().calls(), 1U);
    expect_east_and_north_talk();
    east_hangs_up();
}

TEST_F(Handled, AfterAReferrerWhoHungUpAFailureEndsTheCall) {
    north.on_invite = Phone::OnInvite::Ring;
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    west_hangs_up();
    north.reject(486);
    net.run_for(2s);
    EXPECT_EQ(told().back(), "SIP/2.0 486 Busy Here");
    EXPECT_EQ(east.count("BYE"), 1U);
    EXPECT_EQ(west.count("BYE"), 0U);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_EQ(record_of("eric")->reason, "transfer failed");
}

TEST_F(Handled, APartyThatHangsUpCancelsTheTarget) {
    north.on_invite = Phone::OnInvite::Ring;
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    east.within(*easts, sip::Method::Bye, {});
    net.run_for(2s);
    EXPECT_EQ(north.count("CANCEL"), 1U);
    EXPECT_EQ(west.count("BYE"), 1U);
    EXPECT_EQ(told().back(), "SIP/2.0 487 Request Terminated");
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Handled, APartyThatHangsUpInsteadOfAnsweringEndsAll) {
    talk();
    east.reinvite_status = 0;
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(1s);
    east.within(*easts, sip::Method::Bye, {});
    net.run_for(2s);
    east.answer_reinvite();
    net.run_for(2s);
    EXPECT_EQ(north.count("BYE"), 1U);
    EXPECT_EQ(west.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Handled, TheOperatorEndsAll) {
    north.on_invite = Phone::OnInvite::Ring;
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    border.sbc().end_all("shutdown");
    net.run_for(2s);
    EXPECT_EQ(north.count("CANCEL"), 1U);
    EXPECT_EQ(east.count("BYE"), 1U);
    EXPECT_EQ(west.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// ---- glare, repetitions -------------------------------------------------------------------------

TEST_F(Handled, ItWaitsWhileSomebodyElseNegotiates) {
    north.on_invite = Phone::OnInvite::Ring;
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    east.reinvite_status = 0;
    west.reinvite();
    net.run_for(1s);
    ASSERT_EQ(east.count("INVITE"), 2U);
    north.answer();
    net.run_for(1s);
    EXPECT_EQ(east.count("INVITE"), 2U);
    east.reinvite_status = 200;
    east.answer_reinvite();
    net.run_for(2s);
    ASSERT_EQ(east.count("INVITE"), 3U);
    EXPECT_EQ(east.last_request("INVITE")->body(), north.offer);
    EXPECT_EQ(told().back(), "SIP/2.0 200 OK");
    west.bye();
    net.run_for(1s);
    east_hangs_up();
}

// RFC 3261 §14.1.
TEST_F(Handled, AnOfferThatCrossesAnotherIsMadeAgain) {
    talk();
    east.reinvite_status = 491;
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(1s);
    east.reinvite_status = 200;
    net.run_for(5s);
    ASSERT_EQ(east.count("INVITE"), 3U);
    EXPECT_EQ(told().back(), "SIP/2.0 200 OK");
    EXPECT_EQ(north.acks().back()->body(), east.offer);
    west_hangs_up();
    east_hangs_up();
}

TEST_F(Handled, OneTransferAtATime) {
    north.on_invite = Phone::OnInvite::Ring;
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    refer(*to_east, "<sip:other@north.example.net>");
    EXPECT_THAT(west.statuses("REFER"), ElementsAre(202, 491));
    EXPECT_EQ(north.count("INVITE"), 1U);
    north.answer();
    net.run_for(2s);
    west_hangs_up();
    east_hangs_up();
}

// RFC 3261 §13.2.2.4: on both sides.
TEST_F(Handled, LostAcksAreSentAgain) {
    talk();
    int lost = 0;
    net.lose([&](const SimNetwork::Packet& packet) {
        return packet.bytes.starts_with("ACK ") && packet.from.address != ip("192.0.2.40") &&
               lost++ < 2;
    });
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(70s);
    EXPECT_GE(lost, 4);
    EXPECT_EQ(north.acks().back()->body(), east.offer);
    EXPECT_EQ(north.count("BYE") + east.count("BYE"), 0U);
    expect_east_and_north_talk();
    east_hangs_up();
}

// RFC 4028 §7.4: a refresh of our own says what is agreed now.
TEST_F(Handled, RefreshesAfterwardsDescribeTheNewPeers) {
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(1s);
    west_hangs_up();
    net.run_for(1000s);
    EXPECT_EQ(east.last_request("INVITE")->body(), north.offer);
    EXPECT_EQ(north.last_request("INVITE")->body(), east.offer);
    EXPECT_GE(east.count("INVITE"), 3U);
    EXPECT_GE(north.count("INVITE"), 2U);
    east_hangs_up();
}

// RFC 4028: it has promised to refresh, and does not.
TEST_F(Handled, WhatThePartyPromisesItIsHeldTo) {
    talk();
    east.success_fields = {{"Session-Expires", "90;refresher=uas"}};
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(1s);
    west_hangs_up();
    net.run_for(50s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    net.run_for(20s);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_EQ(border.records.back().reason, "session expired");
    EXPECT_EQ(east.count("BYE"), 1U);
    EXPECT_EQ(north.count("BYE"), 1U);
}

// What came of a transfer is a call like any other.
TEST_F(Handled, TheNewCallCanBeTransferredAgain) {
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(1s);
    west_hangs_up();
    norths = *north.dialog();
    north.within(*norths, sip::Method::Refer,
                 {{"Contact", north.contact()}, {"Refer-To", "<sip:wendy@west.example.net>"}});
    net.run_for(2s);
    EXPECT_EQ(west.last_request("INVITE")->request_uri().user, "wendy");
    EXPECT_EQ(west.last_request("INVITE")->from().uri.user, "eric");
    EXPECT_EQ(east.last_request("INVITE")->body(), west.offer);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    EXPECT_EQ(border.records.size(), 2U);
    east_hangs_up();
    EXPECT_EQ(west.count("BYE"), 1U);
}

// ---- attended -----------------------------------------------------------------------------------

TEST_F(Handled, ADialogOfOursThatIsNamedGivesItsFarLeg) {
    consult();
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    net.run_for(2s);
    EXPECT_THAT(west.statuses("REFER"), ElementsAre(202));
    EXPECT_EQ(east.count("REFER"), 0U);
    // Nobody is called: both hear an INVITE in the dialog that they have.
    ASSERT_EQ(north.count("INVITE"), 2U);
    EXPECT_EQ(north.last_request("INVITE")->to_tag(), norths->local_tag());
    EXPECT_THAT(north.last_request("INVITE")->body(), IsEmpty());
    ASSERT_EQ(east.count("INVITE"), 2U);
    EXPECT_EQ(east.last_request("INVITE")->to_tag(), easts->local_tag());
    EXPECT_EQ(east.last_request("INVITE")->body(), north.offer);
    EXPECT_EQ(north.acks().back()->body(), east.offer);
    EXPECT_EQ(told().back(), "SIP/2.0 200 OK");
    EXPECT_EQ(west.count("BYE"), 1U);  // of the call with north
    west_hangs_up();
    EXPECT_EQ(border.sbc().calls(), 1U);
    north.within(*norths, sip::Method::Info, {});
    net.run_for(1s);
    EXPECT_EQ(east.count("INFO"), 1U);
    east_hangs_up();
    EXPECT_EQ(north.count("BYE"), 1U);
}

// Nor does what north had agreed on with west outlive that.
TEST_F(Handled, TheIntervalOfADialogThatIsNamedEndsWithIt) {
    west.invite_fields = {{"Supported", "timer"}, {"Session-Expires", "90;refresher=uac"}};
    north.success_fields = {{"Require", "timer"}, {"Session-Expires", "90;refresher=uac"}};
    consult();
    north.success_fields = {};
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    net.run_for(2s);
    west_hangs_up();
    net.run_for(1000s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_EQ(east.count("BYE") + north.count("BYE"), 0U);
    east_hangs_up();
}

// A call that came in elsewhere may live on another worker, and its leg cannot come over: then the
// party is told to take the place itself.
TEST_F(Handled, ADialogOfAnotherWorkerIsLeftToTheParty) {
    consult_in_a_call_that_came_in();
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    const bool is_left = east.count("REFER") == 1;
    EXPECT_TRUE(border.worker_count() > 1 || !is_left);
    if (is_left) {
        accept();
        obey();
    } else {
        net.run_for(1s);
        EXPECT_EQ(told().back(), "SIP/2.0 200 OK");
    }
    ASSERT_EQ(north.count("INVITE"), 2U);
    EXPECT_EQ(north.last_request("INVITE")->to_tag(), norths->local_tag());
    west_hangs_up();
    EXPECT_EQ(border.sbc().calls(), 1U);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Handled, ATargetThatRefusesTheOfferLeavesBothCalls) {
    consult();
    north.reinvite_status = 488;
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    net.run_for(2s);
    EXPECT_EQ(told().back(), "SIP/2.0 488 Not Acceptable Here");
    EXPECT_EQ(border.sbc().calls(), 2U);
    EXPECT_EQ(east.count("INVITE"), 1U);
    EXPECT_EQ(west.count("BYE"), 0U);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

TEST_F(Handled, APartyThatHangsUpLeavesTheConsultation) {
    consult();
    north.reinvite_status = 0;
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    north.ring_reinvite();
    net.run_for(1s);
    east.within(*easts, sip::Method::Bye, {});
    net.run_for(2s);
    EXPECT_EQ(north.count("CANCEL"), 1U);
    EXPECT_EQ(told().back(), "SIP/2.0 487 Request Terminated");
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_EQ(north.count("BYE"), 0U);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Handled, ADialogThatIsNotOursIs481) {
    consult();
    for (const std::string& named :
         {std::string("nobody@nowhere;to-tag=a;from-tag=b"),
          to_north->call_id() + ";to-tag=" + to_north->remote_tag() + ";from-tag=guessed"}) {
        refer(*to_east, "<sip:nora@north.example.net?" + escaped(named) + ">");
        net.run_for(1s);
        EXPECT_EQ(told().back(), "SIP/2.0 481 Call/Transaction Does Not Exist") << named;
    }
    EXPECT_EQ(north.count("INVITE"), 1U);
    EXPECT_EQ(east.count("INVITE"), 1U);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

// ---- who may not --------------------------------------------------------------------------------

TEST_F(Handled, WhatIsNoTransferIsRefused) {
    talk();
    refer(*to_east, "<sips:nora@north.example.net>");
    refer(*to_east, "<sip:nora@north.example.net;method=BYE>");
    refer(*to_east, "<sip:nora@north.example.net?Replaces=only-a-call-id>");
    refer(*to_east, "<sip:eric@east.example.net?" + escaped(replaces_of(*to_east)) + ">");
    refer(*to_east, "<sip:a@north.example.net>, <sip:b@north.example.net>");
    refer(*to_east, "<sip:nora@north.example.net>", {{"Require", "unheard-of"}});
    EXPECT_THAT(west.statuses("REFER"), ElementsAre(403, 403, 400, 403, 400, 420));
    EXPECT_THAT(north.requests(), IsEmpty());
    EXPECT_EQ(east.count("REFER"), 0U);
    EXPECT_EQ(east.count("INVITE"), 1U);
    EXPECT_THAT(told(), IsEmpty());
    expect_the_call_goes_on();
    west_hangs_up();
}

TEST_F(Handled, AReferFromSomewhereElseFindsNothing) {
    talk();
    north.within(*to_east, sip::Method::Refer,
                 {{"Contact", north.contact()}, {"Refer-To", "<sip:nora@north.example.net>"}});
    net.run_for(1s);
    EXPECT_THAT(north.statuses("REFER"), ElementsAre(481));
    EXPECT_THAT(north.requests(), IsEmpty());
    EXPECT_EQ(east.count("REFER") + west.count("REFER"), 0U);
    EXPECT_THAT(told(), IsEmpty());
    west_hangs_up();
}

}  // namespace
}  // namespace ringwall::test
