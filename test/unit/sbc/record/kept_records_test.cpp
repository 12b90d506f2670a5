#include "sbc/record/kept_records.h"

#include <gtest/gtest.h>

namespace ringwall::sbc {
namespace {

CallRecord record(std::size_t number) {
    CallRecord out;
    out.call = "c" + std::to_string(number);
    return out;
}

TEST(KeptRecords, HasTheLastOnesTheNewestFirst) {
    KeptRecords kept;
    EXPECT_TRUE(kept.last(3).empty());
    for (std::size_t i = 0; i < KeptRecords::capacity + 3; ++i) {
        kept.keep(record(i));
    }
    EXPECT_EQ(kept.size(), KeptRecords::capacity);
    const auto last = kept.last(2);
    ASSERT_EQ(last.size(), 2U);
    EXPECT_EQ(last[0].call, "c" + std::to_string(KeptRecords::capacity + 2));
    EXPECT_EQ(last[1].call, "c" + std::to_string(KeptRecords::capacity + 1));
    EXPECT_EQ(kept.last(SIZE_MAX).back().call, "c3");
    EXPECT_EQ(kept.find("c2"), nullptr);
    ASSERT_NE(kept.find("c3"), nullptr);
}

TEST(KeptRecords, CutsWhatAPeerWrote) {
    KeptRecords kept;
    CallRecord long_one = record(1);
    long_one.caller = long_one.callee = "sip:" + std::string(60'000, 'a');
    kept.keep(long_one);
    EXPECT_EQ(kept.find("c1")->caller.size(), KeptRecords::longest);
    EXPECT_LT(kept.find("c1")->callee.capacity(), 2 * KeptRecords::longest);
}

}  // namespace
}  // namespace ringwall::sbc
