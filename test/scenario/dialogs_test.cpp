// Within a call: re-INVITE with its offers, glare, other methods, and how a call ends when a peer
// has lost it. And requests that belong to no call.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Dialogs : public SmallLab {
protected:
    void SetUp() override {
        register_phones();
        talk();
    }
    void hang_up() {
        alice.bye();
        net.run_for(1s);
        EXPECT_THAT(alice.statuses("BYE"), Contains(200));
        EXPECT_EQ(bob.count("BYE"), 1U);
    }
};

TEST_F(Dialogs, AReinviteInEitherDirection) {
    alice.reinvite();
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 200);
    EXPECT_EQ(bob.count("INVITE"), 2U);
    EXPECT_EQ(bob.acks().size(), 2U);
    bob.reinvite();
    net.run_for(1s);
    EXPECT_THAT(bob.statuses("INVITE"), ElementsAre(100, 200));
    EXPECT_EQ(alice.count("INVITE"), 1U);
    EXPECT_EQ(alice.acks().size(), 1U);
    hang_up();
}

// What waits for an answer is looked through for each message of the dialog: it stays a short list.
TEST_F(Dialogs, APeerThatNeverWaitsIsToldTo) {
    bob.in_dialog_status = 0;
    for (int i = 0; i < 300; ++i) {
        alice.in_dialog(sip::Method::Info);
    }
    net.run_for(1s);
    EXPECT_EQ(bob.count("INFO"), 64U);
    EXPECT_EQ(alice.statuses("INFO").size(), 236U);
    EXPECT_THAT(alice.statuses("INFO"), Contains(500));
    net.run_for(70s);
}

TEST_F(Dialogs, AReinviteWithTheOfferInTheAnswer) {
    const std::string offer = bob.offer;
    alice.offer = "";
    alice.ack_body = bob.offer;
    alice.reinvite();
    net.run_for(1s);
    EXPECT_EQ(bob.last_request("INVITE")->body(), "");
    EXPECT_EQ(alice.last_response("INVITE")->body(), offer);
    EXPECT_EQ(bob.acks().back()->body(), alice.ack_body);
    EXPECT_EQ(bob.acks().back()->content_type(), "application/sdp");
    hang_up();
}

TEST_F(Dialogs, AReinviteThatIsRefusedChangesNothing) {
    bob.reinvite_status = 488;
    alice.reinvite();
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 488);
    EXPECT_EQ(bob.acks().size(), 1U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    bob.reinvite_status = 200;
    alice.reinvite();
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 200);
    hang_up();
}

// RFC 3261 §14.2: both at once.
TEST_F(Dialogs, Glare) {
    alice.reinvite();
    bob.reinvite();
    net.run_for(2s);
    EXPECT_EQ(alice.count("INVITE") + bob.count("INVITE"), 2U);  // the first call's, and one
    EXPECT_THAT((std::vector<int>{alice.statuses("INVITE").back(), bob.statuses("INVITE").back()}),
                Contains(491));
    EXPECT_EQ(border.sbc().calls(), 1U);
    alice.reinvite();
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 200);
    hang_up();
}

TEST_F(Dialogs, ASecondReinviteBeforeTheFirstIsAnswered) {
    bob.reinvite_status = 0;
    alice.reinvite();
    net.run_for(1s);
    alice.reinvite();
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("INVITE").back(), ::testing::AnyOf(491, 500));
    EXPECT_EQ(bob.count("INVITE"), 2U);
    bob.answer_reinvite();
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 200);
    hang_up();
}

TEST_F(Dialogs, AReinviteIsCancelled) {
    bob.reinvite_status = 0;
    alice.reinvite();
    net.run_for(1s);
    alice.cancel();
    net.run_for(1s);
    // Nothing provisional came from bob: the CANCEL waits (RFC 3261 §9.1).
    EXPECT_EQ(bob.count("CANCEL"), 0U);
    bob.ring_reinvite();
    net.run_for(1s);
    EXPECT_EQ(bob.count("CANCEL"), 1U);
    EXPECT_EQ(alice.statuses("INVITE").back(), 487);
    EXPECT_EQ(border.sbc().calls(), 1U);
    hang_up();
}

