#include "sbc/passed_challenges.h"

#include <gtest/gtest.h>

namespace ringwall::sbc {
namespace {

class Passed : public ::testing::Test {
protected:
    static sip::MessagePtr message(const std::string& lines) {
        const std::string text =
            "SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\n"
            "From: <sip:a@x.example>;tag=1\r\nTo: <sip:b@x.example>;tag=2\r\nCall-ID: c\r\n"
            "CSeq: 1 INVITE\r\n" +
            lines + "Content-Length: 0\r\n\r\n";
        return sip::Message::parse(text, sip::Framing::Stream).message;
    }
    void ask(std::string_view phone, const std::string& realm, const std::string& nonce,
             const std::string& field = "WWW-Authenticate") {
        passed.add(
            phone, 1,
            *message(field + ": Digest realm=\"" + realm + "\", nonce=\"" + nonce + "\"\r\n"), now);
    }
    bool is_answer(std::string_view phone, const std::string& realm, const std::string& nonce,
                   const std::string& field = "Authorization", AdjacencyIndex registrar = 1) {
        const auto holder =
            message(field + ": Digest username=\"u\", realm=\"" + realm + "\", nonce=\"" + nonce +
                    "\", uri=\"sip:x\", response=\"0\"\r\n");
        for (const sip::HeaderLine& line : holder->headers()) {
            if (line.id == sip::HeaderName::Authorization ||
                line.id == sip::HeaderName::ProxyAuthorization) {
                return passed.is_answer(phone, registrar, line, now);
            }
        }
        return false;
    }

    PassedChallenges passed;
    TimePoint now{1000s};
};

TEST_F(Passed, AreAnsweredToWhoAskedForThatAndByWhoWasAsked) {
    ask("alice", "home", "n");
    EXPECT_TRUE(is_answer("alice", "home", "n"));
    EXPECT_TRUE(is_answer("alice", "home", "n")) << "a nonce may be used again";
    EXPECT_FALSE(is_answer("bob", "home", "n"));
    EXPECT_FALSE(is_answer("alice", "homen", ""));
    EXPECT_FALSE(is_answer("alice", "home", "m"));
    EXPECT_FALSE(is_answer("alice", "office", "n"));
    EXPECT_FALSE(is_answer("alice", "home", "n", "Proxy-Authorization")) << "it was no 407";
    EXPECT_FALSE(is_answer("alice", "home", "n", "Authorization", 2));
    ask("alice", "home", "p", "Proxy-Authenticate");
    EXPECT_TRUE(is_answer("alice", "home", "p", "Proxy-Authorization"));
}

TEST_F(Passed, WhatIsNoDigestIsNeither) {
    passed.add("alice", 1, *message("WWW-Authenticate: Basic realm=\"home\"\r\n"), now);
    EXPECT_EQ(passed.size(), 0U);
    const auto basic = message("Authorization: Basic YTpi\r\n");
    EXPECT_FALSE(passed.is_answer("alice", 1, *basic->header(sip::HeaderName::Authorization), now));
}

TEST_F(Passed, AreForgottenAfterTheirTime) {
    ask("alice", "home", "n");
    now += PassedChallenges::lifetime - 1s;
    EXPECT_TRUE(is_answer("alice", "home", "n"));
    now += 1s;
    EXPECT_FALSE(is_answer("alice", "home", "n"));
    EXPECT_EQ(passed.size(), 0U);
}

TEST_F(Passed, OnePhoneTakesNobodysPlace) {
    ask("bob", "home", "n");
    for (int i = 0; i < 100; ++i) {
        ask("alice", "home", std::to_string(i));
    }
    EXPECT_EQ(passed.size(), PassedChallenges::of_one_phone + 1);
    EXPECT_TRUE(is_answer("alice", "home", "99"));
    EXPECT_FALSE(is_answer("alice", "home", "0"));
    EXPECT_TRUE(is_answer("bob", "home", "n"));
}

TEST_F(Passed, AreSoManyAtMost) {
    for (std::size_t i = 0; i < PassedChallenges::capacity + 10; ++i) {
        ask("phone " + std::to_string(i), "home", "n");
    }
    EXPECT_EQ(passed.size(), PassedChallenges::capacity);
    EXPECT_FALSE(is_answer("phone 9", "home", "n"));
    EXPECT_TRUE(is_answer("phone 10", "home", "n"));
}

TEST_F(Passed, RealmsAreOfTheirRegistrarUntilItIsAnother) {
    Realms realms;
    realms.add(1, *message("WWW-Authenticate: Digest realm=\"home\", nonce=\"n\", "
                           "algorithm=AKAv1-MD5\r\nProxy-Authenticate: Basic realm=\"plain\"\r\n"));
    EXPECT_TRUE(realms.contains(1, "home")) << "of any algorithm";
    EXPECT_FALSE(realms.contains(1, "plain"));
    EXPECT_FALSE(realms.contains(2, "home"));
    for (std::size_t i = 0; i < Realms::of_one_registrar; ++i) {
        realms.add(1, *message("WWW-Authenticate: Digest realm=\"" + std::to_string(i) +
                               "\", nonce=\"n\"\r\n"));
    }
    EXPECT_FALSE(realms.contains(1, "home")) << "the oldest goes";
    realms.forget(1);
    EXPECT_FALSE(realms.contains(1, "0"));
}

}  // namespace
}  // namespace ringwall::sbc
