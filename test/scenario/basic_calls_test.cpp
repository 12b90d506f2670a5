// RFC 3665 §3 as far as a border controller has a part in it: what each phone hears, and what it
// does not.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BasicCalls : public SmallLab {
protected:
    void SetUp() override { register_phones(); }
    bool hears(const Phone& phone, int status) {
        return run_until([&] {
            return !phone.statuses("INVITE").empty() && phone.statuses("INVITE").back() == status;
        });
    }
};

// §3.1 and §3.2: through one or two proxies; here through the border controller.
TEST_F(BasicCalls, SuccessfulSession) {
    bob.on_invite = Phone::OnInvite::RingThenAnswer;
    talk();
    bob.bye();
    ASSERT_TRUE(run_until([&] { return alice.count("BYE") == 1; }));
    net.run_for(1s);

    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 180, 200));
    EXPECT_EQ(bob.count("INVITE"), 1U);
    EXPECT_EQ(bob.acks().size(), 1U);
    EXPECT_THAT(bob.statuses("BYE"), ElementsAre(200));
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// A clock that is set meanwhile makes no call longer, and none shorter.
TEST_F(BasicCalls, LastsAsLongAsItDoes) {
    for (const auto by : {std::chrono::milliseconds(1h), std::chrono::milliseconds(-2h)}) {
        talk();
        net.put_clock_forward(by);
        net.run_for(2500ms);
        alice.bye();
        net.run_for(1s);
        const sbc::CallRecord& record = border.records.back();
        ASSERT_TRUE(record.lasted.has_value());
        EXPECT_GE(*record.lasted, 2500ms);
        EXPECT_LT(*record.lasted, 3s);
        EXPECT_THAT(sbc::to_json(record), HasSubstr("\"duration\":25"));
    }
}

// §3.3: the caller is asked for its digest.
TEST_F(BasicCalls, AnUnregisteredPhoneIsChallengedAndThenTalks) {
    alice.unregister();
    ASSERT_TRUE(run_until([&] { return !alice.is_registered(); }));
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.statuses("INVITE").size() == 1; }));
    EXPECT_EQ(bob.count("INVITE"), 0U);

    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !bob.acks().empty(); }));
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(401, 100, 200));
    EXPECT_EQ(bob.count("INVITE"), 1U);
    EXPECT_EQ(bob.last_request("INVITE")->header(sip::HeaderName::Authorization), nullptr);
    alice.bye();
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("BYE"), ElementsAre(200));
}

// §3.8
TEST_F(BasicCalls, NoAnswer) {
    bob.on_invite = Phone::OnInvite::Ring;
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(hears(alice, 180));
    alice.cancel();
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("CANCEL"), ElementsAre(200));
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 180, 487));
    EXPECT_EQ(bob.count("CANCEL"), 1U);
    EXPECT_EQ(bob.count("BYE"), 0U);
    EXPECT_THAT(bob.acks(), IsEmpty());  // the 487 is acknowledged within its transaction
    ASSERT_EQ(border.records.size(), 1U);
    EXPECT_EQ(border.records[0].result, "cancelled");
    EXPECT_EQ(border.records[0].cause, std::nullopt);
}

// §3.9
TEST_F(BasicCalls, Busy) {
    bob.on_invite = Phone::OnInvite::Reject;
    alice.invite("sip:bob@example.com");
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 486));
    EXPECT_EQ(border.records.back().cause, sbc::FailureCause::Signalling);
    EXPECT_EQ(bob.count("INVITE"), 1U);
    EXPECT_EQ(bob.count("CANCEL") + bob.count("BYE"), 0U);
}

// §3.10: the callee says nothing. Over TLS nothing is repeated; timer B ends it.
TEST_F(BasicCalls, NoResponse) {
    bob.on_invite = Phone::OnInvite::Ignore;
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(hears(alice, 408));
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 408));
    EXPECT_EQ(bob.count("INVITE"), 1U);
    EXPECT_EQ(bob.count("CANCEL"), 0U);  // RFC 3261 §9.1: no provisional response, no CANCEL
}

// §3.11
TEST_F(BasicCalls, TemporarilyUnavailable) {
    bob.on_invite = Phone::OnInvite::Reject;
    bob.reject_status = 480;
    alice.invite("sip:bob@example.com");
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 480));
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// RFC 3261 §16.6 step 11: it rings for ever; timer C.
TEST_F(BasicCalls, NobodyAnswersForThreeMinutes) {
    bob.on_invite = Phone::OnInvite::Ring;
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(hears(alice, 180));
    net.run_for(175s);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 180));
    bob.ring();  // it still rings: the clock begins again
    net.run_for(175s);
    EXPECT_EQ(bob.count("CANCEL"), 0U);
    net.run_for(10s);
    EXPECT_EQ(bob.count("CANCEL"), 1U);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 180, 180, 408));
}

TEST_F(BasicCalls, EarlyMediaPassesBeforeTheAnswer) {
    bob.on_invite = Phone::OnInvite::EarlyMedia;
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(hears(alice, 183));
    EXPECT_EQ(alice.last_response("INVITE")->body(), bob.offer);
    bob.answer();
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !bob.acks().empty(); }));
    alice.bye();
}

TEST_F(BasicCalls, BothDirectionsOfTheTrunk) {
    softswitch.invite("sip:alice@example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call() && !alice.acks().empty(); }));
    softswitch.bye();
    net.run_for(1s);
    EXPECT_EQ(alice.count("BYE"), 1U);

    alice.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !softswitch.acks().empty(); }));
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(softswitch.count("BYE"), 1U);
    EXPECT_EQ(outside.count("INVITE") + bob.count("INVITE"), 0U);
}

}  // namespace
}  // namespace ringwall::test