TEST_F(Dialogs, AByeDuringAReinvite) {
    bob.reinvite_status = 0;
    alice.reinvite();
    net.run_for(1s);
    bob.bye();
    net.run_for(1s);
    EXPECT_EQ(alice.count("BYE"), 1U);
    EXPECT_EQ(alice.statuses("INVITE").back(), 487);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Dialogs, OtherMethodsPassAndAreAnsweredByTheOtherSide) {
    for (const auto method :
         {sip::Method::Info, sip::Method::Options, sip::Method::Message, sip::Method::Update}) {
        const std::string name(sip::to_string(method));
        alice.in_dialog(method);
        net.run_for(1s);
        EXPECT_THAT(alice.statuses(name), ElementsAre(200)) << name;
        EXPECT_EQ(bob.count(name), 1U) << name;
        bob.in_dialog(method);
        net.run_for(1s);
        EXPECT_THAT(bob.statuses(name), ElementsAre(200)) << name;
        EXPECT_EQ(alice.count(name), 1U) << name;
    }
    hang_up();
}

// Whatever it is: Ringwall looks into session descriptions only.
TEST_F(Dialogs, BodiesPassOctetByOctet) {
    std::string octets("\r\n\0\x01\xff--x\r\n", 11);
    for (int i = 0; i < 256; ++i) {
        octets.push_back(static_cast<char>(i));
    }
    const std::string parts =
        "preamble\r\n--b1\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=5\r\nDuration=160"
        "\r\n--b1\r\ncontent-type:  text/plain;charset=utf-8 \r\n\r\n\xc3\xa4 "
        "\r\n\r\n--b1--\r\nend";
    const std::vector<std::pair<std::string, std::string>> bodies{
        {"application/x-unknown;a=\"b;c\"", octets},
        {"multipart/mixed; boundary=b1", parts},
        {"application/dtmf-relay", "Signal=1\r\nDuration=100\r\n"},
    };
    for (const auto method : {sip::Method::Info, sip::Method::Message}) {
        const std::string name(sip::to_string(method));
        for (const auto& [type, body] : bodies) {
            alice.dialog_fields = {{"Content-Type", type}, {"Content-Disposition", "render;x=y"}};
            alice.dialog_body = body;
            alice.in_dialog(method);
            net.run_for(1s);
            EXPECT_EQ(alice.statuses(name).back(), 200);
            const auto heard = bob.last_request(name);
            ASSERT_NE(heard, nullptr);
            EXPECT_EQ(heard->body(), body);
            EXPECT_EQ(heard->header("Content-Type")->value, type);
            EXPECT_EQ(heard->header("Content-Disposition")->value, "render;x=y");
        }
    }
    alice.dialog_fields = {};
    hang_up();
}

TEST_F(Dialogs, MaxForwardsCountsAcrossTheLegs) {
    alice.in_dialog(sip::Method::Info);
    net.run_for(1s);
    EXPECT_EQ(bob.last_request("INFO")->max_forwards(), 69U);
    hang_up();
}

TEST_F(Dialogs, MethodsThatAreNotCarriedGoNowhere) {
    alice.in_dialog(sip::Method::Publish);
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("PUBLISH"), ElementsAre(405));
    EXPECT_THAT(std::string(alice.last_response("PUBLISH")->bytes()), HasSubstr("Allow:"));
    EXPECT_EQ(bob.count("PUBLISH"), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    hang_up();
}

TEST_F(Dialogs, ARefusalOfAnotherKindDoesNotEndTheCall) {
    bob.in_dialog_status = 415;
    alice.in_dialog(sip::Method::Info);
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("INFO"), ElementsAre(415));
    EXPECT_EQ(border.sbc().calls(), 1U);
    hang_up();
}

// RFC 3261 §12.2.1.2: the peer knows of no such dialog any more.
TEST_F(Dialogs, APeerThatLostTheDialogEndsTheCall) {
    bob.in_dialog_status = 481;
    alice.in_dialog(sip::Method::Info);
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("INFO"), ElementsAre(481));
    EXPECT_EQ(alice.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_EQ(border.records.back().reason, "peer lost the dialog");
    EXPECT_EQ(border.records.back().cause, sbc::FailureCause::ActiveCall);
}

