#include "sbc/vouchers.h"

#include <gtest/gtest.h>

namespace ringwall::sbc {
namespace {

class Vouched : public ::testing::Test {
protected:
    SeededRandom random{1};
    TimePoint now{};
    Vouchers vouchers;
    const std::string tag = bucket_token(Bucket{5}, random, 20);
};

TEST_F(Vouched, StandForATagAndSayWhoseItIs) {
    const std::string voucher = vouchers.issue(tag, now, random);
    EXPECT_NE(voucher, tag);
    EXPECT_EQ(bucket_of(voucher), bucket_of(tag));
    EXPECT_EQ(vouchers.find(voucher, now), tag);
    EXPECT_EQ(vouchers.find(tag, now), std::nullopt);
    EXPECT_NE(vouchers.issue(tag, now, random), voucher);
}

// A transferee that transfers further names what it was given.
TEST_F(Vouched, OneForAVoucherStandsForTheTag) {
    const std::string first = vouchers.issue(tag, now, random);
    EXPECT_EQ(vouchers.find(vouchers.issue(first, now, random), now), tag);
}

TEST_F(Vouched, EndAndAreForgotten) {
    const std::string voucher = vouchers.issue(tag, now, random);
    EXPECT_EQ(vouchers.find(voucher, now + Vouchers::lifetime - 1ms), tag);
    EXPECT_EQ(vouchers.find(voucher, now + Vouchers::lifetime), std::nullopt);
    EXPECT_EQ(vouchers.size(), 0U);
}

TEST_F(Vouched, TheOldestGoesWhenThereAreTooMany) {
    const std::string first = vouchers.issue(tag, now, random);
    const std::string second = vouchers.issue(tag, now, random);
    for (std::size_t i = 1; i < Vouchers::capacity; ++i) {
        vouchers.issue(tag, now, random);
    }
    EXPECT_EQ(vouchers.size(), Vouchers::capacity);
    EXPECT_EQ(vouchers.find(first, now), std::nullopt);
    EXPECT_EQ(vouchers.find(second, now), tag);
}

}  // namespace
}  // namespace ringwall::sbc
