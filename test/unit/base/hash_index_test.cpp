#include "base/hash_index.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace ringwall {
namespace {

std::optional<std::uint32_t> find(const HashIndex& index, std::uint64_t hash, std::uint32_t place) {
    return index.find(hash, [place](std::uint32_t each) { return each == place; });
}

TEST(HashIndex, TellsThingsOfTheSameHashApart) {
    HashIndex index;
    EXPECT_FALSE(find(index, 7, 1));
    index.insert(7, 1);
    index.insert(7, 2);
    EXPECT_EQ(find(index, 7, 1), 1U);
    EXPECT_EQ(find(index, 7, 2), 2U);
    EXPECT_FALSE(find(index, 7, 3));
    EXPECT_FALSE(find(index, 8, 1));
    index.erase(7, 1);
    EXPECT_FALSE(find(index, 7, 1));
    EXPECT_EQ(find(index, 7, 2), 2U);
}

// Few hashes, so that many things want the same home; and homes at the end, whose neighbours are at
// the beginning.
TEST(HashIndex, HoldsWhatAMapHoldsWhateverComesAndGoes) {
    SeededRandom random(1);
    HashIndex index;
    std::map<std::uint32_t, std::uint64_t> hashes;  // by place
    for (int step = 0; step < 20'000; ++step) {
        const auto place = static_cast<std::uint32_t>(random.number() % 100);
        const std::uint64_t hash = (random.number() % 16) * 0x1111'1111U;
        if (const auto known = hashes.find(place); known != hashes.end()) {
            index.erase(known->second, place);
            hashes.erase(known);
        } else {
            index.insert(hash, place);
            hashes.emplace(place, hash);
        }
        ASSERT_EQ(index.size(), hashes.size());
        for (std::uint32_t each = 0; each < 100; ++each) {
            const auto known = hashes.find(each);
            ASSERT_EQ(find(index, known == hashes.end() ? hash : known->second, each).has_value(),
                      known != hashes.end());
        }
    }
}

}  // namespace
}  // namespace ringwall
