#include "base/text.h"

#include <gtest/gtest.h>

namespace ringwall {
namespace {

TEST(Text, ComparesAsciiIgnoringCaseAndNothingElse) {
    EXPECT_TRUE(equals_ignoring_case("Call-ID", "cALL-id"));
    EXPECT_TRUE(equals_ignoring_case("", ""));
    EXPECT_FALSE(equals_ignoring_case("Call-ID", "Call-I"));
    EXPECT_FALSE(equals_ignoring_case("[", "{"));        // 0x20 apart, but no letters
    EXPECT_FALSE(equals_ignoring_case("\xc4", "\xe4"));  // Ä and ä in Latin-1
}

TEST(Text, TrimsWhiteSpaceAtBothEndsOnly) {
    EXPECT_EQ(trim(" \t\r\na b\r\n "), "a b");
    EXPECT_EQ(trim(" \t "), "");
    EXPECT_EQ(trim(""), "");
}

TEST(Text, ParsesDecimalNumbersUpToTheMaximum) {
    EXPECT_EQ(parse_number("0068"), 68U);
    EXPECT_EQ(parse_number("255", 255), 255U);
    EXPECT_EQ(parse_number("256", 255), std::nullopt);
    EXPECT_EQ(parse_number("18446744073709551615"), UINT64_MAX);
}

TEST(Text, RefusesWhatIsNotAllDigits) {
    for (const char* text : {"", "-1", "+1", " 1", "1 ", "1a", "0x1", "18446744073709551616",
                             "36893488147419103232"}) {
        EXPECT_EQ(parse_number(text), std::nullopt) << text;
    }
}

TEST(Text, CutsAtASeparator) {
    std::string_view rest = "a,,b";
    EXPECT_EQ(cut(rest, ','), "a");
    EXPECT_EQ(cut(rest, ','), "");
    EXPECT_EQ(cut(rest, ','), "b");
    EXPECT_TRUE(rest.empty());
    EXPECT_EQ(split(" a ,b,", ','), (std::vector<std::string_view>{"a", "b", ""}));
    EXPECT_EQ(split("", ','), std::vector<std::string_view>{""});
}

TEST(Text, WritesHexadecimal) {
    EXPECT_EQ(hex(std::string_view("\x00\x7f\xff", 3)), "007fff");
    EXPECT_EQ(lower("SIP:Bob"), "sip:bob");
}

}  // namespace
}  // namespace ringwall
