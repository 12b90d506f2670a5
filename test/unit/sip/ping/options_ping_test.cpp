// When a peer that is pinged counts as down, and when as there again.
#include "sip/ping/options_ping.h"

#include <gtest/gtest.h>

#include "base/visitor.h"

namespace ringwall::sip {
namespace {

using State = OptionsPing::State;

class Ping : public testing::Test {
protected:
    explicit Ping(OptionsPing::Setup setup = {}) : machine(setup) {}

    template <class Event>
    void on(Event&& event) {
        OptionsPing::Actions out;
        event(out);
        went_down = came_up = false;
        for (const auto& action : out) {
            std::visit(Visitor{[&](const OptionsPing::Send& send) { sent.push_back(send.number); },
                               [&](const OptionsPing::StartTimer& start) {
                                   EXPECT_GT(start.after, Duration::zero());
                                   timer = now + start.after;
                               },
                               [&](const OptionsPing::WentDown&) { went_down = true; },
                               [&](const OptionsPing::CameUp& up) {
                                   came_up = true;
                                   down = up.down;
                               }},
                       action);
        }
        EXPECT_TRUE(machine.is_consistent());
    }
    void start() {
        on([&](auto& out) { machine.start(now, out); });
    }
    void answer() {
        on([&](auto& out) { machine.on_answer(now, out); });
    }
    void fail(std::uint64_t number) {
        on([&](auto& out) { machine.on_failed(number, now, out); });
    }
    // Until the timer that runs has ended.
    void pass() {
        now = timer;
        on([&](auto& out) { machine.on_time(now, out); });
    }

    TimePoint now{1h};
    OptionsPing machine;
    std::vector<std::uint64_t> sent;
    TimePoint timer;
    bool went_down = false;
    bool came_up = false;
    Duration down{};
};

TEST_F(Ping, TheFirstGoesAtOnceAndTheNextAfterTheInterval) {
    start();
    EXPECT_EQ(machine.state(), State::Unknown);
    ASSERT_EQ(sent.size(), 1U);
    answer();
    EXPECT_TRUE(came_up);
    EXPECT_EQ(down, Duration::zero());
    EXPECT_EQ(machine.state(), State::Up);
    pass();
    EXPECT_EQ(sent.size(), 2U);
    EXPECT_EQ(now, TimePoint{1h} + 32s);
}

TEST_F(Ping, ThreeMissedInARowAreDown) {
    start();
    pass();
    pass();
    EXPECT_FALSE(machine.is_down());
    EXPECT_EQ(machine.missed(), 2U);
    pass();
    EXPECT_TRUE(went_down);
    EXPECT_TRUE(machine.is_down());
    EXPECT_EQ(now, TimePoint{1h} + 96s);
    EXPECT_EQ(sent.size(), 4U) << "it is asked on";
    pass();
    EXPECT_FALSE(went_down) << "it is said once";
}

TEST_F(Ping, AnAnswerBetweenBeginsTheCountAnew) {
    start();
    pass();
    pass();
    answer();
    pass();
    pass();
    pass();
    EXPECT_FALSE(went_down);
    EXPECT_EQ(machine.missed(), 2U);
    pass();
    EXPECT_TRUE(went_down);
}

TEST_F(Ping, TheFirstAnswerBringsItBack) {
    start();
    pass();
    pass();
    pass();
    ASSERT_TRUE(machine.is_down());
    now += 5s;
    answer();
    EXPECT_TRUE(came_up);
    EXPECT_EQ(down, 5s);
    EXPECT_EQ(machine.state(), State::Up);
    answer();
    EXPECT_FALSE(came_up) << "it is said once";
}

// A connection that is refused is not waited for; but it is not asked more often either.
TEST_F(Ping, WhatSurelyFailsCountsAtOnce) {
    start();
    fail(1);
    EXPECT_EQ(machine.missed(), 1U);
    fail(1);
    EXPECT_EQ(machine.missed(), 1U) << "one ping is missed once";
    pass();
    EXPECT_EQ(machine.missed(), 1U);
    EXPECT_EQ(sent.size(), 2U);
    EXPECT_EQ(now, TimePoint{1h} + 32s);
    fail(1);
    EXPECT_EQ(machine.missed(), 1U) << "of the one before";
}

TEST_F(Ping, BeforeItsTimeTheTimerDoesNothing) {
    start();
    now += 31s;
    on([&](auto& out) { machine.on_time(now, out); });
    EXPECT_EQ(machine.missed(), 0U);
    EXPECT_EQ(sent.size(), 1U);
}

TEST_F(Ping, AfterItsEndNothingFollows) {
    start();
    machine.stop();
    answer();
    EXPECT_FALSE(came_up);
    pass();
    EXPECT_EQ(sent.size(), 1U);
    EXPECT_EQ(machine.state(), State::Idle);
}

class QuickPing : public Ping {
protected:
    QuickPing() : Ping({.interval = 30s, .lifetime = 2s, .fail_count = 2}) {}
};

// The answer is waited for as long as `ping-lifetime` says, and the next ping still is in its time.
TEST_F(QuickPing, IsMissedAfterItsLifetime) {
    start();
    pass();
    EXPECT_EQ(now, TimePoint{1h} + 2s);
    EXPECT_EQ(machine.missed(), 1U);
    EXPECT_EQ(sent.size(), 1U);
    pass();
    EXPECT_EQ(now, TimePoint{1h} + 30s);
    EXPECT_EQ(sent.size(), 2U);
    pass();
    EXPECT_TRUE(went_down);
    EXPECT_EQ(now, TimePoint{1h} + 32s);
}

TEST_F(QuickPing, ALateAnswerSaysAllTheSameThatItIsThere) {
    start();
    pass();
    now += 10s;
    answer();
    EXPECT_EQ(machine.missed(), 0U);
    EXPECT_TRUE(came_up);
}

class OftenPinged : public Ping {
protected:
    OftenPinged() : Ping({.interval = 5s, .lifetime = 32s, .fail_count = 3}) {}
};

TEST_F(OftenPinged, IsMissedWhenTheNextIsDue) {
    start();
    pass();
    pass();
    pass();
    EXPECT_TRUE(went_down);
    EXPECT_EQ(now, TimePoint{1h} + 15s);
}

}  // namespace
}  // namespace ringwall::sip
