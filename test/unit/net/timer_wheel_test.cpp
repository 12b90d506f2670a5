#include "net/timer_wheel.h"

#include <gmock/gmock.h>

#include <map>
#include <random>

namespace ringwall::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint start{Duration(1'000'000'000)};

class TimerWheelTest : public testing::Test {
protected:
    std::vector<std::uint64_t> advance(TimePoint now) {
        std::vector<std::uint64_t> expired;
        wheel.advance(now, expired);
        return expired;
    }
    TimerWheel wheel{start};
};

TEST_F(TimerWheelTest, TimerExpiresAtItsDeadlineAndOnlyOnce) {
    wheel.add(start + 500ms, 7);
    EXPECT_EQ(wheel.size(), 1u);
    EXPECT_THAT(advance(start + 499ms), IsEmpty());
    EXPECT_THAT(advance(start + 500ms), ElementsAre(7));
    EXPECT_THAT(advance(start + 501ms), IsEmpty());
    EXPECT_EQ(wheel.size(), 0u);
}

TEST_F(TimerWheelTest, PartOfAMillisecondIsRoundedUp) {
    wheel.add(start + 10ms + 1us, 7);
    EXPECT_THAT(advance(start + 10ms + 999us), IsEmpty());
    EXPECT_THAT(advance(start + 11ms), ElementsAre(7));
}

TEST_F(TimerWheelTest, EarlierTimersExpireFirst) {
    wheel.add(start + 70s, 3);
    wheel.add(start + 1ms, 1);
    wheel.add(start + 5s, 2);
    EXPECT_THAT(advance(start + 100s), ElementsAre(1, 2, 3));
}

TEST_F(TimerWheelTest, CancelledTimerDoesNotExpire) {
    const auto handle = wheel.add(start + 10ms, 7);
    EXPECT_TRUE(wheel.cancel(handle));
    EXPECT_FALSE(wheel.cancel(handle));
    EXPECT_THAT(advance(start + 1s), IsEmpty());
    EXPECT_EQ(wheel.next_deadline(), TimePoint::max());
}

TEST_F(TimerWheelTest, HandleOfAnExpiredTimerDoesNotCancelItsSuccessor) {
    const auto old = wheel.add(start + 1ms, 1);
    advance(start + 1ms);
    wheel.add(start + 2ms, 2);
    EXPECT_FALSE(wheel.cancel(old));
    EXPECT_FALSE(wheel.cancel({}));
    EXPECT_THAT(advance(start + 2ms), ElementsAre(2));
}

TEST_F(TimerWheelTest, DeadlineThatHasPassedExpiresNext) {
    wheel.add(start - 1s, 7);
    EXPECT_LE(wheel.next_deadline(), start);
    EXPECT_THAT(advance(start), ElementsAre(7));
}

TEST_F(TimerWheelTest, NextDeadlineIsExactWithinReachAndNeverLate) {
    EXPECT_EQ(wheel.next_deadline(), TimePoint::max());
    wheel.add(start + 3ms, 1);
    EXPECT_EQ(wheel.next_deadline(), start + 3ms);
    advance(start + 3ms);
    wheel.add(start + 3600s, 2);
    int wakes = 0;
    std::vector<std::uint64_t> expired;
    while (expired.empty() && wakes < 20) {
        ASSERT_LE(wheel.next_deadline(), start + 3600s);
        wheel.advance(wheel.next_deadline(), expired);
        ++wakes;
    }
    EXPECT_THAT(expired, ElementsAre(2));
    EXPECT_LT(wakes, 11);
}

TEST_F(TimerWheelTest, TimeThatGoesBackDoesNothing) {
    wheel.add(start + 5ms, 1);
    advance(start + 3ms);
    EXPECT_THAT(advance(start), IsEmpty());
    EXPECT_THAT(advance(start + 5ms), ElementsAre(1));
}

TEST_F(TimerWheelTest, FarthestDeadlineIsKept) {
    wheel.add(TimePoint::max(), 1);
    EXPECT_THAT(advance(start + std::chrono::hours(24 * 365 * 100)), IsEmpty());
    EXPECT_EQ(wheel.size(), 1u);
}

// Against a sorted map that is told the same.
TEST(TimerWheelModel, BehavesLikeASortedList) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        std::mt19937_64 random(seed);
        TimePoint now = start;
        TimerWheel wheel(now);
        std::multimap<std::int64_t, std::uint64_t> model;  // tick, cookie
        std::map<std::uint64_t, TimerWheel::Handle> handles;
        std::uint64_t next_cookie = 0;
        const auto tick_up = [](TimePoint time) {
            return (time.time_since_epoch().count() + 999) / 1000;
        };
        for (int step = 0; step < 2000; ++step) {
            const auto dice = random() % 10;
            if (dice < 5) {
                const auto magnitude = random() % 37;
                const Duration delay(static_cast<std::int64_t>(random() >> (63 - magnitude)));
                const std::uint64_t cookie = ++next_cookie;
                handles[cookie] = wheel.add(now + delay, cookie);
                model.emplace(tick_up(now + delay), cookie);
            } else if (dice < 7 && !handles.empty()) {
                const auto victim = std::next(
                    handles.begin(), static_cast<std::ptrdiff_t>(random() % handles.size()));
                ASSERT_TRUE(wheel.cancel(victim->second));
                std::erase_if(model, [&](const auto& e) { return e.second == victim->first; });
                handles.erase(victim);
            } else {
                const auto magnitude = random() % 33;
                now += Duration(static_cast<std::int64_t>(random() >> (63 - magnitude)));
                std::vector<std::uint64_t> expired;
                wheel.advance(now, expired);
                std::multimap<std::int64_t, std::uint64_t> expected;
                const auto end = model.upper_bound(now.time_since_epoch().count() / 1000);
                for (auto it = model.begin(); it != end; ++it) expected.insert(*it);
                std::multimap<std::int64_t, std::uint64_t> got;
                std::int64_t last = 0;
                for (const std::uint64_t cookie : expired) {
                    const auto found = std::find_if(expected.begin(), expected.end(),
                                                    [&](auto& e) { return e.second == cookie; });
                    ASSERT_NE(found, expected.end()) << "seed " << seed << " step " << step;
                    ASSERT_LE(last, found->first) << "seed " << seed << " step " << step;
                    last = found->first;
                    got.insert(*found);
                    handles.erase(cookie);
                }
                ASSERT_EQ(got.size(), expected.size()) << "seed " << seed << " step " << step;
                model.erase(model.begin(), end);
            }
            ASSERT_EQ(wheel.size(), model.size());
            if (model.empty()) {
                ASSERT_EQ(wheel.next_deadline(), TimePoint::max());
            } else {
                ASSERT_LE(wheel.next_deadline(), TimePoint(Duration(model.begin()->first * 1000)));
            }
        }
    }
}

}  // namespace
}  // namespace ringwall::net
