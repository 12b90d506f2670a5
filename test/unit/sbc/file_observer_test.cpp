#include "sbc/file_observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <vector>

namespace ringwall::sbc {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

CallRecord refused(FailureCause cause) {
    CallRecord call;
    call.call = "abc";
    call.caller = "sip:mallory@example.net";
    call.callee = "sips:" + std::string(5000, 'a') + "@example.com";
    call.from_adjacency = "outside";
    call.result = "refused";
    call.status = 403;
    call.reason = "SIPS Target Not Allowed From Untrusted Caller";
    call.cause = cause;
    return call;
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
    std::vector<std::string> lines;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

TEST(LineFile, GoesOnInANewOneWhereTheOldWasMovedAway) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("ringwall-lines-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    const auto mailbox = std::move(*net::Mailbox::create());
    LineFile file("record", *mailbox);
    const auto reopen = [&] {
        file.reopen();
        mailbox->open_all();
    };
    const auto write = [&](const char* line) {
        file.post(line);
        mailbox->open_all();
    };
    reopen();  // nothing is open: nothing to do
    EXPECT_FALSE(file.is_open());
    ASSERT_TRUE(file.open(folder / "record"));
    write("1");
    reopen();
    write("2");
    std::filesystem::rename(folder / "record", folder / "record.1");
    write("3");  // nobody has said so yet
    reopen();
    write("4");
    EXPECT_THAT(lines_of(folder / "record.1"), testing::ElementsAre("1", "2", "3"));
    EXPECT_THAT(lines_of(folder / "record"), testing::ElementsAre("4"));
    // Where there can be no other it is the same one.
    std::filesystem::rename(folder / "record", folder / "record.2");
    std::filesystem::create_directory(folder / "record");
    reopen();
    write("5");
    EXPECT_THAT(lines_of(folder / "record.2"), testing::ElementsAre("4", "5"));
    std::filesystem::remove_all(folder);
}

TEST(FileObserver, RefusalsOfTrustStandInTheAuditLogAndDoNotFillIt) {
    const auto path =
        std::filesystem::temp_directory_path() / ("ringwall-trust-" + std::to_string(getpid()));
    const auto mailbox = std::move(*net::Mailbox::create());
    Now now{TimePoint(1h), WallTime(std::chrono::seconds(1'795'000'000))};
    FileObserver observer({*mailbox, *mailbox, *mailbox}, [&] { return now; });
    ASSERT_TRUE(observer.audit.open(path));
    for (int i = 0; i < 1000; ++i) {
        observer.on_record(refused(FailureCause::SetupPolicy));
        observer.on_record(refused(FailureCause::Routing));
    }
    now.monotonic += 1s;
    observer.on_record(refused(FailureCause::SetupPolicy));
    mailbox->open_all();
    const std::vector<std::string> lines = lines_of(path);
    ASSERT_THAT(lines, SizeIs(11));
    EXPECT_THAT(lines, testing::Each(testing::SizeIs(testing::Lt(600U))));
    EXPECT_THAT(lines[0], HasSubstr(R"("user":"ringwall-sbc","session":"","what":"trust refused",)"
                                    R"("text":"call abc of sip:mallory@example.net by outside to )"
                                    "sips:aaa"));
    EXPECT_THAT(lines[0], HasSubstr(": 403 SIPS Target Not Allowed From Untrusted Caller\"}"));
    EXPECT_THAT(lines[10], HasSubstr("; before it 990 more that are not written here\"}"));
    std::filesystem::remove(path);
}

}  // namespace
}  // namespace ringwall::sbc
