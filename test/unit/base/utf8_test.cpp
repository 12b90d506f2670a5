#include "base/utf8.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace ringwall {
namespace {

std::vector<std::string> characters(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        out.emplace_back(cut_character(text));
    }
    return out;
}

TEST(Utf8, IsCutIntoCharactersAndWhatIsNoneIntoOctets) {
    EXPECT_THAT(characters("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
                testing::ElementsAre("a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"));
    EXPECT_THAT(characters("\xc3"
                           "a\xe2\x82\xff\x80"),
                testing::ElementsAre("\xc3", "a", "\xe2", "\x82", "\xff", "\x80"));
}

TEST(Utf8, ControlCharactersAndSingleOctetsAreNotPrintable) {
    for (const char* each : {"a", " ", "~", "\xc3\xa9", "\xc2\xa0", "\xf0\x9f\x98\x80"}) {
        EXPECT_TRUE(is_printable(each)) << each;
    }
    for (const char* each : {"\x1b", "\n", "\x7f", "\xc2\x9b", "\xc2\x80", "\xff", "\x80"}) {
        EXPECT_FALSE(is_printable(each)) << each;
    }
}

}  // namespace
}  // namespace ringwall