TEST_F(Dialogs, AReinviteThatIsAnswered481EndsTheCall) {
    bob.reinvite_status = 481;
    alice.reinvite();
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 481);
    EXPECT_EQ(alice.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Dialogs, APeerThatDoesNotAnswerEndsTheCall) {
    bob.in_dialog_status = 0;
    alice.in_dialog(sip::Method::Info);
    net.run_for(31s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    net.run_for(2s);
    EXPECT_EQ(alice.count("BYE"), 1U);
    EXPECT_EQ(bob.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Dialogs, AByeBeforeTheAck) {
    hang_up();
    alice.ack_nothing();
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.dialog().has_value(); }));
    const std::size_t acks = bob.acks().size();
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("BYE").back(), 200);
    EXPECT_EQ(bob.acks().size(), acks + 1);  // the callee is owed one all the same
    EXPECT_EQ(bob.count("BYE"), 2U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// RFC 3261 §15: the caller ends an early dialog by BYE.
TEST_F(Dialogs, AByeWhileItRings) {
    hang_up();
    bob.on_invite = Phone::OnInvite::Ring;
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.statuses("INVITE").back() == 180; }));
    const auto ringing = alice.last_response("INVITE");
    alice.send("BYE", "sip:border.example.com",
               {{"From", std::string(ringing->header(sip::HeaderName::From)->value)},
                {"To", std::string(ringing->header(sip::HeaderName::To)->value)},
                {"Call-ID", std::string(ringing->call_id())},
                {"CSeq", std::to_string(ringing->cseq().number + 1) + " BYE"}});
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("BYE").back(), 200);
    EXPECT_EQ(alice.statuses("INVITE").back(), 487);
    EXPECT_EQ(bob.count("CANCEL"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Dialogs, TheOperatorEndsAll) {
    border.sbc().end_all("maintenance");
    net.run_for(1s);
    EXPECT_EQ(alice.count("BYE"), 1U);
    EXPECT_EQ(bob.count("BYE"), 1U);
    EXPECT_EQ(border.records.back().reason, "maintenance");
    EXPECT_EQ(border.records.back().cause, std::nullopt);
}

TEST_F(Dialogs, ACallWithoutAnOffer) {
    hang_up();
    alice.offer = "";
    alice.ack_body = bob.offer;
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && bob.acks().size() == 2; }));
    EXPECT_EQ(bob.last_request("INVITE")->body(), "");
    EXPECT_EQ(alice.last_response("INVITE")->body(), bob.offer);
    EXPECT_EQ(bob.acks().back()->body(), alice.ack_body);
    alice.bye();
}

// ---- requests of no dialog ---------------------------------------------------------------------

class NoDialog : public SmallLab {
protected:
    void SetUp() override { register_phones(); }
    int answer_to(Phone& phone, const std::string& method, const std::string& uri,
                  const std::vector<std::pair<std::string, std::string>>& fields = {}) {
        phone.send(method, uri, fields);
        net.run_for(2s);
        return phone.statuses(method).empty() ? 0 : phone.statuses(method).back();
    }
};

TEST_F(NoDialog, OptionsToUsAreAnswered) {
    EXPECT_EQ(answer_to(alice, "OPTIONS", "sip:example.com"), 200);
    const std::string answer(alice.last_response("OPTIONS")->bytes());
    EXPECT_THAT(answer, HasSubstr("Allow: INVITE"));
    EXPECT_THAT(answer, HasSubstr("Accept: application/sdp"));
    EXPECT_EQ(answer_to(outside, "OPTIONS", "sip:192.0.2.3"), 200);
    EXPECT_EQ(bob.count("OPTIONS") + softswitch.count("OPTIONS"), 0U);
}

TEST_F(NoDialog, OptionsAndMessagesPassThrough) {
    for (const char* method : {"OPTIONS", "MESSAGE"}) {
        EXPECT_EQ(answer_to(alice, method, "sip:bob@example.com"), 200);
        EXPECT_EQ(bob.count(method), 1U);
        EXPECT_EQ(answer_to(alice, method, "sip:9001@switch.example.com"), 200);
        EXPECT_EQ(softswitch.count(method), 1U);
    }
    // RFC 3428 §5: a MESSAGE has no Contact.
    EXPECT_EQ(bob.last_request("MESSAGE")->count(sip::HeaderName::Contact), 0U);
}

