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
    const b2bua::Speaker transferor{{3, "", "alice@example.com"}, IpAddress::v4(192, 0, 2, 11)};
    const b2bua::Speaker transferee{{4, "", ""}, IpAddress::v4(192, 0, 2, 20)};
    std::string issue(const sip::DialogIds& named) {
        return vouchers.issue({named, transferor}, now, random);
    }
    std::optional<sip::DialogIds> find(const std::string& voucher, TimePoint at) {
        const auto word = vouchers.find(voucher, at);
        return word ? std::optional(word->ids) : std::nullopt;
    }
    static sip::DialogIds named(const std::string& voucher) { return {voucher, voucher, voucher}; }
};

TEST_F(Vouched, StandForADialogAndSayWhoseItIs) {
    const std::string voucher = issue(ids);
    EXPECT_NE(voucher, tag);
    EXPECT_EQ(bucket_of(voucher), bucket_of(tag));
    EXPECT_EQ(find(voucher, now), ids);
    EXPECT_EQ(find(tag, now), std::nullopt);
    EXPECT_NE(issue(ids), voucher);
}

// A transferee that transfers further names what it was given.
TEST_F(Vouched, OneForAVoucherStandsForTheDialog) {
    const std::string first = issue(ids);
    EXPECT_EQ(find(issue(named(first)), now), ids);
}

TEST_F(Vouched, AreTheWordOfWhoNamedTheDialogFirst) {
    const std::string first = issue(ids);
    const std::string second = vouchers.issue({named(first), transferee}, now, random);
    EXPECT_EQ(vouchers.find(second, now)->speaker.peer.address_of_record, "alice@example.com");
    EXPECT_EQ(vouchers.find(second, now)->speaker.address, transferor.address);
}

TEST_F(Vouched, EndAndAreForgotten) {
    const std::string voucher = issue(ids);
    EXPECT_EQ(find(voucher, now + Vouchers::lifetime - 1ms), ids);
    EXPECT_EQ(find(voucher, now + Vouchers::lifetime), std::nullopt);
    EXPECT_EQ(vouchers.size(), 0U);
}

TEST_F(Vouched, TheOldestGoesWhenThereAreTooMany) {
    const std::string first = issue(ids);
    const std::string second = issue(ids);
    for (std::size_t i = 1; i < Vouchers::capacity; ++i) {
        issue(ids);
    }
    EXPECT_EQ(vouchers.size(), Vouchers::capacity);
    EXPECT_EQ(find(first, now), std::nullopt);
    EXPECT_EQ(find(second, now), ids);
}

}  // namespace
}  // namespace ringwall::sbc
