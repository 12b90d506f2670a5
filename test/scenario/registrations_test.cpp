// RFC 3665 §2 with the registrar of the border controller.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Registrations : public SmallLab {
protected:
    using Fields = std::vector<std::pair<std::string, std::string>>;
    // A REGISTER of the test's own, answered.
    sip::MessagePtr send_register(Phone& phone, const Fields& fields,
                                  const std::string& to = "sip:example.com") {
        const auto before = phone.statuses("REGISTER").size();
        phone.send("REGISTER", to, fields);
        run_until(
            [&] {
                const auto now = phone.statuses("REGISTER");
                return now.size() > before && now.back() != 401;
            },
            5s);
        return phone.last_response("REGISTER");
    }
    std::vector<std::string> contacts(const sip::MessagePtr& response) {
        std::vector<std::string> out;
        for (const auto value : response->values(sip::HeaderName::Contact)) {
            out.emplace_back(value.substr(0, value.find('>') + 1));
        }
        return out;
    }
    const Fields to_alice{{"To", "<sip:alice@example.com>"}};
};

// §2.1
TEST_F(Registrations, NewRegistration) {
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(401, 200));
    EXPECT_THAT(contacts(alice.last_response("REGISTER")), ElementsAre(alice.contact()));
    EXPECT_EQ(border.sbc().location().binding_count(), 1U);
}

// §2.2
TEST_F(Registrations, UpdateOfTheContactList) {
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    Fields fields = to_alice;
    fields.emplace_back("Contact", "<sip:alice@192.0.2.11:6060;transport=tls>;expires=600");
    const auto response = send_register(alice, fields);
    EXPECT_EQ(response->status(), 200);
    EXPECT_THAT(contacts(response),
                ::testing::UnorderedElementsAre(alice.contact(),
                                                "<sip:alice@192.0.2.11:6060;transport=tls>"));
    EXPECT_EQ(border.sbc().location().binding_count(), 2U);
}

// §2.3
TEST_F(Registrations, RequestForTheCurrentList) {
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    const auto response = send_register(alice, to_alice);
    EXPECT_EQ(response->status(), 200);
    EXPECT_THAT(contacts(response), ElementsAre(alice.contact()));
    EXPECT_EQ(border.sbc().location().binding_count(), 1U);
}

// §2.4
TEST_F(Registrations, Cancellation) {
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    Fields fields = to_alice;
    fields.emplace_back("Contact", "*");
    fields.emplace_back("Expires", "0");
    const auto response = send_register(alice, fields);
    EXPECT_EQ(response->status(), 200);
    EXPECT_EQ(response->count(sip::HeaderName::Contact), 0U);
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
}

// §2.5
TEST_F(Registrations, Unsuccessful) {
    Phone eve(net, ip("192.0.2.13"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
              {"alice", "example.com", "looking-glass"});
    eve.register_now();
    net.run_for(2s);
    EXPECT_THAT(eve.statuses("REGISTER"), ElementsAre(401, 401));
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);

    bob.register_now();
    ASSERT_TRUE(run_until([&] { return bob.is_registered(); }));
    bob.invite("sip:alice@example.com");
    net.run_for(2s);
    EXPECT_EQ(eve.count("INVITE"), 0U);
    EXPECT_THAT(bob.statuses("INVITE"), ElementsAre(100, 480));
}

TEST_F(Registrations, OfAnotherSubscriberIsRefusedThoughTheDigestIsGood) {
    const auto response =
        send_register(alice, {{"From", "<sip:bob@example.com>;tag=1"},
                              {"To", "<sip:bob@example.com>"},
                              {"Contact", "<sip:alice@192.0.2.11;transport=tls>"}});
    EXPECT_THAT(response->status(), ::testing::AnyOf(401, 403));
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
}

// A SIPS address-of-record needs SIPS contacts (RFC 5630 §5.1.1, settled: 400).
TEST_F(Registrations, SipsAddressOfRecordWithASipContact) {
    const Fields sips{{"From", "<sips:alice@example.com>;tag=1"},
                      {"To", "<sips:alice@example.com>"}};
    Fields bad = sips;
    bad.emplace_back("Contact", "<sip:alice@192.0.2.11;transport=tls>");
    EXPECT_EQ(send_register(alice, bad, "sips:example.com")->status(), 400);
    bad = sips;
    bad.emplace_back("Contact", "<sips:alice@192.0.2.11>, <sip:alice@192.0.2.11;transport=tls>");
    EXPECT_EQ(send_register(alice, bad, "sips:example.com")->status(), 400);
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);

    Fields good = sips;
    good.emplace_back("Contact", "<sips:alice@192.0.2.11>");
    EXPECT_EQ(send_register(alice, good, "sips:example.com")->status(), 200);
    EXPECT_EQ(border.sbc().location().binding_count(), 1U);
}

TEST_F(Registrations, OnATrunkAreRefused) {
    const auto response = send_register(softswitch, {{"From", "<sip:alice@example.com>;tag=1"},
                                                     {"To", "<sip:alice@example.com>"},
                                                     {"Contact", "<sip:alice@192.0.2.20>"}});
    EXPECT_EQ(response->status(), 405);
    EXPECT_THAT(std::string(response->bytes()), HasSubstr("Allow:"));
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
}

TEST_F(Registrations, TheBindingGoesWithItsConnectionAndWithItsTime) {
    alice.register_now(60);
    bob.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered() && bob.is_registered(); }));
    bob.node().cut();
    net.run_for(1s);
    EXPECT_EQ(border.sbc().location().binding_count(), 1U);
    net.run_for(60s);
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
}

// A connection is not taken for idle before the longest registration that is granted has ended.
TEST_F(Registrations, APhoneThatSaysNothingIsReachableAsLongAsItIsRegistered) {
    bob.register_now(100000);
    ASSERT_TRUE(run_until([&] { return bob.is_registered(); }));
    ASSERT_THAT(std::string(bob.last_response("REGISTER")->bytes()), HasSubstr("expires=7200"));
    net.run_for(7100s);
    softswitch.invite("sip:bob@example.com");
    net.run_for(1s);
    EXPECT_TRUE(softswitch.is_in_call());
    EXPECT_EQ(bob.count("INVITE"), 1U);
    softswitch.bye();
    net.run_for(70s);
}

// Timers that an earlier one took the place of end, and set no other.
TEST_F(Registrations, ThatEndEverEarlierDoNotMultiplyTimers) {
    bob.register_now(3600);
    for (std::uint32_t i = 0; i < 40; ++i) {
        alice.register_now(3000 - 10 * i);
        net.run_for(1s);
    }
    ASSERT_EQ(border.sbc().location().binding_count(), 2U);
    net.run_for(3100s);  // alice's has ended, and all that watched for it
    EXPECT_EQ(border.sbc().location().binding_count(), 1U);
    // For bob's: the one set when it was the next, and perhaps one that has forgotten it since.
    EXPECT_LE(border.sbc().shard().timer_count(), 2U);
    net.run_for(600s);
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
    EXPECT_EQ(border.sbc().shard().timer_count(), 0U);
}

}  // namespace
}  // namespace ringwall::test
