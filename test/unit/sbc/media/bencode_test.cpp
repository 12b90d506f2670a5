#include "sbc/media/bencode.h"

#include <gtest/gtest.h>

namespace ringwall::sbc::media {
namespace {

TEST(Bencode, IsReadAndWrittenAlike) {
    for (const std::string_view octets : {"i0e", "i-42e", "0:", "4:spam", "le", "de", "l4:spami7ee",
                                          "d3:bar4:spam3:fooi42ee", "d1:ad1:bl1:c1:deee"}) {
        const auto value = parse_bencode(octets);
        ASSERT_TRUE(value) << octets;
        EXPECT_EQ(value->encoded(), octets);
    }
}

TEST(Bencode, RefusesWhatIsNone) {
    for (const std::string_view octets :
         {"", "x", "i", "ie", "i1", "i1x", "i 1e", "i99999999999999999999e", "4:spa", "-1:", "1",
          "4:spam!", "l", "l1:a", "d", "d1:a", "di1ei1ee", "d1:ai1e", "99999999999999999999:a"}) {
        EXPECT_FALSE(parse_bencode(octets)) << octets;
    }
}

TEST(Bencode, IsNeitherDeepNorLong) {
    EXPECT_TRUE(parse_bencode(std::string(15, 'l') + std::string(15, 'e')));
    EXPECT_FALSE(parse_bencode(std::string(17, 'l') + std::string(17, 'e')));
    EXPECT_FALSE(parse_bencode(std::string(1'000'000, 'l')));
    std::string many = "l";
    for (std::size_t i = 0; i < bencode_limits::values; ++i) {
        many += "i1e";
    }
    EXPECT_FALSE(parse_bencode(many + "e"));
}

TEST(Bencode, FindsByName) {
    const auto value = parse_bencode("d1:ai1e1:b2:xye");
    ASSERT_TRUE(value);
    EXPECT_EQ(*value->find("a")->number(), 1);
    EXPECT_EQ(value->text_of("b"), "xy");
    EXPECT_EQ(value->text_of("a"), "");
    EXPECT_EQ(value->find("c"), nullptr);
    EXPECT_EQ(value->find("a")->find("b"), nullptr);
}

}  // namespace
}  // namespace ringwall::sbc::media
