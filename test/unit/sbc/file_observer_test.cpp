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

TEST(FileObserver, RefusalsOfTrustStandInTheAuditLogAndDoNotFillIt) {
    const auto path =
        std::filesystem::temp_directory_path() / ("ringwall-trust-" + std::to_string(getpid()));
    const auto mailbox = std::move(*net::Mailbox::create());
    Now now{TimePoint(1h), WallTime(std::chrono::seconds(1'795'000'000))};
    FileObserver observer(*mailbox, [&] { return now; });
    ASSERT_TRUE(observer.audit.open(path));
    for (int i = 0; i < 1000; ++i) {
        observer.on_record(refused(FailureCause::SetupPolicy));
        observer.on_record(refused(FailureCause::Routing));
    }
    now.monotonic += 1s;
    observer.on_record(refused(FailureCause::SetupPolicy));
    mailbox->open_all();
    std::vector<std::string> lines;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
        EXPECT_LT(line.size(), 600U);
        lines.push_back(line);
    }
    ASSERT_THAT(lines, SizeIs(11));
    EXPECT_THAT(lines[0], HasSubstr(R"("user":"ringwall-sbc","session":"","what":"trust refused",)"
                                    R"("text":"call abc of sip:mallory@example.net by outside to )"
                                    "sips:aaa"));
    EXPECT_THAT(lines[0], HasSubstr(": 403 SIPS Target Not Allowed From Untrusted Caller\"}"));
    EXPECT_THAT(lines[10], HasSubstr("; before it 990 more that are not written here\"}"));
    std::filesystem::remove(path);
}

}  // namespace
}  // namespace ringwall::sbc
