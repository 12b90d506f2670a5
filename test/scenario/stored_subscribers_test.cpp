// Subscribers of the store (docs/decisions/0059): phones of theirs are as good as the
// configuration's, until they are removed or their password is another.
#include "scenario/border.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

sbc::Subscriber subscriber(const std::string& user, const std::string& password) {
    sbc::Subscriber out;
    out.address_of_record = user + "@example.com";
    out.username = user;
    out.realm = "example.com";
    out.password =
        sip::auth::HashedPassword(out.username, out.realm, Secret(std::string(password)));
    return out;
}

// The lab without alice in its configuration.
std::string without_alice() {
    std::string out(small_lab);
    const std::string lines = "  subscriber alice@example.com\n   password wonderland\n";
    return out.erase(out.find(lines), lines.size());
}

class StoredSubscribers : public SmallLab {
protected:
    StoredSubscribers() : SmallLab(without_alice()) {}

    void alice_is_stored(const std::string& password = "wonderland") {
        border.publish({subscriber("alice", password)});
    }
    void hang_up() {
        alice.bye();
        ASSERT_TRUE(run_until([&] { return bob.count("BYE") == 1 && border.sbc().calls() == 0; }));
    }
    std::size_t bindings() { return border.sbc().location().find_all(net.now().monotonic).size(); }
};

TEST_F(StoredSubscribers, NobodyIsRegisteredBeforeAndWhoIsStoredIs) {
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.statuses("REGISTER").size() == 2; }));
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(401, 401));
    alice_is_stored();
    register_phones();
    talk();
    hang_up();
    EXPECT_EQ(bindings(), 2U);
}

// One of the configuration takes nothing from those of the store, nor the other way round.
TEST_F(StoredSubscribers, AnotherConfigurationLeavesThem) {
    alice_is_stored();
    register_phones();
    border.publish(without_alice());
    EXPECT_EQ(bindings(), 2U);
    alice_is_stored();
    EXPECT_EQ(bindings(), 2U) << "who is the same stays registered";
    talk();
    hang_up();
}

// Nothing of her goes on any more, and nobody reaches her; what she had before she could.
TEST_F(StoredSubscribers, WhoIsRemovedIsNobody) {
    alice_is_stored();
    register_phones();
    std::size_t before = sent_to(bob);
    talk();
    EXPECT_GT(sent_to(bob), before) << "an allowed call is seen";
    hang_up();

    border.publish(std::vector<sbc::Subscriber>{});
    EXPECT_EQ(bindings(), 1U);
    before = sent_to(bob);
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.statuses("INVITE").size() == 4; }));
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 200, 401, 401));
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.statuses("REGISTER").size() == 4; }));
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(401, 200, 401, 401));
    EXPECT_EQ(sent_to(bob), before);

    before = sent_to(alice);
    bob.invite("sip:alice@example.com");
    ASSERT_TRUE(run_until([&] { return bob.statuses("INVITE").size() == 2; }));
    EXPECT_EQ(bob.statuses("INVITE").back(), 404);
    EXPECT_EQ(sent_to(alice), before);
}

// A call goes on as what it was.
TEST_F(StoredSubscribers, ACallOutlivesItsSubscriber) {
    alice_is_stored();
    register_phones();
    talk();
    border.publish(std::vector<sbc::Subscriber>{});
    EXPECT_EQ(border.sbc().calls(), 1U);
    alice.reinvite();
    ASSERT_TRUE(run_until([&] { return bob.count("INVITE") == 2; }));
    hang_up();
}

// Its registrations were made with the one before.
TEST_F(StoredSubscribers, AnotherPasswordEndsWhatWasRegisteredWithTheFirst) {
    alice_is_stored();
    register_phones();
    alice_is_stored("looking-glass");
    EXPECT_EQ(bindings(), 1U);
    const std::size_t before = sent_to(bob);
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.statuses("REGISTER").size() == 4; }));
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(401, 200, 401, 401));
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.statuses("INVITE").size() == 2; }));
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(401, 401));
    EXPECT_EQ(sent_to(bob), before);

    Phone again(net, ip("192.0.2.13"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
                {"alice", "example.com", "looking-glass"}, 105);
    again.register_now();
    ASSERT_TRUE(run_until([&] { return again.is_registered(); }));
}

// A stranger learns from a challenge neither who is there nor where that is kept.
TEST_F(StoredSubscribers, ChallengesOfBothAndOfNobodyAreAlike) {
    alice_is_stored();
    std::vector<std::string> realms;
    for (const char* user : {"alice", "bob", "nobody"}) {
        Phone eve(net, ip("192.0.2.13"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
                  {user, "example.com", "guess"}, 106);
        eve.register_now();
        ASSERT_TRUE(run_until([&] { return eve.statuses("REGISTER").size() == 2; }));
        EXPECT_THAT(eve.statuses("REGISTER"), ElementsAre(401, 401));
        const auto& field = eve.responses().front()->header(sip::HeaderName::WwwAuthenticate);
        realms.push_back(std::string(sip::auth::parse_challenge(field->value)->realm));
    }
    EXPECT_THAT(realms, ElementsAre("example.com", "example.com", "example.com"));
}

// A phone that asks the caller for proof is shown its own subscriber's, from the store too.
TEST_F(StoredSubscribers, APhonesChallengeIsAnsweredByWhatTheStoreHas) {
    alice_is_stored();
    register_phones();
    std::optional<sip::auth::Credentials> shown;
    alice.answered_by_test = [&](sip::transaction::ServerId id, const sip::MessagePtr& request) {
        if (request->method() != sip::Method::Invite) {
            return false;
        }
        const auto* const field = request->header(sip::HeaderName::Authorization);
        if (field != nullptr) {
            shown = *sip::auth::parse_credentials(field->value);
            return false;
        }
        auto response = sip::reply(*request, 401, "challenge");
        response.header(sip::HeaderName::WwwAuthenticate,
                        "Digest realm=\"example.com\", nonce=\"n\", qop=\"auth\", "
                        "algorithm=SHA-256");
        alice.shard().respond(id, response.build());
        return true;
    };
    bob.invite("sip:alice@example.com");
    ASSERT_TRUE(run_until([&] { return bob.is_in_call(); }));
    ASSERT_TRUE(shown);
    EXPECT_TRUE(sip::auth::verify(*shown, subscriber("alice", "wonderland").password, "INVITE"));
    EXPECT_THAT(bob.statuses("INVITE"), Not(Contains(401)));
    bob.bye();
    ASSERT_TRUE(run_until([&] { return alice.count("BYE") == 1 && border.sbc().calls() == 0; }));
}

}  // namespace
}  // namespace ringwall::test
