// A worker with more to do than it can: new work is turned away with 503, what goes on goes on.
#include "scenario/border.h"
#include "sip/header/retry_after.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::SizeIs;

class Busy : public SmallLab {
protected:
    // For so long all workers handle nothing that has not waited for that.
    void let_wait(Duration waited, Duration time) {
        for (Duration spent{}; spent < time; spent += 10ms) {
            for (std::size_t i = 0; i < border.worker_count(); ++i) {
                border.worker(i).shard().on_delay(waited, net.now());
            }
            net.run_for(10ms);
        }
    }
    // As much as there can be, and it stays so while `then` runs.
    void overload() {
        let_wait(2s, 1s);
        for (std::size_t i = 0; i < border.worker_count(); ++i) {
            EXPECT_TRUE(border.worker(i).is_shedding());
        }
    }
    bool is_shedding() {
        bool any = false;
        for (std::size_t i = 0; i < border.worker_count(); ++i) {
            any = any || border.worker(i).is_shedding();
        }
        return any;
    }
};

TEST_F(Busy, ANewCallHears503AndWhenToComeAgainAndCostsNothing) {
    overload();
    outside.invite("sip:+4930@192.0.2.3");
    let_wait(2s, 100ms);
    ASSERT_THAT(outside.statuses("INVITE"), ElementsAre(503));
    const auto wait = sip::retry_after(*outside.last_response("INVITE"));
    ASSERT_TRUE(wait.has_value());
    EXPECT_GE(*wait, 5s);
    EXPECT_LT(*wait, 15s);
    EXPECT_EQ(softswitch.count("INVITE"), 0U);
    EXPECT_EQ(sent_to(softswitch), 0U);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_EQ(border.sbc().shard().transactions().server_count(), 0U);
    EXPECT_EQ(border.sbc().counters().value("shed", "INVITE"), 1U);
    EXPECT_THAT(border.records, SizeIs(0));
}

TEST_F(Busy, APhoneThatRegistersHearsTheSameAndNoChallenge) {
    overload();
    alice.register_now();
    let_wait(2s, 200ms);
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(503));
    EXPECT_EQ(border.sbc().counters().value("shed", "REGISTER"), 1U);
}

TEST_F(Busy, ACallThatIsUpGoesOnAndEnds) {
    register_phones();
    talk();
    overload();
    alice.reinvite();
    let_wait(2s, 200ms);
    EXPECT_EQ(bob.count("INVITE"), 2U);
    EXPECT_THAT(alice.statuses("INVITE"), Not(Contains(503)));
    alice.bye();
    let_wait(2s, 200ms);
    EXPECT_EQ(bob.count("BYE"), 1U);
    EXPECT_THAT(alice.statuses("BYE"), ElementsAre(200));
}

TEST_F(Busy, ACallThatIsBeingSetUpIsAnsweredAndCancelled) {
    register_phones();
    bob.on_invite = Phone::OnInvite::Ring;
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return bob.count("INVITE") == 1; }));
    overload();
    alice.cancel();
    let_wait(2s, 200ms);
    EXPECT_EQ(bob.count("CANCEL"), 1U);
    EXPECT_THAT(alice.statuses("INVITE"), Contains(487));
}

TEST_F(Busy, EndsWithTheLoadAndIsToldOnce) {
    overload();
    EXPECT_EQ(border.sbc().counters().value("overload", "began"), border.worker_count());
    let_wait(1ms, 3s);
    EXPECT_FALSE(is_shedding());
    EXPECT_EQ(border.sbc().counters().value("overload", "ended"), border.worker_count());
    register_phones();
    talk();
    alice.bye();
    net.run_for(1s);
}

// Nobody comes any more: that is an end as well.
TEST_F(Busy, EndsInSilenceToo) {
    overload();
    net.run_for(5s);
    EXPECT_FALSE(is_shedding());
}

// Half of the load is half of the calls.
TEST_F(Busy, APartOfTheWorkIsTakenWhereAPartIsTooMuch) {
    let_wait(110ms, 250ms);  // it begins with little
    ASSERT_TRUE(is_shedding());
    for (int i = 0; i < 40; ++i) {
        let_wait(80ms, 10ms);  // and stays as it is
        outside.send("OPTIONS", "sip:192.0.2.3", {});
    }
    net.run_for(50ms);
    const std::uint64_t shed = border.sbc().counters().value("shed", "OPTIONS");
    EXPECT_GT(shed, 0U);
    EXPECT_LT(shed, 20U);
    EXPECT_THAT(outside.statuses("OPTIONS"), Contains(200));
}

// An adjacency that takes nothing from there stays silent, whatever the load.
TEST_F(Busy, StrangersHearNothing) {
    Phone stranger(net, ip("198.51.100.99"), sip::Transport::Udp, {ip("192.0.2.3"), 5060},
                   {"eve", "example.net", ""}, 77);
    overload();
    stranger.invite("sip:+4930@192.0.2.3");
    let_wait(2s, 200ms);
    EXPECT_EQ(sent_to(stranger), 0U);
    net.run_for(40s);
}

}  // namespace
}  // namespace ringwall::test