TEST_F(NoDialog, TheRulesHoldForThemToo) {
    EXPECT_EQ(answer_to(outside, "OPTIONS", "sips:bob@example.com"), 403);
    EXPECT_EQ(answer_to(outside, "MESSAGE", "sip:bob@example.com"), 480);
    EXPECT_EQ(answer_to(softswitch, "MESSAGE", "sip:5001@outside.example.com"), 480);
    EXPECT_EQ(answer_to(alice, "MESSAGE", "sip:9001@switch.example.com",
                        {{"From", "<sip:bob@example.com>;tag=1"}}),
              403);
    EXPECT_EQ(bob.count("OPTIONS") + bob.count("MESSAGE") + outside.count("MESSAGE") +
                  softswitch.count("MESSAGE"),
              0U);
}

// RFC 4320 §4.2: no 408 to a request that is no INVITE; and nothing is left of it.
TEST_F(NoDialog, ARequestThatNobodyAnswers) {
    softswitch.in_dialog_status = 0;
    EXPECT_EQ(answer_to(outside, "OPTIONS", "sip:9001@switch.example.com"), 0);
    net.run_for(70s);
    EXPECT_THAT(outside.statuses("OPTIONS"), Not(Contains(408)));
    EXPECT_EQ(softswitch.count("OPTIONS"), 1U);
    EXPECT_TRUE(border.sbc().is_empty());
}

TEST_F(NoDialog, WhatBelongsIntoADialogIs481) {
    for (const char* method : {"BYE", "INFO", "UPDATE"}) {
        EXPECT_EQ(answer_to(alice, method, "sip:bob@example.com"), 481) << method;
        EXPECT_EQ(answer_to(alice, method, "sip:bob@example.com",
                            {{"To", "<sip:bob@example.com>;tag=guessed"}}),
                  481)
            << method;
    }
    EXPECT_EQ(answer_to(alice, "CANCEL", "sip:bob@example.com"), 481);
    EXPECT_EQ(bob.count("BYE") + bob.count("INFO") + bob.count("UPDATE"), 0U);
}

TEST_F(NoDialog, WhatIsNotCarriedIsRefused) {
    EXPECT_EQ(answer_to(alice, "FOO", "sip:bob@example.com"), 501);
    EXPECT_EQ(answer_to(alice, "INVITE", "sip:bob@example.com",
                        {{"Contact", alice.contact()}, {"Require", "gruu"}}),
              420);
    EXPECT_EQ(answer_to(alice, "INVITE", "sip:bob@example.com",
                        {{"Contact", alice.contact()}, {"Max-Forwards", "0"}}),
              483);
    EXPECT_EQ(answer_to(alice, "INVITE", "sip:bob@example.com"), 400);  // no Contact
    EXPECT_THAT(bob.requests(), IsEmpty());
}

// RFC 3261 §8.2.2.2: the same request by another way.
TEST_F(NoDialog, AMergedRequest) {
    bob.on_invite = Phone::OnInvite::Ring;
    const std::vector<std::pair<std::string, std::string>> fields{
        {"From", "<sip:alice@example.com>;tag=same"},
        {"Call-ID", "same"},
        {"CSeq", "77 INVITE"},
        {"Contact", alice.contact()}};
    alice.send("INVITE", "sip:bob@example.com", fields, alice.offer);
    net.run_for(1s);
    alice.send("INVITE", "sip:bob@example.com", fields, alice.offer);
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 180, 482));
    EXPECT_EQ(bob.count("INVITE"), 1U);
    bob.reject(486);
    net.run_for(1s);
}

