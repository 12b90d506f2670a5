#include "sbc/console/caret.h"

#include <gtest/gtest.h>

#include <clocale>

namespace ringwall::sbc::console {
namespace {

std::size_t column(std::string_view prompt, std::string_view line, std::size_t octet) {
    return caret_below(prompt, line, octet).find('^');
}

// Wide characters take two columns, those that go onto the one before them none.
TEST(Caret, StandsWhereTheTerminalShowsTheWord) {
    const char* const before = std::setlocale(LC_CTYPE, nullptr);
    const std::string kept = before == nullptr ? "C" : before;
    ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
    EXPECT_EQ(column("r# ", "show x", 5), 8U);
    EXPECT_EQ(column("r# ", "show", 5), 8U) << "behind the line";
    EXPECT_EQ(column("r# ", "\xc3\xa9 x", 3), 5U);
    EXPECT_EQ(column("r# ", "\xe6\xbc\xa2\xe5\xad\x97 x", 7), 8U);
    EXPECT_EQ(column("r# ", "e\xcc\x81 x", 4), 5U);
    std::setlocale(LC_CTYPE, kept.c_str());
}

}  // namespace
}  // namespace ringwall::sbc::console
