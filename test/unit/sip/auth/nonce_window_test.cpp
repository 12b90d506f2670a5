#include "sip/auth/nonce_window.h"

#include <gtest/gtest.h>

#include <vector>

namespace ringwall::sip::auth {
namespace {

using Verdict = NonceWindow::Verdict;

class NonceCounts : public testing::Test {
protected:
    NonceMint::Checked nonce(std::uint64_t number, Duration age = 0s) const {
        return {NonceMint::Verdict::Good, now - std::chrono::floor<std::chrono::milliseconds>(age),
                number};
    }
    Verdict use(std::uint64_t number, std::uint32_t count, Duration age = 0s) {
        return window.use(nonce(number, age), count, now);
    }

    WallTime now{std::chrono::seconds(1'800'000'000)};
    NonceWindow window{300s, 8};
};

TEST_F(NonceCounts, AreTakenOnceEach) {
    for (const std::uint32_t count : {1U, 2U, 3U, 5U, 4U, 70U, 69U, 7U}) {
        EXPECT_EQ(use(1, count), Verdict::Fresh) << count;
        EXPECT_EQ(use(1, count), Verdict::Replayed) << count;
    }
    EXPECT_EQ(use(2, 1), Verdict::Fresh);
}

TEST_F(NonceCounts, MayBeginAnywhereButAtNought) {
    EXPECT_EQ(use(1, 0), Verdict::Replayed);
    EXPECT_EQ(use(2, 1000), Verdict::Fresh);
    EXPECT_EQ(use(2, 0), Verdict::Replayed);
}

// Whatever is further back than the window may have been used: it counts as used.
TEST_F(NonceCounts, AreUsedWhenTheyAreFarBack) {
    EXPECT_EQ(use(1, 100), Verdict::Fresh);
    EXPECT_EQ(use(1, 36), Verdict::Fresh);  // 64 back
    EXPECT_EQ(use(1, 36), Verdict::Replayed);
    EXPECT_EQ(use(1, 35), Verdict::Replayed);
    EXPECT_EQ(use(1, 0xffff'ffff), Verdict::Fresh);
    EXPECT_EQ(use(1, 101), Verdict::Replayed);
    EXPECT_EQ(use(1, 0xffff'fffe), Verdict::Fresh);
}

// Every order of use, against a list of what was used.
TEST_F(NonceCounts, AgreeWithAListOfWhatWasUsed) {
    SeededRandom random(3);
    for (int round = 0; round < 50; ++round) {
        NonceWindow fresh(300s);
        std::vector<bool> used(200, false);
        for (int i = 0; i < 400; ++i) {
            const auto count = static_cast<std::uint32_t>(1 + random.number() % 199);
            const Verdict verdict = fresh.use(nonce(9), count, now);
            if (verdict == Verdict::Fresh) {
                EXPECT_FALSE(used[count]) << count;
            }
            used[count] = true;
        }
    }
}

// The table is bounded, and what fell out of it is never taken for new.
TEST_F(NonceCounts, AreForgottenNeverForgiven) {
    for (std::uint64_t number = 1; number <= 100; ++number) {
        now += 1ms;
        EXPECT_EQ(use(number, 1), Verdict::Fresh);
        EXPECT_LE(window.size(), 8U);
        EXPECT_TRUE(window.is_consistent());
    }
    for (std::uint64_t number = 1; number <= 100; ++number) {
        const auto age = std::chrono::milliseconds(100 - number);
        EXPECT_NE(use(number, 1, age), Verdict::Fresh) << number;
    }
    EXPECT_EQ(use(1, 2, 99ms), Verdict::Forgotten);
    EXPECT_EQ(use(101, 1), Verdict::Fresh);
}

TEST_F(NonceCounts, AreNotKeptLongerThanTheirNoncesLive) {
    EXPECT_EQ(use(1, 1), Verdict::Fresh);
    now += 301s;
    EXPECT_EQ(use(2, 1), Verdict::Fresh);
    now += 301s;
    EXPECT_EQ(use(3, 1), Verdict::Fresh);
    EXPECT_EQ(window.size(), 2U);
}

TEST_F(NonceCounts, AreTakenAgainAfterTheClockWasSetBack) {
    for (std::uint64_t number = 1; number <= 20; ++number) {
        use(number, 1);
        now += 1ms;
    }
    now -= 3600s;
    EXPECT_EQ(use(100, 1), Verdict::Fresh);
    now += 1ms;
    EXPECT_EQ(use(101, 1), Verdict::Fresh);
}

// When the clock comes to the same time again, what was used then is no less used.
TEST_F(NonceCounts, AreForgottenForGoodThoughTheClockWasSetBack) {
    const NonceMint::Checked recorded = nonce(1);
    EXPECT_EQ(window.use(recorded, 1, now), Verdict::Fresh);
    for (std::uint64_t number = 2; number <= 20; ++number) {
        use(number, 1);
        now += 1ms;
    }
    EXPECT_EQ(window.use(recorded, 1, now), Verdict::Forgotten);
    now -= 60s;
    EXPECT_EQ(use(21, 1), Verdict::Fresh);
    now += 61s;
    EXPECT_EQ(window.use(recorded, 1, now), Verdict::Forgotten);
}

}  // namespace
}  // namespace ringwall::sip::auth