// A softswitch that is a proxy (RFC 3261 §16) routes a call of ours to a phone here: the same
// Call-ID, From tag and CSeq by another Request-URI. That is a spiral, no loop; by the same one it
// is a loop, and twice the same spiral is merged.
TEST_F(NoDialog, ACallThatAProxyRoutesBackToAnotherPhoneIsNoLoop) {
    softswitch.on_invite = Phone::OnInvite::Ignore;
    bob.on_invite = Phone::OnInvite::Ring;
    alice.invite("sip:9001@switch.example.com");
    net.run_for(1s);
    ASSERT_EQ(softswitch.count("INVITE"), 1U);
    const auto sent = softswitch.last_request("INVITE");
    const auto send_back = [&](const std::string& uri, const std::string& hops) {
        softswitch.send("INVITE", uri,
                        {{"From", std::string(sent->header("From")->value)},
                         {"To", std::string(sent->header("To")->value)},
                         {"Call-ID", std::string(sent->call_id())},
                         {"CSeq", std::string(sent->header("CSeq")->value)},
                         {"Max-Forwards", hops},
                         {"Contact", std::string(sent->header("Contact")->value)},
                         {"Record-Route", "<sip:192.0.2.20;transport=tcp;lr>"},
                         {"Content-Type", "application/sdp"}},
                        std::string(sent->body()));
        net.run_for(1s);
    };
    send_back("sip:bob@example.com", "0");
    EXPECT_THAT(softswitch.statuses("INVITE"), ElementsAre(483));
    send_back("sip:bob@example.com", "68");
    EXPECT_EQ(bob.count("INVITE"), 1U);
    EXPECT_THAT(softswitch.statuses("INVITE"), ElementsAre(483, 100, 180));
    EXPECT_EQ(bob.last_request("INVITE")->max_forwards(), 67U);
    if (border.worker_count() == 1) {
        send_back("sip:bob@example.com", "68");
        EXPECT_EQ(softswitch.statuses("INVITE").back(), 482);
        send_back(std::string(sent->request_uri_text()), "68");
        EXPECT_EQ(softswitch.statuses("INVITE").back(), 482);
        const auto refused = border.refusals();
        ASSERT_GE(refused.size(), 2U);
        EXPECT_EQ(refused[0].status, 482);
        EXPECT_EQ(refused[0].from_adjacency, "softswitch");
    }
    bob.reject(486);
    softswitch.reject(486);
    net.run_for(1s);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

class TrunksInACall : public Trunks {};

// RFC 3261 §13.2.2.4: the ACK of the call itself, also when a re-INVITE came before it was missed.
TEST_F(TrunksInACall, ALostFirstAckIsRepeatedAlsoAfterAReinvite) {
    east.on_invite = Phone::OnInvite::Ignore;
    west.invite("sip:5001@192.0.2.4");
    net.run_for(100ms);
    east.say(200, "t", {{"Contact", east.contact()}}, east.offer);
    net.run_for(100ms);
    ASSERT_TRUE(west.is_in_call());
    ASSERT_EQ(east.acks().size(), 1U);
    west.reinvite();
    net.run_for(100ms);
    ASSERT_EQ(east.acks().size(), 2U);
    east.say(200, "t", {{"Contact", east.contact()}}, east.offer);  // it repeats its 200
    net.run_for(100ms);
    std::vector<std::uint32_t> cseqs;
    for (const auto& ack : east.acks()) {
        cseqs.push_back(ack->cseq().number);
    }
    EXPECT_THAT(cseqs, ElementsAre(1, 2, 1));
    EXPECT_EQ(east.acks()[2]->bytes(), east.acks()[0]->bytes());
    west.bye();
    net.run_for(70s);
}

// RFC 3261 §12.1.2: a peer of RFC 2543 may give no tag before it answers.
TEST_F(TrunksInACall, RingingWithoutATagPassesAndTheCallIsAnswered) {
    east.on_invite = Phone::OnInvite::Ignore;
    west.invite("sip:5001@192.0.2.4");
    net.run_for(100ms);
    east.say(180, "", {});
    net.run_for(100ms);
    east.say(183, "", {{"Contact", east.contact()}, {"Require", "100rel"}, {"RSeq", "7"}},
             east.offer);
    net.run_for(1s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 180, 183));
    for (const auto& response : west.responses()) {
        EXPECT_EQ(response->to_tag().empty(), response->status() == 100);
        EXPECT_EQ(response->count(sip::HeaderName::RSeq), 0U);
        EXPECT_EQ(response->count(sip::HeaderName::Require), 0U);
        EXPECT_TRUE(response->body().empty());
    }
    EXPECT_EQ(east.count("CANCEL"), 0U);
    east.say(200, "t", {{"Contact", east.contact()}}, east.offer);
    net.run_for(1s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 180, 183, 200));
    EXPECT_TRUE(west.is_in_call());
    EXPECT_EQ(east.acks().size(), 1U);
    EXPECT_EQ(east.count("CANCEL") + east.count("BYE"), 0U);
    west.bye();
    net.run_for(1s);
    EXPECT_EQ(east.count("BYE"), 1U);
    ASSERT_EQ(border.records.size(), 1U);
    EXPECT_EQ(border.records[0].result, "answered");
    EXPECT_TRUE(border.records[0].ringing.has_value());
}

