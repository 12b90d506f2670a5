#include "base/log_limit.h"

#include <gtest/gtest.h>

namespace ringwall::log {
namespace {

constexpr TimePoint start{100s};

TEST(LogLimit, LeavesOutWhatIsTooMuchForOneSecond) {
    Limit limit(2);
    EXPECT_EQ(limit.admit(start), 0U);
    EXPECT_EQ(limit.admit(start + 999ms), 0U);
    EXPECT_EQ(limit.admit(start + 999ms), std::nullopt);
}

TEST(LogLimit, TellsOnceHowManyWereLeftOut) {
    Limit limit(1);
    limit.admit(start);
    limit.admit(start);
    limit.admit(start + 500ms);
    EXPECT_EQ(limit.admit(start + 1s), 2U);
    EXPECT_EQ(limit.admit(start + 2s), 0U);
}

}  // namespace
}  // namespace ringwall::log
