#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::log {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

std::string written(std::string_view event, std::initializer_list<Field> fields) {
    ::testing::internal::CaptureStderr();
    info(event, fields);
    return ::testing::internal::GetCapturedStderr();
}

TEST(Log, WritesTheEventAndItsFieldsOnOneLine) {
    EXPECT_THAT(written("call.rejected", {{"call", "7f3a"}, {"status", 403}}),
                EndsWith("call.rejected call=7f3a status=403\n"));
}

// A peer's text must not be able to write a line or a field of its own.
TEST(Log, QuotesWhatCouldBeTakenForSomethingElse) {
    EXPECT_THAT(written("e", {{"from", "a\r\nevil.event x=1"}}),
                EndsWith("e from=\"a\\x0d\\x0aevil.event x=1\"\n"));
    EXPECT_THAT(written("e", {{"name", "say \"hi\" \\ there"}}),
                EndsWith("e name=\"say \\\"hi\\\" \\\\ there\"\n"));
    EXPECT_THAT(written("e", {{"uri", "sip:a;lr=1"}}), EndsWith("uri=\"sip:a;lr=1\"\n"));
    EXPECT_THAT(written("e", {{"empty", ""}}), EndsWith("empty=\"\"\n"));
    EXPECT_THAT(written("e", {{"nul", std::string_view("\0\x7f", 2)}}),
                EndsWith("nul=\"\\x00\\x7f\"\n"));
}

TEST(Log, PutsNothingOfAFormatStringToUse) {
    EXPECT_THAT(written("e", {{"text", "{}%s{0}"}}), HasSubstr("text={}%s{0}"));
}

TEST(Log, LeavesOutWhatIsBelowTheLevel) {
    EXPECT_FALSE(is_enabled(Level::Debug));
    set_level(Level::Error);
    EXPECT_EQ(written("quiet", {}), "");
    set_level(Level::Info);
}

}  // namespace
}  // namespace ringwall::log