TEST_F(TrunksInACall, WhoRingsWithoutATagHearsTheCancel) {
    east.on_invite = Phone::OnInvite::Ignore;
    west.invite("sip:5001@192.0.2.4");
    net.run_for(100ms);
    east.say(180, "", {});
    net.run_for(100ms);
    west.cancel();
    net.run_for(1s);
    EXPECT_EQ(east.count("CANCEL"), 1U);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 180, 487));
    east.say(180, "", {});  // too late for anybody
    net.run_for(40s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 180, 487));
}

// RFC 3261 §13.3.1.4: each 2xx has intervals of its own, however soon it follows another.
TEST_F(TrunksInACall, ASecondReinviteSoonAfterTheAckStartsOneRepetition) {
    west.invite("sip:5001@192.0.2.4");
    net.run_for(1s);
    ASSERT_TRUE(west.is_in_call());
    west.reinvite();
    net.run_for(400ms);  // its ACK is there, the timer of its 200 still runs
    const auto before = west.statuses("INVITE").size();
    west.ack_nothing();
    west.reinvite();
    net.run_for(8s);
    // 100, and 200 after 0, 0.5, 1.5, 3.5, 7.5 s
    EXPECT_EQ(west.statuses("INVITE").size() - before, 6U);
    west.ack_now();
    net.run_for(100ms);
    west.bye();
    net.run_for(70s);
}

// ---- what concerns only us ---------------------------------------------------------------------

// A challenge from behind is for us, and a 503 says nothing about us: as with the first INVITE.
TEST_F(Dialogs, AChallengeOfAReinviteDoesNotGoOn) {
    for (const int challenge : {401, 407}) {
        bob.reinvite_status = challenge;
        alice.reinvite();
        net.run_for(1s);
        const auto answer = alice.last_response("INVITE");
        EXPECT_EQ(answer->status(), 480);
        EXPECT_EQ(answer->count(sip::HeaderName::WwwAuthenticate), 0U);
        EXPECT_EQ(answer->count(sip::HeaderName::ProxyAuthenticate), 0U);
    }
    EXPECT_THAT(alice.statuses("INVITE"), Not(::testing::AnyOf(Contains(401), Contains(407))));
    EXPECT_EQ(border.sbc().calls(), 1U);
    hang_up();
}

TEST_F(Dialogs, AnUnavailableServiceOfAReinviteDoesNotGoOn) {
    bob.reinvite_status = 503;
    alice.reinvite();
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 500);
    bob.in_dialog_status = 407;
    alice.in_dialog(sip::Method::Info);
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("INFO"), ElementsAre(480));
    EXPECT_EQ(border.sbc().calls(), 1U);
    hang_up();
}

TEST_F(Dialogs, TheTraceOfACallGoesToItsVeryEnd) {
    border.sbc().set_trace(true);
    hang_up();
    ASSERT_EQ(border.records.size(), 1U);
    std::vector<std::string> lines;
    for (const std::string& line : border.trace) {
        if (line.find(" BYE\"") != std::string::npos) {  // its cseq
            lines.push_back(line);
        }
    }
    EXPECT_EQ(lines.size(), 4U);  // BYE and 200 on each leg
    EXPECT_THAT(lines, ::testing::Each(HasSubstr("\"call\":\"" + border.records[0].call + "\"")));
}

// ---- requests over UDP: where to ---------------------------------------------------------------

// East is a whole network on one socket, in which north is another adjacency.
class SharedSocket : public Trunks {
protected:
    SharedSocket()
        : Trunks(configured(
              configured(three_trunks, "east", {"remote-address ipv4 192.0.2.0 255.255.255.0"}),
              "north", {"signaling-address ipv4 192.0.2.5"})) {}
    void call(const Phone::Fields& answer) {
        east.on_invite = Phone::OnInvite::Ignore;
        west.invite("sip:5001@192.0.2.4");
        ASSERT_TRUE(run_until([&] { return east.count("INVITE") == 1; }));
        east.say(200, "t", answer, east.offer);
        ASSERT_TRUE(run_until([&] { return west.is_in_call(); }));
        net.run_for(1s);
        west.in_dialog(sip::Method::Info);
        net.run_for(1s);
    }
    std::size_t packets_to(const char* address) { return net.packets_of(ip(address)).size(); }
};

