// Who is in the trust domain, what is asked for, and what of it is to be done (RFC 3323, RFC 3325).
#include "sbc/policy/caller_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sbc/policy/arrival.h"

namespace ringwall::sbc::policy {
namespace {

sip::MessagePtr asking(const std::vector<std::string>& values) {
    std::string text =
        "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK7\r\n"
        "Max-Forwards: 70\r\nFrom: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n"
        "Call-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:alice@192.0.2.7>\r\n";
    for (const std::string& value : values) {
        text += "Privacy: " + value + "\r\n";
    }
    return sip::Message::parse(text + "Content-Length: 0\r\n\r\n", sip::Framing::Stream).message;
}

TEST(Privacy, IsReadFromAllItsFields) {
    const Privacy asked = privacy_of(*asking({"Header ; SESSION", "id,critical"}));
    EXPECT_EQ(
        asked,
        (Privacy{.is_said = true, .header = true, .session = true, .id = true, .critical = true}));
    EXPECT_EQ(privacy_of(*asking({})), Privacy{});
    EXPECT_EQ(privacy_of(*asking({"", ";;"})), Privacy{});
    EXPECT_EQ(privacy_of(*asking({"user;what"})),
              (Privacy{.is_said = true, .user = true, .unknown = true}));
}

TEST(Privacy, WhatIsNotSaidIsAsBefore) {
    const Author before{.asked = {.is_said = true, .id = true}};
    EXPECT_TRUE(asked_in(*asking({}), before).id);
    EXPECT_FALSE(asked_in(*asking({"none"}), before).id);
}

TEST(TrustDomain, IsTheTrustedAdjacenciesButThoseOfPhones) {
    Snapshot snapshot = example_snapshot();
    const auto& adjacencies = snapshot.adjacencies;
    EXPECT_FALSE(is_in_trust_domain(adjacencies[phones]));
    EXPECT_TRUE(is_in_trust_domain(adjacencies[carrier]));
    EXPECT_TRUE(is_in_trust_domain(adjacencies[softswitch]));
    EXPECT_FALSE(is_in_trust_domain(adjacencies[outside]));
    snapshot.adjacencies[phones].privacy = PrivacyMode::Trusted;
    snapshot.adjacencies[carrier].privacy = PrivacyMode::OnRequest;
    EXPECT_TRUE(is_in_trust_domain(adjacencies[phones]));
    EXPECT_FALSE(is_in_trust_domain(adjacencies[carrier]));
    EXPECT_FALSE(is_believed(adjacencies[phones]));  // a phone is who it has proven to be
    EXPECT_FALSE(is_believed(adjacencies[carrier]));
    EXPECT_TRUE(is_believed(adjacencies[softswitch]));
}

TEST(TrustDomain, WhoMayHearAnIdentity) {
    Adjacency trusted;
    trusted.privacy = PrivacyMode::Trusted;
    Adjacency on_request;
    Adjacency restricted;
    restricted.privacy = PrivacyMode::Restricted;
    const Privacy nothing;
    const Privacy none{.is_said = true, .none = true};
    for (const Privacy& asked :
         {Privacy{.is_said = true, .id = true}, Privacy{.is_said = true, .user = true},
          Privacy{.is_said = true, .id = true, .none = true}}) {
        EXPECT_TRUE(may_hear_identity(trusted, asked));
        EXPECT_FALSE(may_hear_identity(on_request, asked));
        EXPECT_FALSE(may_hear_identity(restricted, asked));
    }
    EXPECT_TRUE(may_hear_identity(on_request, nothing));
    EXPECT_TRUE(may_hear_identity(on_request, none));
    EXPECT_FALSE(may_hear_identity(restricted, nothing));
    EXPECT_TRUE(may_hear_identity(restricted, none));
}

// docs/decisions/0076.
TEST(Strangers, SpeakForNoneOfOurUsers) {
    Snapshot snapshot = example_snapshot();
    snapshot.note_domains();
    const Adjacency& stranger = snapshot.adjacencies[outside];
    const auto is_referrer = [](const Adjacency& from, std::string_view who) {
        return may_name_referrer(from, {}, *sip::parse_name_addr(who));
    };
    for (const char* const ours :
         {"<sip:alice@example.com>", "<sips:nobody@EXAMPLE.com.:5061>", "sip:example.com",
          "<im:alice@example.com?subject=x>", "<tel:+123;phone-context=example.com>"}) {
        EXPECT_FALSE(is_referrer(stranger, ours)) << ours;
        EXPECT_FALSE(may_be_replied_at(stranger, ours)) << ours;
        EXPECT_TRUE(is_referrer(snapshot.adjacencies[softswitch], ours)) << ours;
        EXPECT_TRUE(may_be_replied_at(snapshot.adjacencies[softswitch], ours)) << ours;
        EXPECT_TRUE(may_be_replied_at(snapshot.adjacencies[phones], ours)) << ours;
    }
    for (const char* const others : {"<sip:alice@example.net>", "\"A\" <sip:a@192.0.2.30>;x=1",
                                     "<tel:+493012345>", "<sip:alice@sub.example.com>"}) {
        EXPECT_TRUE(is_referrer(stranger, others)) << others;
        EXPECT_TRUE(may_be_replied_at(stranger, others)) << others;
    }
    EXPECT_FALSE(may_be_replied_at(stranger, "<sip:a@example.net>, <sip:bob@example.com>"));
    EXPECT_FALSE(may_be_replied_at(stranger, "<sip:"));
    snapshot.adjacencies[outside].takes_own_callers = true;
    snapshot.note_domains();
    EXPECT_TRUE(is_referrer(stranger, "<sip:alice@example.com>"));
    EXPECT_TRUE(may_be_replied_at(stranger, "<sip:alice@example.com>"));
}

TEST(Privacy, OnlyWhatIsCriticalAndCannotBeDoneIsLacking) {
    Adjacency inside;
    inside.privacy = PrivacyMode::Trusted;
    const Adjacency outside_of_it;
    const auto lacks = [&](const char* asked, bool is_hidden) {
        EXPECT_FALSE(lacks_privacy(inside, privacy_of(*asking({asked})), is_hidden)) << asked;
        return lacks_privacy(outside_of_it, privacy_of(*asking({asked})), is_hidden);
    };
    EXPECT_TRUE(lacks("session;critical", false));
    EXPECT_FALSE(lacks("session;critical", true));
    EXPECT_FALSE(lacks("session", false));
    EXPECT_TRUE(lacks("what;critical", true));
    EXPECT_FALSE(lacks("what", false));
    EXPECT_FALSE(lacks("header;user;id;history;critical", false));
}

TEST(Numbers, AreDigitsWithOrWithoutSeparators) {
    for (const char* number : {"+15551234", "15551234", "+1-555-(123).4", "+1555;verstat=x"}) {
        EXPECT_TRUE(is_number(number)) << number;
    }
    for (const char* name : {"", "+", "alice", "+1555a", "-", "1555%20"}) {
        EXPECT_FALSE(is_number(name)) << name;
    }
}

}  // namespace
}  // namespace ringwall::sbc::policy
