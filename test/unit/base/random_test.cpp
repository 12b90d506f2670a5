#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace ringwall {
namespace {

TEST(SeededRandom, GivesTheSameNumbersForTheSameSeed) {
    SeededRandom first(7);
    SeededRandom second(7);
    SeededRandom other(8);
    const std::uint64_t number = first.number();
    EXPECT_EQ(number, second.number());
    EXPECT_NE(number, other.number());
    EXPECT_NE(number, first.number());
}

TEST(SystemRandom, GivesDifferentTokensOfTheLengthAskedFor) {
    SystemRandom random;
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
        const std::string token = random.token(20);
        ASSERT_EQ(token.size(), 20U);
        ASSERT_TRUE(std::all_of(token.begin(), token.end(), [](char c) {
            return is_alpha(c) || is_digit(c);
        })) << token;
        seen.insert(token);
    }
    EXPECT_EQ(seen.size(), 200U);
}

TEST(BucketToken, NamesItsBucket) {
    SeededRandom random(1);
    for (unsigned value = 0; value < bucket_count; ++value) {
        const Bucket bucket{static_cast<std::uint8_t>(value)};
        const std::string token = bucket_token(bucket, random, 20);
        EXPECT_EQ(token.size(), 22U);
        EXPECT_EQ(bucket_of(token), bucket);
    }
}

TEST(BucketToken, OfAnybodyElseNamesNone) {
    for (const char* text : {"", "3", "zz1234", "40abcd", "ff0000", "-1"}) {
        EXPECT_FALSE(bucket_of(text)) << text;
    }
}

}  // namespace
}  // namespace ringwall
