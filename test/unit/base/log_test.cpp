#include "base/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

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

TEST(Log, BeginsALineWithTheTimeAndTheLevel) {
    EXPECT_THAT(written("e", {}),
                ::testing::MatchesRegex(
                    "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z info e\n"));
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

// A pipe that is full, and nobody reads.
TEST(LogWriter, DoesNotWaitForeverForWhoReadsStandardError) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_NONBLOCK), 0);
    while (::write(pipe[1], "x", 1) == 1) {
    }
    ASSERT_EQ(::fcntl(pipe[1], F_SETFL, 0), 0);
    const int before = ::dup(STDERR_FILENO);
    ::dup2(pipe[1], STDERR_FILENO);
    std::string read(std::size_t{1} << 17, ' ');
    bool is_written = true;
    {
        Writer writer;
        info("first");
        is_written = writer.finish(std::chrono::milliseconds(100));
        info("second");  // nobody waits for that either
        ::dup2(before, STDERR_FILENO);
        EXPECT_GT(::read(pipe[0], read.data(), read.size()), 0);
        EXPECT_TRUE(writer.finish(std::chrono::seconds(20)));
    }
    EXPECT_FALSE(is_written);
    for (const int each : {before, pipe[0], pipe[1]}) {
        ::close(each);
    }
}

TEST(LogWriter, WritesEveryLineInOrderBeforeItIsGone) {
    ::testing::internal::CaptureStderr();
    {
        const Writer writer;
        info("first");
        info("second");
    }
    info("third");
    EXPECT_THAT(::testing::internal::GetCapturedStderr(),
                ::testing::ContainsRegex("first\n.*second\n.*third\n"));
}

// Who reads the log may stop: nobody who logs waits, and what was lost is said.
TEST(LogWriter, LosesLinesRatherThanWait) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const int saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    std::string text;
    std::thread reader;
    {
        const Writer writer;
        const std::string field(1000, 'x');
        for (int i = 0; i < 4000; ++i) {  // nobody reads yet
            info("line", {{"text", field}});
        }
        reader = std::thread([&] {
            std::array<char, 65536> buffer{};
            for (ssize_t got = 0; (got = read(ends[0], buffer.data(), buffer.size())) > 0;) {
                text.append(buffer.data(), static_cast<std::size_t>(got));
            }
        });
    }
    dup2(saved, STDERR_FILENO);  // the reader sees the end
    close(saved);
    reader.join();
    close(ends[0]);
    EXPECT_THAT(text, HasSubstr("log.lost lines="));
}

}  // namespace
}  // namespace ringwall::log
