// What stands in a body when it is neither the first offer nor the first answer: ACKs, failures,
// encoded bodies, early media and re-INVITEs. (facts: media-security; RFC 3264 §6, RFC 3261 §7.4.)
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string sdes =
    "v=0\r\no=- 1 1 IN IP4 198.51.100.9\r\ns=-\r\nc=IN IP4 198.51.100.9\r\nt=0 0\r\n"
    "m=audio 4000 RTP/SAVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";

// The softswitch calls the outside; it would give its keys away.
class Bodies : public SmallLab {
protected:
    explicit Bodies(const std::string& configuration = configured(small_lab, "softswitch",
                                                                  {"sip-calls-in insecure"}))
        : SmallLab(configuration) {}
    void TearDown() override {
        for (const auto& packet : net.packets_of(outside.node().address())) {
            EXPECT_THAT(packet.bytes, Not(HasSubstr("inline:")));
        }
        SmallLab::TearDown();
    }
    bool talks(Phone& caller, const std::string& uri, Phone& callee) {
        caller.invite(uri);
        return run_until([&] { return caller.is_in_call() && !callee.acks().empty(); });
    }
};

// ---- ACK ---------------------------------------------------------------------------------------

TEST_F(Bodies, AnAckHasNothingToSayWhereTheInviteBoreTheOffer) {
    softswitch.ack_body = sdes;
    ASSERT_TRUE(talks(softswitch, "sip:5001@outside.example.com", outside));
    EXPECT_EQ(outside.acks().back()->body(), "");
    EXPECT_EQ(outside.acks().back()->content_type(), "");
    EXPECT_TRUE(outside.is_in_call());
    softswitch.reinvite();
    net.run_for(1s);
    EXPECT_EQ(outside.acks().size(), 2U);
    EXPECT_EQ(outside.acks().back()->body(), "");
    EXPECT_EQ(border.sbc().calls(), 1U);
    softswitch.bye();
}

TEST_F(Bodies, AnAckThatAnswersALateOfferIsJudged) {
    softswitch.offer = "";
    softswitch.ack_body = sdes;
    ASSERT_TRUE(talks(softswitch, "sip:5001@outside.example.com", outside));
    net.run_for(1s);
    EXPECT_EQ(outside.acks().back()->body(), "");
    EXPECT_EQ(outside.count("BYE"), 1U);
    EXPECT_EQ(softswitch.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_EQ(border.records.back().reason, "answer refused by media-security");
}

TEST_F(Bodies, AnAckThatAnswersALateOfferPassesWhenItIsAnAnswer) {
    softswitch.ack_body = softswitch.offer;
    softswitch.offer = "";
    ASSERT_TRUE(talks(softswitch, "sip:5001@outside.example.com", outside));
    net.run_for(1s);
    EXPECT_EQ(outside.acks().back()->body(), softswitch.ack_body);
    EXPECT_EQ(outside.acks().back()->content_type(), "application/sdp");
    EXPECT_EQ(border.sbc().calls(), 1U);
    softswitch.bye();
}

// ---- failures ----------------------------------------------------------------------------------

TEST_F(Bodies, KeysInAFailureDoNotGoOn) {
    softswitch.on_invite = Phone::OnInvite::Ring;
    outside.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.count("INVITE") == 1; }));
    softswitch.say(488, "z", {}, sdes);
    net.run_for(1s);
    EXPECT_THAT(outside.statuses("INVITE"), ElementsAre(100, 180, 488));
    EXPECT_EQ(outside.last_response("INVITE")->body(), "");
    EXPECT_EQ(outside.last_response("INVITE")->content_type(), "");
}

TEST_F(Bodies, WhatAFailureMaySayGoesOn) {
    softswitch.on_invite = Phone::OnInvite::Ring;
    outside.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.count("INVITE") == 1; }));
    softswitch.say(488, "z", {}, softswitch.offer);
    net.run_for(1s);
    EXPECT_EQ(outside.statuses("INVITE").back(), 488);
    EXPECT_EQ(outside.last_response("INVITE")->body(), softswitch.offer);
}

// ---- encoded bodies ----------------------------------------------------------------------------

class Encoded : public Bodies, public ::testing::WithParamInterface<const char*> {
protected:
    Phone::Fields encoded(Phone& caller) {
        return {{"Contact", caller.contact()},
                {"Content-Encoding", "gzip"},
                {"Content-Type", GetParam()}};
    }
    const std::string octets = "\x1f\x8b\x08 what stands here only an unpacker knows";
};

TEST_P(Encoded, TowardsTheOutsideIsRefusedAndNothingIsSent) {
    const std::size_t before = sent_to(outside);
    softswitch.send("INVITE", "sip:5001@outside.example.com", encoded(softswitch), octets);
    net.run_for(2s);
    EXPECT_THAT(softswitch.statuses("INVITE"), ElementsAre(100, 415));
    softswitch.send("MESSAGE", "sip:5001@outside.example.com", encoded(softswitch), octets);
    net.run_for(2s);
    EXPECT_THAT(softswitch.statuses("MESSAGE"), ElementsAre(415));
    for (const char* method : {"INVITE", "MESSAGE"}) {  // RFC 3261 §21.4.13
        const auto* accepted = softswitch.last_response(method)->header("Accept-Encoding");
        ASSERT_NE(accepted, nullptr) << method;
        EXPECT_EQ(accepted->value, "identity");
    }
    EXPECT_EQ(sent_to(outside), before);
}

