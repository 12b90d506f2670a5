#include "net/loop.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "net/signals.h"

namespace ringwall::net {
namespace {

using testing::ElementsAre;

struct Recorder : EventSource {
    void on_ready(Readiness readiness) override {
        ++count;
        last = readiness;
        if (then) then();
    }
    int count = 0;
    Readiness last;
    std::function<void()> then;
};

class LoopTest : public testing::Test {
protected:
    void SetUp() override {
        for (auto* const pair : {&first, &second}) {
            int fds[2];
            ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
            pair->ours = FileDescriptor(fds[0]);
            pair->peer = FileDescriptor(fds[1]);
        }
    }
    std::size_t turn() {
        return loop.turn(Duration(0), [] {});
    }
    struct Ends {
        FileDescriptor ours;
        FileDescriptor peer;
    };
    Loop loop = std::move(*Loop::create());
    Ends first, second;
    Recorder a, b;
};

TEST_F(LoopTest, ReadinessIsToldUntilItIsUsedUp) {
    ASSERT_NE(loop.watch(first.ours.number(), Interest::Read, a), 0u);
    EXPECT_EQ(turn(), 0u);
    ASSERT_EQ(write(first.peer.number(), "x", 1), 1);
    EXPECT_EQ(turn(), 1u);
    EXPECT_EQ(turn(), 1u);
    EXPECT_EQ(a.count, 2);
    EXPECT_TRUE(a.last.is_readable);
    EXPECT_FALSE(a.last.is_writable);
}

TEST_F(LoopTest, InterestCanBeChanged) {
    const auto watch = loop.watch(first.ours.number(), Interest::Read, a);
    loop.change(watch, Interest::Write);
    turn();
    EXPECT_TRUE(a.last.is_writable);
    loop.change(watch, Interest::None);
    EXPECT_EQ(turn(), 0u);
}

TEST_F(LoopTest, PeerThatClosesMakesReadable) {
    ASSERT_NE(loop.watch(first.ours.number(), Interest::Read, a), 0u);
    first.peer.close();
    turn();
    EXPECT_TRUE(a.last.is_readable);
}

TEST_F(LoopTest, SourceUnwatchedInTheSameTurnHearsNothing) {
    Loop::Watch watch_a = 0;
    Loop::Watch watch_b = 0;
    a.then = [&] { loop.unwatch(watch_b); };
    b.then = [&] { loop.unwatch(watch_a); };
    watch_a = loop.watch(first.ours.number(), Interest::Read, a);
    watch_b = loop.watch(second.ours.number(), Interest::Read, b);
    ASSERT_EQ(write(first.peer.number(), "x", 1), 1);
    ASSERT_EQ(write(second.peer.number(), "x", 1), 1);
    turn();
    EXPECT_EQ(a.count + b.count, 1);
}

TEST_F(LoopTest, SuccessorInTheSameSlotIsNotMistaken) {
    const auto old = loop.watch(first.ours.number(), Interest::Read, a);
    loop.unwatch(old);
    const auto fresh = loop.watch(second.ours.number(), Interest::Read, b);
    EXPECT_NE(old, fresh);
    loop.unwatch(old);
    ASSERT_EQ(write(second.peer.number(), "x", 1), 1);
    turn();
    EXPECT_EQ(b.count, 1);
    EXPECT_EQ(a.count, 0);
}

TEST_F(LoopTest, DescriptorThatCannotBeWatchedIsSaidSo) {
    EXPECT_EQ(loop.watch(-1, Interest::Read, a), 0u);
}

TEST_F(LoopTest, SignalsComeAsEvents) {
    std::vector<int> got;
    const auto signals =
        Signals::create(loop, {SIGUSR1, SIGUSR2}, [&](int number) { got.push_back(number); });
    ASSERT_TRUE(signals);
    raise(SIGUSR2);
    turn();
    EXPECT_THAT(got, ElementsAre(SIGUSR2));
}

}  // namespace
}  // namespace ringwall::net
