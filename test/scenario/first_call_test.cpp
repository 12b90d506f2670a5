// RFC 3665 §2.1 and §3.1 through the border controller: two phones register over TLS and talk.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class FirstCall : public SmallLab {
protected:
    void SetUp() override { register_phones(); }
};

TEST_F(FirstCall, RegistersWithTheDigestAndOverTheConnection) {
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(401, 200));
    EXPECT_EQ(border.sbc().location().binding_count(), 2U);
}

TEST_F(FirstCall, IsSetUpAndTakenDown) {
    bob.on_invite = Phone::OnInvite::RingThenAnswer;
    talk();
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 180, 200));
    EXPECT_EQ(border.sbc().calls(), 1U);

    alice.bye();
    ASSERT_TRUE(run_until([&] { return bob.count("BYE") == 1; }));
    net.run_for(1s);

    EXPECT_THAT(alice.statuses("BYE"), ElementsAre(200));
    ASSERT_EQ(border.records.size(), 1U);
    EXPECT_EQ(border.records[0].result, "answered");
    EXPECT_TRUE(border.records[0].is_secure);
    EXPECT_EQ(border.records[0].from_adjacency, "phones");
    EXPECT_EQ(border.records[0].to_adjacency, "phones");
    EXPECT_TRUE(border.records[0].ringing.has_value());
}

TEST_F(FirstCall, HidesEachSideFromTheOther) {
    talk();
    const std::string invite(bob.requests().back()->bytes());
    EXPECT_THAT(invite, Not(HasSubstr("192.0.2.11")));
    EXPECT_THAT(invite, Not(HasSubstr(alice.invited_call_id())));
    const std::string answer(alice.responses().back()->bytes());
    EXPECT_THAT(answer, Not(HasSubstr("cbob")));
    alice.bye();
}

TEST_F(FirstCall, TheCalleeHangsUp) {
    talk();
    bob.bye();
    ASSERT_TRUE(run_until([&] { return alice.count("BYE") == 1; }));
}

TEST_F(FirstCall, BusyIsPassedOn) {
    bob.on_invite = Phone::OnInvite::Reject;
    alice.invite("sip:bob@example.com");
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 486));
}

TEST_F(FirstCall, TheCallerGivesUp) {
    bob.on_invite = Phone::OnInvite::Ring;
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] {
        return !alice.statuses("INVITE").empty() && alice.statuses("INVITE").back() == 180;
    }));
    alice.cancel();
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("CANCEL"), ElementsAre(200));
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 180, 487));
    EXPECT_EQ(bob.count("CANCEL"), 1U);
}

TEST_F(FirstCall, FromOutsideIsRefusedAndNothingIsSent) {
    const auto before = net.packets_of(ip("192.0.2.11")).size();
    outside.invite("sip:alice@example.com");
    net.run_for(40s);
    EXPECT_THAT(outside.statuses("INVITE"), Contains(::testing::Ge(400)));
    EXPECT_EQ(net.packets_of(ip("192.0.2.11")).size(), before);
}

TEST_F(FirstCall, FromTheSoftswitchReachesThePhone) {
    softswitch.invite("sip:alice@example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call(); }));
    EXPECT_TRUE(border.sbc().calls() == 1);
    softswitch.bye();
}

TEST_F(FirstCall, ToNobodyEndsAtOnce) {
    bob.unregister();
    net.run_for(1s);
    alice.invite("sip:bob@example.com");
    softswitch.invite("sip:nobody@example.com");
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 480));
    EXPECT_THAT(softswitch.statuses("INVITE"), ElementsAre(100, 404));
    EXPECT_EQ(border.records.back().cause, sbc::FailureCause::Routing);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(FirstCall, ToTheSoftswitchAndBack) {
    alice.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call(); }));
    softswitch.bye();
    ASSERT_TRUE(run_until([&] { return alice.count("BYE") == 1; }));
}

}  // namespace
}  // namespace ringwall::test