TEST_P(Encoded, FromTheOutsideIsRefusedAndNothingIsSent) {
    const std::size_t before = sent_to(softswitch);
    outside.send("INVITE", "sip:9001@switch.example.com", encoded(outside), octets);
    net.run_for(2s);
    EXPECT_THAT(outside.statuses("INVITE"), ElementsAre(100, 415));
    EXPECT_EQ(sent_to(softswitch), before);
}

// In an answer too, whatever encoding a first line names.
TEST_P(Encoded, AnAnswerToTheOutsideEndsTheAttempt) {
    softswitch.on_invite = Phone::OnInvite::Ring;
    outside.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.count("INVITE") == 1; }));
    softswitch.say(200, "z",
                   {{"Contact", softswitch.contact()},
                    {"Content-Encoding", "identity"},
                    {"Content-Encoding", "gzip"},
                    {"Content-Type", GetParam()}},
                   octets);
    net.run_for(2s);
    EXPECT_GE(outside.statuses("INVITE").back(), 400);
    EXPECT_EQ(softswitch.acks().size(), 1U);
    EXPECT_EQ(softswitch.count("BYE"), 1U);
    for (const auto& packet : net.packets_of(outside.node().address())) {
        EXPECT_THAT(packet.bytes, Not(HasSubstr("unpacker")));
    }
}

INSTANTIATE_TEST_SUITE_P(Types, Encoded,
                         ::testing::Values("multipart/mixed;boundary=x", "application/sdp",
                                           "application/octet-stream"));

class EncodedAmongTrusted : public Bodies {
protected:
    EncodedAmongTrusted() : Bodies(std::string(small_lab)) {}
};

TEST_F(EncodedAmongTrusted, Passes) {
    register_phones();
    bob.on_invite = Phone::OnInvite::Reject;
    softswitch.send("INVITE", "sip:bob@example.com",
                    {{"Contact", softswitch.contact()},
                     {"Content-Encoding", "gzip"},
                     {"Content-Type", "multipart/mixed;boundary=x"}},
                    "packed");
    net.run_for(2s);
    EXPECT_EQ(softswitch.statuses("INVITE").back(), 486);
    ASSERT_EQ(bob.count("INVITE"), 1U);
    EXPECT_EQ(bob.last_request("INVITE")->body(), "packed");
    EXPECT_EQ(bob.last_request("INVITE")->header(sip::HeaderName::ContentEncoding)->value, "gzip");
}

class EncodedToPhonesWithKeys : public Bodies {
protected:
    EncodedToPhonesWithKeys()
        : Bodies(configured(small_lab, "phones", {"media-security required"})) {}
};

TEST_F(EncodedToPhonesWithKeys, IsRefusedAndNothingIsSent) {
    register_phones();
    const std::size_t before = sent_to(bob);
    for (Phone* caller : {&alice, &softswitch}) {
        caller->send("INVITE", "sip:bob@example.com",
                     {{"Contact", caller->contact()},
                      {"Content-Encoding", "gzip"},
                      {"Content-Type", "multipart/mixed;boundary=x"}},
                     "packed");
        net.run_for(2s);
        EXPECT_THAT(caller->statuses("INVITE"), ElementsAre(100, 415));
    }
    EXPECT_EQ(sent_to(bob), before);
}

// ---- an answer that was not offered ------------------------------------------------------------

class Answers : public Bodies {
protected:
    void SetUp() override {
        register_phones();
        alice.offer = sdes;  // bob's stays RTP/AVP
    }
};

TEST_F(Answers, InEarlyMediaInTheClearToAnOfferOfSrtpEndsTheAttempt) {
    bob.on_invite = Phone::OnInvite::EarlyMedia;
    alice.invite("sip:bob@example.com");
    net.run_for(2s);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 488));
    EXPECT_EQ(bob.count("CANCEL"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Answers, InTheClearToAnOfferOfSrtpEndTheAttempt) {
    alice.invite("sip:bob@example.com");
    net.run_for(2s);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 488));
    EXPECT_EQ(bob.acks().size(), 1U);
    EXPECT_EQ(bob.count("BYE"), 1U);
}

TEST_F(Answers, InTheClearToAReinviteWithSrtpEndTheCall) {
    bob.offer = sdes;
    talk();
    bob.offer = outside.offer;  // in the clear
    alice.reinvite();
    net.run_for(2s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 488);
    EXPECT_EQ(bob.acks().size(), 2U);  // owed
    EXPECT_EQ(alice.count("BYE"), 1U);
    EXPECT_EQ(bob.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Answers, ThatWereOfferedPassEarlyAndLate) {
    bob.offer = sdes;
    bob.on_invite = Phone::OnInvite::EarlyMedia;
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.statuses("INVITE").size() == 2; }));
    EXPECT_EQ(alice.last_response("INVITE")->body(), sdes);
    bob.answer();
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !bob.acks().empty(); }));
    alice.reinvite();
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 200);
    EXPECT_EQ(border.sbc().calls(), 1U);
    alice.bye();
}

}  // namespace
}  // namespace ringwall::test
