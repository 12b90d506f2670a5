// Registrations that outlive the process: a 200 waits until it is kept, and what was kept is there
// again.
#include "scenario/kept_state.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string lab_with_udp_phones() {
    std::string out(small_lab);
    const std::string before = "  adjacency sip outside\n";
    out.insert(out.find(before), R"(  subscriber carol@example.com
   password singer
  adjacency sip old
   security trusted-unencrypted
   inherit profile preset-access
   domain example.com
   signaling-address ipv4 192.0.2.7
   remote-address ipv4 192.0.2.13 255.255.255.255
   attach
)");
    return out;
}

class KeptRegistrations : public SmallLab {
protected:
    KeptRegistrations() : SmallLab(lab_with_udp_phones()) {}
    std::uint64_t not_waited_for() {
        return border.sbc().counters().value("store", "not-waited-for");
    }

    Phone carol{net,
                ip("192.0.2.13"),
                sip::Transport::Udp,
                {ip("192.0.2.7"), 5060},
                {"carol", "example.com", "singer"},
                105};
    KeptState journal{net, border};
};

TEST_F(KeptRegistrations, AnAcknowledgementWaitsForTheWrite) {
    journal.is_slow = true;
    alice.register_now();
    bob.register_now();
    ASSERT_TRUE(run_until([&] { return journal.users.size() == 2; }));
    net.run_for(150ms);
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(401));
    EXPECT_THAT(bob.statuses("REGISTER"), ElementsAre(401));
    journal.write();
    net.run_for(50ms);
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(401, 200));
    EXPECT_THAT(bob.statuses("REGISTER"), ElementsAre(401, 200));
    EXPECT_EQ(not_waited_for(), 0U);
}

TEST_F(KeptRegistrations, ADiskThatIsTooSlowStopsNobody) {
    journal.is_slow = true;
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return journal.users.size() == 1; }));
    net.run_for(190ms);
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(401));
    net.run_for(50ms);
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(401, 200));
    EXPECT_EQ(not_waited_for(), 1U);
    // From then on nobody waits at all, until it has caught up.
    journal.lags = true;
    bob.register_now();
    ASSERT_TRUE(run_until([&] { return bob.is_registered(); }, 100ms));
    EXPECT_EQ(not_waited_for(), 2U);
    // What is written too late is no second answer.
    journal.write();
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(401, 200));
}

TEST_F(KeptRegistrations, APhoneThatUnregistersIsNotKept) {
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    EXPECT_THAT(journal.users, SizeIs(1));
    alice.unregister();
    ASSERT_TRUE(run_until([&] { return journal.users.empty(); }));
}

TEST_F(KeptRegistrations, WhatExpiresIsNotKept) {
    carol.register_now(60);
    ASSERT_TRUE(run_until([&] { return carol.is_registered(); }));
    EXPECT_THAT(journal.users, SizeIs(1));
    net.run_for(70s);
    EXPECT_THAT(journal.users, IsEmpty());
}

TEST_F(KeptRegistrations, APhoneOverUdpIsCalledAtOnce) {
    carol.register_now();
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return carol.is_registered() && alice.is_registered(); }));
    const std::string kept = journal.users.at("carol@example.com");
    // As in a process that was started anew: only what was kept is there.
    carol.unregister();
    ASSERT_TRUE(run_until([&] { return journal.users.size() == 1; }));
    ASSERT_TRUE(border.restore("carol@example.com", kept));
    EXPECT_THAT(journal.users, SizeIs(2));
    softswitch.invite("sip:carol@example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call() && carol.is_in_call(); }));
    softswitch.bye();
    net.run_for(40s);
}

TEST_F(KeptRegistrations, APhoneOverTlsIsCalledWhenItIsBack) {
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    const std::string kept = journal.users.at("alice@example.com");
    alice.unregister();
    ASSERT_TRUE(run_until([&] { return journal.users.empty(); }));
    ASSERT_TRUE(border.restore("alice@example.com", kept));
    EXPECT_EQ(border.sbc().location().binding_count(), 1U) << "it is there";
    const std::size_t before = sent_to(alice);
    softswitch.invite("sip:alice@example.com");
    ASSERT_TRUE(run_until([&] {
        return !softswitch.statuses("INVITE").empty() &&
               softswitch.statuses("INVITE").back() >= 300;
    }));
    EXPECT_EQ(softswitch.statuses("INVITE").back(), 480) << "but its connection is not";
    EXPECT_EQ(sent_to(alice), before) << "nothing was sent";
    alice.register_now();
    ASSERT_TRUE(run_until(
        [&] { return alice.statuses("REGISTER").back() == 200 && alice.is_registered(); }));
    EXPECT_EQ(border.sbc().location().binding_count(), 1U) << "its place is taken";
    softswitch.invite("sip:alice@example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call() && alice.is_in_call(); }));
    softswitch.bye();
    net.run_for(40s);
}

// RFC 3261 §10.3: the order of what a phone says goes on over the death of the process.
TEST_F(KeptRegistrations, TheOrderOfRequestsGoesOn) {
    carol.register_now();
    ASSERT_TRUE(run_until([&] { return carol.is_registered(); }));
    std::string kept = journal.users.at("carol@example.com");
    carol.unregister();
    ASSERT_TRUE(run_until([&] { return journal.users.empty(); }));
    // As if it had come so far there.
    const std::size_t cseq = kept.find("\"cseq\":") + 7;
    kept.replace(cseq, kept.find(',', cseq) - cseq, "100000");
    ASSERT_TRUE(border.restore("carol@example.com", kept));
    carol.register_now();
    ASSERT_TRUE(run_until([&] { return carol.statuses("REGISTER").back() == 500; }));
}

TEST_F(KeptRegistrations, WhatCannotBeReadIsNobodysRegistration) {
    EXPECT_FALSE(border.restore("carol@example.com", "{\"form\":1,\"bindings\":[{}]}"));
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
}

}  // namespace
}  // namespace ringwall::test
