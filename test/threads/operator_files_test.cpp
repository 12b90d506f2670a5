#include "sbc/operator_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <thread>

#include "net/clock.h"
#include "threads/shelf.h"

namespace ringwall::sbc {
namespace {

namespace fs = std::filesystem;
using store::Kind;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

// A file that hangs: a pipe that is full, and nobody reads it until drained().
class HangingFile {
public:
    explicit HangingFile(fs::path path) : path_(std::move(path)) {
        EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
        end_ = net::FileDescriptor(::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
        const std::string filling(4096, '\n');
        while (::write(end_.number(), filling.data(), filling.size()) > 0) {
        }
    }
    const fs::path& path() const { return path_; }
    // What has come, without what it was filled with.
    const std::vector<std::string>& drained() {
        std::string buffer(1U << 16U, '\0');
        for (ssize_t got = 0; (got = ::read(end_.number(), buffer.data(), buffer.size())) > 0;) {
            rest_.append(buffer, 0, static_cast<std::size_t>(got));
            std::size_t begin = 0;
            for (std::size_t at = 0; (at = rest_.find('\n', begin)) != std::string::npos;) {
                if (at > begin) {
                    lines_.push_back(rest_.substr(begin, at - begin));
                }
                begin = at + 1;
            }
            rest_.erase(0, begin);
        }
        return lines_;
    }

private:
    fs::path path_;
    net::FileDescriptor end_;
    std::string rest_;
    std::vector<std::string> lines_;
};

CallRecord ended(const std::string& call) {
    CallRecord out;
    out.call = call;
    out.result = "answered";
    return out;
}

template <class Condition>
bool comes_true(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!condition() && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(1ms);
    }
    return condition();
}

class OperatorFilesTest : public ::testing::Test {
protected:
    OperatorFilesTest() {
        EXPECT_TRUE(observer.trace.open(trace.path()));
        EXPECT_TRUE(observer.record.open(record.path()));
        EXPECT_TRUE(observer.audit.open(audit));
        writer.emplace(store::Writer::Setup{
            .open = [this]() -> Result<std::unique_ptr<store::State>, std::string> {
                return std::make_unique<ShelfState>(shelf);
            },
            .on_written =
                [this](store::Writer::Ticket ticket) { observer.records.on_written(ticket); },
            .now = net::system_clock});
        observer.records.start(*writer, {});
        files->start();
    }
    // Whatever became of the test, the threads must end.
    ~OperatorFilesTest() override {
        EXPECT_TRUE(comes_true([&] {
            trace.drained();
            record.drained();
            return files->stop(Duration(0));
        }));
        writer.reset();
        fs::remove_all(folder);
    }
    std::vector<std::string> alarms_in(Duration later) const {
        Now now = net::system_clock();
        now.monotonic += later;
        return files->alarms(now);
    }
    std::size_t shelved() {
        const std::lock_guard lock(shelf.mutex);
        return shelf.records.size();
    }
    std::string audited() const {
        std::string text(fs::exists(audit) ? fs::file_size(audit) : 0, '\0');
        const net::FileDescriptor file(::open(audit.c_str(), O_RDONLY | O_CLOEXEC));
        return ::read(file.number(), text.data(), text.size()) < 0 ? "" : text;
    }

    const fs::path folder = [] {
        const auto path =
            fs::temp_directory_path() / ("ringwall-files-" + std::to_string(getpid()));
        fs::create_directories(path);
        return path;
    }();
    HangingFile trace{folder / "trace.jsonl"};
    HangingFile record{folder / "record.jsonl"};
    const fs::path audit = folder / "audit.log";
    std::unique_ptr<OperatorFiles> files = std::move(*OperatorFiles::create());
    FileObserver& observer = files->observer();
    Shelf shelf;
    std::optional<store::Writer> writer;  // the last: its thread uses the others
};

TEST_F(OperatorFilesTest, AFileThatHangsKeepsNobodyAndNoOtherFile) {
    observer.on_trace("one");
    observer.on_record(ended("a"));
    observer.audit.post("said");
    EXPECT_TRUE(comes_true([&] { return audited() == "said\n"; }));
    ASSERT_TRUE(comes_true([&] { return alarms_in(3s).size() == 3; }));
    EXPECT_THAT(alarms_in(0s), IsEmpty()) << "it may still come";
    EXPECT_THAT(
        alarms_in(3s),
        ElementsAre(AllOf(StartsWith(trace.path().string() + " hangs: its disk has kept "),
                          HasSubstr("; up to 20000 lines can wait for it")),
                    StartsWith(record.path().string() + " hangs: "),
                    "records of calls wait in the store and in memory for their file, which "
                    "hangs: up to 100000, and the next are lost"));
    // What the main thread does meanwhile.
    files->reopen();
    files->try_again(net::system_clock().monotonic);
    EXPECT_EQ(shelved(), 1U);
    EXPECT_TRUE(
        comes_true([&] { return trace.drained().size() == 1 && record.drained().size() == 1; }));
    EXPECT_TRUE(comes_true([&] { return alarms_in(3s).empty() && shelved() == 0; }));
    EXPECT_THAT(record.drained(), ElementsAre(HasSubstr("\"call\":\"a\"")));
}

TEST_F(OperatorFilesTest, WhatWaitsForAFileThatHangsHasAnEndAndIsCounted) {
    for (int i = 0; i < 25'000; ++i) {
        observer.on_trace("line");
    }
    EXPECT_EQ(observer.trace.waiting(), LineFile::max_waiting);
    ASSERT_TRUE(comes_true([&] { return !alarms_in(3s).empty(); }));
    EXPECT_THAT(alarms_in(3s),
                ElementsAre(HasSubstr("; up to 20000 lines wait for it, and more are "
                                      "being lost")));
    constexpr std::size_t most = RecordJournal::max_waiting;
    for (std::size_t i = 0; i < most + 7; ++i) {
        observer.records.write(std::to_string(i), "record", net::system_clock().monotonic);
    }
    EXPECT_EQ(observer.records.waiting(), most);
    EXPECT_TRUE(comes_true([&] { return trace.drained().size() == 20'001; }));
    EXPECT_THAT(trace.drained(), Contains("{\"lost\":5000}"));
    EXPECT_TRUE(comes_true([&] { return record.drained().size() >= most && shelved() == 0; }));
    observer.on_record(ended("next"));
    EXPECT_TRUE(comes_true([&] { return record.drained().size() == most + 2; }));
    EXPECT_THAT(record.drained(), Contains("{\"lost\":7}"));
}

TEST_F(OperatorFilesTest, TheEndIsNotWaitedForForEver) {
    observer.on_trace("one");
    observer.on_trace("two");
    observer.on_record(ended("a"));
    observer.audit.post("said");
    ASSERT_TRUE(comes_true([&] { return shelved() == 1 && audited() == "said\n"; }));
    testing::internal::CaptureStderr();
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(files->stop(1s));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_THAT(said, HasSubstr("file.not-written file=trace path=" + trace.path().string() +
                                " lines=2 records=0"));
    EXPECT_THAT(said, HasSubstr("file.not-written file=record path=" + record.path().string() +
                                " lines=1 records=1"));
    EXPECT_THAT(said, Not(HasSubstr("file=audit")));
    EXPECT_EQ(audited(), "said\n");
    EXPECT_EQ(shelved(), 1U) << "for the next start";
}

}  // namespace
}  // namespace ringwall::sbc
