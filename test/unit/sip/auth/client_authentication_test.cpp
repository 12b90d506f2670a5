#include "sip/auth/client_authentication.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::sip::auth {
namespace {

using Verdict = ClientAuthentication::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Client : public testing::Test {
protected:
    MessagePtr request() {
        auto builder = MessageBuilder::request("INVITE", "sip:bob@provider.example");
        builder.header(HeaderName::Via, "SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1");
        builder.header(HeaderName::From, "<sip:a@b>;tag=1");
        builder.header(HeaderName::To, "<sip:bob@provider.example>");
        builder.header(HeaderName::CallId, "c");
        builder.header(HeaderName::CSeq, std::to_string(++cseq) + " INVITE");
        client.sign(builder, "INVITE", "sip:bob@provider.example", "", random);
        return builder.build();
    }
    // Sends, is challenged, and what comes of it.
    Verdict challenge(std::initializer_list<std::string> lines, int status = 407) {
        sent = request();
        auto builder = reply(*sent, status, "t");
        for (const std::string& line : lines) {
            builder.header(status == 407 ? "Proxy-Authenticate" : "WWW-Authenticate", line);
        }
        return client.on_challenge(*sent, *builder.build(), tries);
    }
    std::vector<Credentials> signatures(HeaderName field = HeaderName::ProxyAuthorization) {
        std::vector<Credentials> all;
        const MessagePtr next = request();
        for (const HeaderLine& line : next->headers()) {
            if (line.id == field) {
                all.push_back(parse_credentials(line.value).value());
            }
        }
        return all;
    }
    static std::string digest(const std::string& nonce, const std::string& more = {},
                              const std::string& realm = "provider") {
        return "Digest realm=\"" + realm + "\", nonce=\"" + nonce + "\", qop=\"auth\"" + more;
    }

    SeededRandom random{1};
    ClientAuthentication client{{Account{"trunk", Secret("secret"), "provider"},
                                 Account{"other", Secret("hidden"), "elsewhere"}}};
    ClientAuthentication::Tries tries;
    MessagePtr sent;
    unsigned cseq = 0;
};

TEST_F(Client, SignsWithTheAccountOfTheRealm) {
    EXPECT_EQ(challenge({digest("n1")}), Verdict::Answer);
    const auto all = signatures();
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(all[0].username, "trunk");
    EXPECT_TRUE(verify(all[0], HashedPassword("trunk", "provider", Secret("secret")), "INVITE"));
    EXPECT_THAT(signatures(HeaderName::Authorization), IsEmpty());
}

TEST_F(Client, SignsTheNextRequestAtOnceWithItsOwnCount) {
    EXPECT_EQ(challenge({digest("n1")}), Verdict::Answer);
    EXPECT_EQ(signatures()[0].nonce_count(), 1U);
    EXPECT_EQ(signatures()[0].nonce_count(), 2U);
    client.forget();
    EXPECT_THAT(signatures(), IsEmpty());
}

// RFC 8760 §2.4.
TEST_F(Client, TakesTheTopmostItKnowsButNoMd5WhereABetterOneStands) {
    EXPECT_EQ(challenge({digest("n0", ", algorithm=SHA3-256"), digest("n1", ", algorithm=SHA-256"),
                         digest("n2", ", algorithm=SHA-512-256"), digest("n3")}),
              Verdict::Answer);
    EXPECT_EQ(signatures()[0].nonce, "n1");
    client.forget();
    EXPECT_EQ(challenge({digest("n1"), digest("n2", ", algorithm=SHA-512-256")}), Verdict::Answer);
    EXPECT_EQ(signatures()[0].nonce, "n2");
}

TEST_F(Client, NeverAnswersBasicOrARealmThatIsNotItsOwn) {
    EXPECT_EQ(challenge({"Basic realm=\"provider\""}), Verdict::NoAccount);
    EXPECT_EQ(challenge({digest("n", "", "evil")}), Verdict::NoAccount);
    EXPECT_EQ(challenge({digest("n", ", xrealm=\"provider\"", "evil")}), Verdict::NoAccount);
    EXPECT_EQ(challenge({digest("n", ", algorithm=MD5-sess")}), Verdict::NoAccount);
    EXPECT_EQ(challenge({"Digest"}), Verdict::NoAccount);
    EXPECT_EQ(challenge({}), Verdict::NoAccount);
    EXPECT_THAT(signatures(), IsEmpty());
}

TEST_F(Client, AnswersEveryRealmThatItHasAnAccountFor) {
    EXPECT_EQ(challenge({digest("n1"), digest("n2", "", "elsewhere"), digest("n3", "", "evil")}),
              Verdict::Answer);
    EXPECT_THAT(signatures(), SizeIs(2));
}

// A proxy first, then the callee behind it (RFC 3261 §22.3).
TEST_F(Client, AnswersTheProxyAndThenTheServer) {
    EXPECT_EQ(challenge({digest("n1")}), Verdict::Answer);
    EXPECT_EQ(challenge({digest("n2", "", "elsewhere")}, 401), Verdict::Answer);
    EXPECT_THAT(signatures(), SizeIs(1));
    EXPECT_THAT(signatures(HeaderName::Authorization), SizeIs(1));
}

TEST_F(Client, DoesNotSayAWrongPasswordTwice) {
    EXPECT_EQ(challenge({digest("n1")}), Verdict::Answer);
    EXPECT_EQ(challenge({digest("n2")}), Verdict::Refused);
}

TEST_F(Client, AnswersAStaleNonceButNotForEver) {
    EXPECT_EQ(challenge({digest("n1")}), Verdict::Answer);
    EXPECT_EQ(challenge({digest("n2", ", stale=true")}), Verdict::Answer);
    EXPECT_EQ(challenge({digest("n3", ", stale=true")}), Verdict::Answer);
    EXPECT_EQ(challenge({digest("n4", ", stale=true")}), Verdict::TooOften);
}

TEST_F(Client, DoesNotAnswerTheSameNonceAgain) {
    EXPECT_EQ(challenge({digest("n1")}), Verdict::Answer);
    EXPECT_EQ(challenge({digest("n1", ", stale=true")}), Verdict::Refused);
}

// Some servers do not say stale when a nonce of long ago comes.
TEST_F(Client, AnswersWhenAnOldNonceIsNotTakenAnyMore) {
    EXPECT_EQ(challenge({digest("n1")}), Verdict::Answer);
    tries = {};  // the next request, an hour later
    EXPECT_EQ(challenge({digest("n2")}), Verdict::Answer);
    EXPECT_EQ(signatures()[0].nonce, "n2");
    EXPECT_EQ(challenge({digest("n3")}), Verdict::Refused);
}

TEST_F(Client, AnswersTwoChallengesAndNoMore) {
    EXPECT_EQ(challenge({digest("n1")}), Verdict::Answer);
    EXPECT_EQ(challenge({digest("n2", "", "elsewhere")}), Verdict::Answer);
    client.forget();
    EXPECT_EQ(challenge({digest("n3")}), Verdict::TooOften);
}

}  // namespace
}  // namespace ringwall::sip::auth