TEST_F(SharedSocket, AContactWithinAnotherAdjacencyIsNotFollowed) {
    call({{"Contact", "<sip:eric@192.0.2.60:5060>"}});
    EXPECT_EQ(packets_to("192.0.2.60"), 0U);
    EXPECT_EQ(east.acks().size(), 1U);  // where it was heard
    EXPECT_EQ(east.count("INFO"), 1U);
    west.bye();
    net.run_for(1s);
    EXPECT_EQ(east.count("BYE"), 1U);
    EXPECT_EQ(packets_to("192.0.2.60"), 0U);
}

TEST_F(SharedSocket, ARecordRouteIntoAnotherAdjacencyIsNotFollowed) {
    call({{"Contact", "<sip:eric@192.0.2.50:5060>"}, {"Record-Route", "<sip:192.0.2.60;lr>"}});
    EXPECT_EQ(packets_to("192.0.2.60"), 0U);
    EXPECT_EQ(east.acks().size(), 1U);
    EXPECT_EQ(east.count("INFO"), 1U);
    west.bye();
}

TEST_F(SharedSocket, AContactWithinTheOwnAdjacencyIsFollowed) {
    Phone other(net, ip("192.0.2.51"), sip::Transport::Udp, {ip("192.0.2.5"), 5060},
                {"eric", "east.example.net", ""}, 77);
    call({{"Contact", "<sip:eric@192.0.2.51:5060>"}});
    EXPECT_EQ(other.acks().size(), 1U);
    EXPECT_EQ(other.count("INFO"), 1U);
    EXPECT_EQ(east.count("INFO"), 0U);
    west.bye();
    net.run_for(1s);
    EXPECT_EQ(other.count("BYE"), 1U);
}

// RFC 3263 §4.1: the URI that a request goes to says by what.
class ByTcp : public SharedSocket {
protected:
    // What went to this address after the INVITE: its methods.
    std::vector<std::string> heard_by(const char* address, bool is_by_tcp) {
        std::vector<std::string> out;
        for (const auto& packet : net.packets_of(ip(address))) {
            const std::string method = packet.bytes.substr(0, packet.bytes.find(' '));
            if (packet.to.address == ip(address) && packet.is_datagram != is_by_tcp &&
                method != "SIP/2.0" && method != "INVITE") {
                out.push_back(method);
            }
        }
        return out;
    }
};

TEST_F(ByTcp, ADialogGoesOnWhereTheContactSaysSo) {
    call({{"Contact", "<sip:eric@192.0.2.50;transport=TCP>"}});
    west.bye();
    net.run_for(1s);
    EXPECT_THAT(heard_by("192.0.2.50", true), ElementsAre("ACK", "INFO", "BYE"));
    EXPECT_THAT(heard_by("192.0.2.50", false), IsEmpty());
    EXPECT_THAT(west.statuses("INFO"), ElementsAre(200));
    EXPECT_THAT(west.statuses("BYE"), ElementsAre(200));
}

TEST_F(ByTcp, OrWhereTheRecordRouteDoes) {
    Phone proxy(net, ip("192.0.2.51"), sip::Transport::Tcp, {ip("192.0.2.5"), 5060},
                {"proxy", "east.example.net", ""}, 77);
    call({{"Contact", "<sip:eric@192.0.2.50>"},
          {"Record-Route", "<sip:192.0.2.51;lr;transport=tcp>"}});
    west.bye();
    net.run_for(1s);
    EXPECT_THAT(heard_by("192.0.2.51", true), ElementsAre("ACK", "INFO", "BYE"));
    EXPECT_THAT(heard_by("192.0.2.50", false), IsEmpty());
}

