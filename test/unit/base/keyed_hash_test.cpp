#include "base/keyed_hash.h"

#include <gtest/gtest.h>

#include <string>

namespace ringwall {
namespace {

// Octets that count up from 0.
std::string counting(std::size_t length) {
    std::string text;
    for (std::size_t i = 0; i < length; ++i) {
        text.push_back(static_cast<char>(i));
    }
    return text;
}

constexpr HashKey key{0x0706'0504'0302'0100U, 0x0f0e'0d0c'0b0a'0908U};

// The examples of the authors: key 00 01 ... 0f, texts that count up.
TEST(KeyedHash, IsSipHash24) {
    EXPECT_EQ(keyed_hash(key, ""), 0x726f'db47'dd0e'0e31U);
    EXPECT_EQ(keyed_hash(key, counting(1)), 0x74f8'39c5'93dc'67fdU);
    EXPECT_EQ(keyed_hash(key, counting(8)), 0x93f5'f579'9a93'2462U);
    EXPECT_EQ(keyed_hash(key, counting(15)), 0xa129'ca61'49be'45e5U);
}

TEST(KeyedHash, IsAnotherWithAnotherKey) {
    EXPECT_NE(keyed_hash(key, "z9hG4bK1"), keyed_hash({key.low, key.high + 1}, "z9hG4bK1"));
    EXPECT_NE(keyed_hash(key, "z9hG4bK1"), keyed_hash({key.low + 1, key.high}, "z9hG4bK1"));
}

}  // namespace
}  // namespace ringwall
