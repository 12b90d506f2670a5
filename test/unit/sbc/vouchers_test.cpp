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
    const sip::DialogIds ids{"call-id", tag, "theirs"};
    static sip::DialogIds named(const std::string& voucher) { return {voucher, voucher, voucher}; }
};

TEST_F(Vouched, StandForADialogAndSayWhoseItIs) {
    const std::string voucher = vouchers.issue(ids, now, random);
    EXPECT_NE(voucher, tag);
    EXPECT_EQ(bucket_of(voucher), bucket_of(tag));
    EXPECT_EQ(vouchers.find(voucher, now), ids);
    EXPECT_EQ(vouchers.find(tag, now), std::nullopt);
    EXPECT_NE(vouchers.issue(ids, now, random), voucher);
}

// A transferee that transfers further names what it was given.
TEST_F(Vouched, OneForAVoucherStandsForTheDialog) {
    const std::string first = vouchers.issue(ids, now, random);
    EXPECT_EQ(vouchers.find(vouchers.issue(named(first), now, random), now), ids);
}

TEST_F(Vouched, EndAndAreForgotten) {
    const std::string voucher = vouchers.issue(ids, now, random);
    EXPECT_EQ(vouchers.find(voucher, now + Vouchers::lifetime - 1ms), ids);
    EXPECT_EQ(vouchers.find(voucher, now + Vouchers::lifetime), std::nullopt);
    EXPECT_EQ(vouchers.size(), 0U);
}

TEST_F(Vouched, TheOldestGoesWhenThereAreTooMany) {
    const std::string first = vouchers.issue(ids, now, random);
    const std::string second = vouchers.issue(ids, now, random);
    for (std::size_t i = 1; i < Vouchers::capacity; ++i) {
        vouchers.issue(ids, now, random);
    }
    EXPECT_EQ(vouchers.size(), Vouchers::capacity);
    EXPECT_EQ(vouchers.find(first, now), std::nullopt);
    EXPECT_EQ(vouchers.find(second, now), ids);
}

}  // namespace
}  // namespace ringwall::sbc
