#include "base/token_bucket.h"

#include <gtest/gtest.h>

namespace ringwall {
namespace {

constexpr TokenBucket::Rate six_a_minute{6, 60s};
constexpr TimePoint start{1000s};

TEST(TokenBucket, HoldsAsManyAtOnceAsItsSize) {
    TokenBucket bucket;
    for (int i = 0; i < 6; ++i) {
        EXPECT_TRUE(bucket.has(six_a_minute, start)) << i;
        bucket.take(six_a_minute, start);
    }
    EXPECT_FALSE(bucket.has(six_a_minute, start));
    EXPECT_EQ(bucket.wait(six_a_minute, start), 10s);
}

TEST(TokenBucket, IsFilledEvenly) {
    TokenBucket bucket;
    for (int i = 0; i < 6; ++i) {
        bucket.take(six_a_minute, start);
    }
    EXPECT_FALSE(bucket.has(six_a_minute, start + 9s));
    EXPECT_TRUE(bucket.has(six_a_minute, start + 10s));
    bucket.take(six_a_minute, start + 10s);
    EXPECT_FALSE(bucket.has(six_a_minute, start + 19s));
    EXPECT_FALSE(bucket.is_full(start + 69s));
    EXPECT_TRUE(bucket.is_full(start + 70s));
}

TEST(TokenBucket, SavesNoMoreThanItsSize) {
    TokenBucket bucket;
    for (int i = 0; i < 6; ++i) {
        bucket.take(six_a_minute, start + 24h);
    }
    EXPECT_FALSE(bucket.has(six_a_minute, start + 24h));
}

// An emergency call takes one whether there is one or not; nobody waits longer than a period.
TEST(TokenBucket, TakenFromWhenEmptyIsEmptyAndNoMore) {
    TokenBucket bucket;
    for (int i = 0; i < 100; ++i) {
        bucket.take(six_a_minute, start);
    }
    EXPECT_EQ(bucket.wait(six_a_minute, start), 10s);
}

TEST(TokenBucket, OfSizeZeroHasNone) {
    const TokenBucket bucket;
    EXPECT_FALSE(bucket.has({0, 60s}, start));
}

TEST(TokenBucket, OfAnotherSizeGoesOnFromWhereItIs) {
    TokenBucket bucket;
    for (int i = 0; i < 6; ++i) {
        bucket.take(six_a_minute, start);
    }
    EXPECT_FALSE(bucket.has({1, 60s}, start + 59s));
    EXPECT_TRUE(bucket.has({60, 60s}, start + 1s));
}

}  // namespace
}  // namespace ringwall
