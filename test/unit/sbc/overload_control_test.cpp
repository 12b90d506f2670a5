// What share of the new work is turned away, by how long what is handled has waited.
#include "sbc/overload_control.h"

#include <gtest/gtest.h>

namespace ringwall::sbc {
namespace {

using Change = OverloadControl::Change;

class Overload : public testing::Test {
protected:
    // For a window: ten samples, each of that delay.
    Change spend(Duration delay) {
        Change out = Change::None;
        for (int i = 0; i < 10; ++i) {
            now += 10ms;
            const Change change = control.on_delay(delay, now);
            out = change != Change::None ? change : out;
            EXPECT_TRUE(control.is_consistent());
        }
        return out;
    }
    // What was spent counts when its window is over.
    Change close() {
        now += 100ms;
        return control.on_time(now);
    }

    TimePoint now{1h};
    OverloadControl control;
};

TEST_F(Overload, ShedsNothingAtFirst) {
    EXPECT_FALSE(control.is_shedding());
    EXPECT_FALSE(control.sheds(0));
}

TEST_F(Overload, MuchWorkThatDoesNotWaitIsNone) {
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(spend(90ms), Change::None);
    }
    EXPECT_FALSE(control.is_shedding());
}

TEST_F(Overload, BeginsWithTheSecondWindowInARow) {
    EXPECT_EQ(spend(150ms), Change::None);
    EXPECT_EQ(spend(150ms), Change::None);
    EXPECT_FALSE(control.is_shedding()) << "one window is over";
    EXPECT_EQ(spend(150ms), Change::Began);
    EXPECT_TRUE(control.is_shedding());
    EXPECT_NEAR(control.share(), 0.15, 0.001);
    EXPECT_EQ(control.standing_delay(), 150ms);
}

// A commit may hold a worker for a moment: what comes after it does not wait.
TEST_F(Overload, OneLongTurnIsNone) {
    for (int i = 0; i < 20; ++i) {
        now += 300ms;
        EXPECT_EQ(control.on_delay(300ms, now), Change::None);
        EXPECT_EQ(spend(1ms), Change::None);
        EXPECT_EQ(spend(1ms), Change::None);
    }
    EXPECT_FALSE(control.is_shedding());
}

TEST_F(Overload, AWindowBetweenBeginsTheCountAnew) {
    spend(150ms);
    spend(90ms);
    spend(150ms);
    spend(90ms);
    spend(90ms);
    EXPECT_FALSE(control.is_shedding());
}

TEST_F(Overload, TheShareGrowsWhileItLasts) {
    spend(110ms);
    spend(110ms);
    spend(110ms);
    double before = 0;
    for (int i = 0; i < 5; ++i) {
        EXPECT_GT(control.share(), before);
        before = control.share();
        spend(110ms);
    }
    for (int i = 0; i < 20; ++i) {
        spend(110ms);
    }
    EXPECT_EQ(control.share(), 1);
    EXPECT_TRUE(control.sheds(0.999));
}

TEST_F(Overload, AndFasterTheLongerItIs) {
    spend(2s);
    spend(2s);
    spend(2s);
    EXPECT_NEAR(control.share(), 0.5, 0.001);
    spend(2s);
    EXPECT_EQ(control.share(), 1);
}

TEST_F(Overload, BetweenTheTargetAndHalfOfItTheShareStays) {
    spend(300ms);
    spend(300ms);
    spend(300ms);
    spend(80ms);  // closes the last of those
    const double share = control.share();
    spend(80ms);
    spend(80ms);
    EXPECT_EQ(control.share(), share);
}

TEST_F(Overload, EndsWhenNothingHasWaitedForLongEnough) {
    spend(300ms);
    spend(300ms);
    spend(300ms);
    Change last = spend(1ms);
    ASSERT_TRUE(control.is_shedding());
    int windows = 0;
    for (; last != Change::Ended && windows < 100; ++windows) {
        last = spend(1ms);
    }
    EXPECT_EQ(last, Change::Ended);
    EXPECT_LT(windows, 10);
    EXPECT_EQ(control.share(), 0);
    EXPECT_FALSE(control.sheds(0));
}

// Nobody comes any more, and so nothing is handled that could have waited.
TEST_F(Overload, EndsByTimeAlone) {
    spend(2s);
    spend(2s);
    spend(2s);
    ASSERT_TRUE(control.is_shedding());
    Change last = Change::None;
    for (int i = 0; i < 20 && last == Change::None; ++i) {
        last = close();
    }
    EXPECT_EQ(last, Change::Ended);
}

TEST_F(Overload, ALongSilenceIsPassedAtOnce) {
    spend(2s);
    spend(2s);
    spend(2s);
    now += 48h;
    EXPECT_EQ(control.on_delay(1ms, now), Change::Ended);
    EXPECT_EQ(spend(150ms), Change::None);
    EXPECT_EQ(spend(150ms), Change::None);
    EXPECT_FALSE(control.is_shedding()) << "it begins as at first";
    EXPECT_EQ(spend(150ms), Change::Began);
}

// A machine that gives it a turn now and then: 60 ms of every 400.
class OverloadOfTheStarved : public Overload {
protected:
    // What was waiting is handled, and the first of it has waited all the time.
    Change turn(Duration least) {
        now += 340ms;
        Change out = control.is_shedding() ? control.on_time(now) : Change::None;
        for (const Duration delay : {340ms + least, least, least}) {
            now += 20ms;
            const Change change = control.on_delay(delay, now);
            out = change != Change::None ? change : out;
        }
        return out;
    }
};

TEST_F(OverloadOfTheStarved, IsSeenAndDoesNotFlap) {
    EXPECT_EQ(turn(400ms), Change::None);
    EXPECT_EQ(turn(400ms), Change::None);
    EXPECT_EQ(turn(400ms), Change::Began);
    for (int i = 0; i < 20; ++i) {
        const double before = control.share();
        EXPECT_EQ(turn(400ms), Change::None);
        EXPECT_GE(control.share(), before);
    }
    EXPECT_EQ(control.share(), 1);
}

TEST_F(OverloadOfTheStarved, IsNoneWhereWhatComesDoesNotWait) {
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(turn(1ms), Change::None);
    }
}

TEST_F(Overload, OfTheShareEachPieceIsDrawn) {
    spend(150ms);
    spend(150ms);
    spend(150ms);
    EXPECT_TRUE(control.sheds(control.share() - 0.01));
    EXPECT_FALSE(control.sheds(control.share()));
}

}  // namespace
}  // namespace ringwall::sbc