// The peer is one party, by whatever it comes.
TEST_F(ByTcp, WhatComesByThatConnectionIsThePeers) {
    Phone peer(net, ip("192.0.2.51"), sip::Transport::Tcp, {ip("192.0.2.5"), 5060},
               {"eric", "east.example.net", ""}, 77);
    call({{"Contact", "<sip:eric@192.0.2.51;transport=tcp>"}});
    ASSERT_EQ(peer.count("INFO"), 1U);
    auto dialog =
        sip::Dialog::of_request(*east.last_request("INVITE"), "t", sip::Dialog::State::Confirmed);
    ASSERT_TRUE(dialog);
    peer.within(*dialog, sip::Method::Bye, {});
    net.run_for(1s);
    EXPECT_THAT(peer.statuses("BYE"), ElementsAre(200));
    EXPECT_EQ(west.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(ByTcp, NotIntoAnotherAdjacency) {
    call({{"Contact", "<sip:eric@192.0.2.60;transport=tcp>"}});
    EXPECT_EQ(packets_to("192.0.2.60"), 0U);
    EXPECT_EQ(east.acks().size(), 1U);
    EXPECT_EQ(east.count("INFO"), 1U);
    west.bye();
    net.run_for(1s);
    EXPECT_EQ(packets_to("192.0.2.60"), 0U);
    EXPECT_THAT(heard_by("192.0.2.50", true), IsEmpty());
}

TEST_F(ByTcp, NotToEveryPortOfAnUntrustedPeer) {
    const Endpoint second{ip("192.0.2.50"), 5070};
    east.node().listen_tcp(second);
    call({{"Contact", "<sip:eric@192.0.2.50:5070;transport=tcp>"}});
    EXPECT_THAT(heard_by("192.0.2.50", true), IsEmpty());
    EXPECT_THAT(heard_by("192.0.2.50", false), Contains("ACK"));
    border.sbc().end_all("test");
    net.run_for(100s);
}

class ByUdpAlone : public Trunks {
protected:
    ByUdpAlone() : Trunks(configured(three_trunks, "east", {"mandated-transport udp"})) {}
};

// What the operator demands goes before what a peer's URI says.
TEST_F(ByUdpAlone, WhateverTheContactSays) {
    east.on_invite = Phone::OnInvite::Ignore;
    west.invite("sip:5001@192.0.2.4");
    ASSERT_TRUE(run_until([&] { return east.count("INVITE") == 1; }));
    east.say(200, "t", {{"Contact", "<sip:eric@192.0.2.50;transport=tcp>"}}, east.offer);
    net.run_for(1s);
    EXPECT_EQ(east.acks().size(), 1U);
    const auto packets = net.packets_of(ip("192.0.2.50"));
    EXPECT_TRUE(std::ranges::all_of(packets, [](const auto& each) { return each.is_datagram; }));
    border.sbc().end_all("test");
    net.run_for(100s);
}

class ByTcpWhereTrusted : public Trunks {
protected:
    ByTcpWhereTrusted()
        : Trunks(configured(three_trunks, "east", {"security trusted-unencrypted"})) {}
};

TEST_F(ByTcpWhereTrusted, ToThePortOfTheContact) {
    const Endpoint second{ip("192.0.2.50"), 5070};
    east.node().listen_tcp(second);
    east.on_invite = Phone::OnInvite::Ignore;
    west.invite("sip:5001@192.0.2.4");
    ASSERT_TRUE(run_until([&] { return east.count("INVITE") == 1; }));
    east.say(200, "t", {{"Contact", "<sip:eric@192.0.2.50:5070;transport=tcp>"}}, east.offer);
    net.run_for(1s);
    const auto packets = net.packets_of(ip("192.0.2.50"));
    EXPECT_TRUE(std::ranges::any_of(packets, [&](const auto& packet) {
        return packet.to == second && !packet.is_datagram && packet.bytes.starts_with("ACK ");
    }));
    border.sbc().end_all("test");
    net.run_for(100s);
}

TEST_F(ByTcp, NobodyThereIsAsNobodyElsewhere) {
    net.refuse_connections({ip("192.0.2.50"), 5060});
    call({{"Contact", "<sip:eric@192.0.2.50;transport=tcp>"}});
    west.bye();
    net.run_for(100s);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_THAT(west.statuses("BYE"), ElementsAre(200));
}

}  // namespace
}  // namespace ringwall::test
