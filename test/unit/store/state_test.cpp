#include "store/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <future>

#include "store/writer.h"

namespace ringwall::store {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

MATCHER_P2(IsItem, key, value, "") {
    return arg.key == key && arg.value == value;
}

class SqliteStateTest : public ::testing::Test {
protected:
    SqliteStateTest() { fs::create_directories(folder); }
    ~SqliteStateTest() override { fs::remove_all(folder); }
    std::unique_ptr<State> open() {
        auto opened = open_sqlite_state(file);
        EXPECT_TRUE(opened) << opened.error();
        return opened ? std::move(*opened) : nullptr;
    }

    const fs::path folder =
        fs::temp_directory_path() / ("ringwall-state-" + std::to_string(getpid()));
    const fs::path file = folder / "state.db";
};

TEST_F(SqliteStateTest, KeepsTheLastValueOfAKey) {
    ASSERT_TRUE(open()->apply({{Kind::Registrations, "b", "1"},
                               {Kind::Registrations, "a", "2"},
                               {Kind::Registrations, "b", "3"},
                               {Kind::Registrations, "c", "4"},
                               {Kind::Registrations, "c", std::nullopt}}));
    EXPECT_THAT(*open()->items(Kind::Registrations),
                ElementsAre(IsItem("a", "2"), IsItem("b", "3")));
    EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(SqliteStateTest, AFileThatIsDamagedIsPutAside) {
    ASSERT_TRUE(open()->apply({{Kind::Registrations, "a", "1"}}));
    std::ofstream(file, std::ios::trunc) << "no database, but longer than nothing at all";
    {
        const auto anew = open();
        EXPECT_THAT(*anew->items(Kind::Registrations), IsEmpty());
        EXPECT_EQ(anew->loss(), file.string() + " was damaged, and is put aside as " +
                                    file.string() + ".damaged");
    }
    EXPECT_EQ(open()->loss(), "") << "once";
    EXPECT_TRUE(fs::exists(folder / "state.db.damaged"));
    // And the next one takes its place.
    std::ofstream(file, std::ios::trunc) << "no database again, and longer than nothing at all";
    fs::remove(folder / "state.db-wal");
    EXPECT_THAT(*open()->items(Kind::Registrations), IsEmpty());
    std::ifstream in(folder / "state.db.damaged");
    EXPECT_THAT(std::string(std::istreambuf_iterator<char>(in), {}), HasSubstr("again"));
}

TEST_F(SqliteStateTest, AFileThatIsCutShortUnderItIsNoticed) {
    auto state = open();
    ASSERT_TRUE(state->apply({{Kind::Registrations, "a", "1"}}));
    EXPECT_EQ(state->why_gone(), "");
    fs::resize_file(file, 100);
    EXPECT_THAT(state->why_gone(), HasSubstr("state.db was written by another program"));
    EXPECT_FALSE(state->apply({{Kind::Registrations, "b", "2"}}));
    state.reset();
    state = open();
    EXPECT_EQ(state->why_gone(), "");
    ASSERT_TRUE(state->apply({{Kind::Registrations, "b", "2"}}));
    fs::remove(file);
    EXPECT_THAT(state->why_gone(), HasSubstr("state.db was removed"));
}

TEST_F(SqliteStateTest, APlaceThatCannotBeWrittenIsSaid) {
    const auto opened = open_sqlite_state(folder / "nowhere" / "state.db");
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error(), HasSubstr("nowhere/state.db cannot be used"));
}

// ---- the writer, on a disk of the test's --------------------------------------------------------

// What is on it, and whether it can be written now.
struct Disk {
    std::mutex mutex;
    std::condition_variable bell;
    std::map<std::string, std::string> items;
    std::vector<std::size_t> batches;
    bool is_stuck = false;
    bool fails = false;
    bool is_gone = false;
    bool is_closed = false;  // and cannot be opened
    int opened = 0;
    int not_opened = 0;

    void set(bool Disk::*what, bool to) {
        const std::lock_guard lock(mutex);
        this->*what = to;
        bell.notify_all();
    }
};

class DiskState final : public State {
public:
    explicit DiskState(Disk& disk) : disk_(disk) {}
    Result<std::vector<Item>, std::string> items(Kind) override { return std::vector<Item>{}; }
    Result<void, std::string> apply(const std::vector<Change>& changes) override {
        std::unique_lock lock(disk_.mutex);
        disk_.bell.wait(lock, [this] { return !disk_.is_stuck; });
        if (disk_.fails) {
            return fail(std::string("no room"));
        }
        disk_.batches.push_back(changes.size());
        for (const Change& each : changes) {
            if (each.value) {
                disk_.items[each.key] = *each.value;
            } else {
                disk_.items.erase(each.key);
            }
        }
        return {};
    }
    std::string why_gone() const override {
        const std::lock_guard lock(disk_.mutex);
        return disk_.is_gone ? "it was removed" : "";
    }

private:
    Disk& disk_;
};

class Text final : public Writer::Value {
public:
    explicit Text(std::string text) : text_(std::move(text)) {}
    std::string text() const override { return text_; }

private:
    std::string text_;
};

class WriterTest : public ::testing::Test {
protected:
    void start(std::size_t batch = 1000) {
        writer.emplace(
            Writer::Setup{.open = [this]() -> Result<std::unique_ptr<State>, std::string> {
                              const std::lock_guard lock(disk.mutex);
                              if (disk.is_closed) {
                                  ++disk.not_opened;
                                  disk.bell.notify_all();
                                  return fail(std::string("no such folder"));
                              }
                              ++disk.opened;
                              disk.is_gone = false;
                              disk.bell.notify_all();
                              return std::make_unique<DiskState>(disk);
                          },
                          .on_written =
                              [this](Writer::Ticket ticket) {
                                  const std::lock_guard lock(told_mutex);
                                  told = ticket;
                                  told_bell.notify_all();
                              },
                          .on_change =
                              [this](const std::string& problem) {
                                  const std::lock_guard lock(told_mutex);
                                  changes.push_back(problem);
                                  told_bell.notify_all();
                              },
                          .now =
                              [this] {
                                  return Now{time.load(), {}};
                              },
                          .retry = 1ms,
                          .look = 1ms,
                          .batch = batch});
    }
    Writer::Ticket put(const std::string& key, const char* value) {
        return writer->put(Kind::Registrations, key,
                           value == nullptr ? nullptr : std::make_unique<const Text>(value));
    }
    Writer::Ticket put_record(const std::string& key, const char* value) {
        return writer->put(Kind::Records, key,
                           value == nullptr ? nullptr : std::make_unique<const Text>(value));
    }
    std::vector<std::string> said() {
        const std::lock_guard lock(told_mutex);
        return changes;
    }
    // Bounded: a writer that never tries again fails the test.
    void wait_until_opened(int times) {
        std::unique_lock lock(disk.mutex);
        ASSERT_TRUE(disk.bell.wait_for(lock, 30s, [&] { return disk.opened >= times; }));
    }
    // Bounded: a writer that never says so fails the test.
    void wait_for(Writer::Ticket ticket) {
        std::unique_lock lock(told_mutex);
        ASSERT_TRUE(told_bell.wait_for(lock, 30s, [&] { return told >= ticket; }));
    }

    Disk disk;
    std::mutex told_mutex;
    std::condition_variable told_bell;
    Writer::Ticket told = 0;
    std::vector<std::string> changes;
    std::atomic<TimePoint> time{TimePoint(1000s)};
    std::optional<Writer> writer;  // the last: its thread uses the others
};

TEST_F(WriterTest, WritesWhatItIsTold) {
    start();
    put("a", "1");
    wait_for(put("b", "2"));
    EXPECT_THAT(disk.items, ElementsAre(std::pair("a", "1"), std::pair("b", "2")));
    EXPECT_EQ(writer->written(), 2U);
    wait_for(put("a", nullptr));
    EXPECT_THAT(disk.items, ElementsAre(std::pair("b", "2")));
    EXPECT_EQ(disk.opened, 1);
}

TEST_F(WriterTest, WhatComesMeanwhileIsOneTransactionAndOnlyTheLastOfAKey) {
    disk.is_stuck = true;
    start();
    put("first", "1");
    for (int i = 0; i < 100; ++i) {
        put("again", std::to_string(i).c_str());
    }
    const Writer::Ticket last = put("other", "2");
    EXPECT_EQ(last, 102U);
    EXPECT_EQ(writer->written(), 0U);
    disk.set(&Disk::is_stuck, false);
    wait_for(last);
    EXPECT_EQ(disk.items["again"], "99");
    EXPECT_THAT(disk.items, SizeIs(3));
    std::size_t written = 0;
    for (const std::size_t each : disk.batches) {
        written += each;
    }
    EXPECT_LE(disk.batches.size(), 2U);
    EXPECT_LE(written, 4U) << "'again' may have begun with the first";
}

TEST_F(WriterTest, ATransactionHasAnEnd) {
    disk.is_stuck = true;
    start(10);
    Writer::Ticket last = 0;
    for (int i = 0; i < 35; ++i) {
        last = put(std::to_string(i), "x");
    }
    disk.set(&Disk::is_stuck, false);
    wait_for(last);
    EXPECT_THAT(disk.items, SizeIs(35));
    EXPECT_THAT(disk.batches, ::testing::Each(::testing::Le(10U)));
}

TEST_F(WriterTest, ADiskThatDoesNotAnswerIsKnownByThat) {
    disk.is_stuck = true;
    start();
    put("a", "1");
    wait_until_opened(1);
    EXPECT_EQ(writer->hangs_since(time.load() + 2s, 2s), std::nullopt);
    EXPECT_EQ(writer->hangs_since(time.load() + 2001ms, 2s), WallTime{});
    disk.set(&Disk::is_stuck, false);
    wait_for(1);
    EXPECT_EQ(writer->hangs_since(time.load() + 1h, 2s), std::nullopt);
    // One that answers that it cannot does answer.
    disk.set(&Disk::fails, true);
    put("b", "2");
    wait_until_opened(3);
    disk.set(&Disk::is_closed, true);
    const auto has_answered = [&] { return !writer->hangs_since(time.load() + 1h, 2s); };
    const auto limit = std::chrono::steady_clock::now() + 30s;
    while (!has_answered() && std::chrono::steady_clock::now() < limit) {
        std::this_thread::sleep_for(1ms);
    }
    EXPECT_TRUE(has_answered());
    EXPECT_TRUE(writer->is_lagging(time.load() + 1h));
}

TEST_F(WriterTest, ADiskThatFailsIsTriedAgainAndNothingIsLost) {
    disk.fails = true;
    start();
    put("a", "old");
    const Writer::Ticket last = put("b", "1");
    wait_until_opened(3);  // it has been refused at least once
    EXPECT_EQ(writer->written(), 0U);
    put("a", "new");
    time = TimePoint(1000s) + 201ms;
    EXPECT_TRUE(writer->is_lagging(time));
    EXPECT_THAT(writer->alarm(time), HasSubstr("not durable: no room"));
    disk.set(&Disk::fails, false);
    wait_for(last + 1);
    EXPECT_THAT(disk.items, ElementsAre(std::pair("a", "new"), std::pair("b", "1")));
    EXPECT_FALSE(writer->is_lagging(time));
    EXPECT_EQ(writer->alarm(time), "");
}

// Whoever opens it says all anew.
TEST_F(WriterTest, WhatIsGoneIsOpenedAnewThoughThereIsNothingToWrite) {
    start();
    wait_for(put("a", "1"));
    disk.set(&Disk::is_gone, true);
    std::unique_lock lock(disk.mutex);
    EXPECT_TRUE(disk.bell.wait_for(lock, 30s, [this] { return disk.opened == 2; }));
    EXPECT_FALSE(disk.is_gone);
    lock.unlock();
    wait_for(put("b", "2"));
    EXPECT_THAT(disk.items, SizeIs(2));
    // Where it cannot be, that is an alarm until it can.
    disk.set(&Disk::is_closed, true);
    disk.set(&Disk::is_gone, true);
    const auto is_alarm = [this](std::string_view sentence) {
        const auto until = std::chrono::steady_clock::now() + 30s;
        bool is_so = false;
        while (!is_so && std::chrono::steady_clock::now() < until) {
            is_so = writer->alarm(time).find(sentence) != std::string::npos &&
                    writer->alarm(time).empty() == sentence.empty();
        }
        return is_so;
    };
    EXPECT_TRUE(is_alarm("not durable: no such folder"));
    disk.set(&Disk::is_closed, false);
    EXPECT_TRUE(is_alarm(""));
}

// However often it is tried; whoever is told writes it into a log.
TEST_F(WriterTest, ADiskThatFailsIsSaidOnceAndOnceThatItWorksAgain) {
    start();
    wait_for(put("a", "1"));
    EXPECT_THAT(said(), IsEmpty());
    disk.set(&Disk::fails, true);
    const Writer::Ticket last = put("a", "2");
    wait_until_opened(5);
    EXPECT_THAT(said(), ElementsAre("no room"));
    disk.set(&Disk::fails, false);
    wait_for(last);
    EXPECT_THAT(said(), ElementsAre("no room", ""));
    // Gone while there is nothing to write, and it cannot be opened for a while.
    const int before = [&] {
        const std::lock_guard lock(disk.mutex);
        disk.is_closed = true;
        disk.is_gone = true;
        return disk.opened;
    }();
    {
        std::unique_lock lock(told_mutex);
        ASSERT_TRUE(told_bell.wait_for(lock, 30s, [&] { return changes.size() == 3; }));
    }
    {
        std::unique_lock lock(disk.mutex);
        const int attempts = disk.not_opened + 3;
        ASSERT_TRUE(disk.bell.wait_for(lock, 30s, [&] { return disk.not_opened >= attempts; }));
    }
    disk.set(&Disk::is_closed, false);
    wait_until_opened(before + 1);
    wait_for(put("b", "1"));
    EXPECT_THAT(said(), ElementsAre("no room", "", "it was removed", ""));
}

// A call that came and went while the disk hung is not written at all, and costs nothing.
TEST_F(WriterTest, WhatCameAndWentBeforeItWasTriedIsNotWritten) {
    disk.is_stuck = true;
    start();
    put("first", "1");
    // Taken by the writer, which is kept there.
    const auto until = std::chrono::steady_clock::now() + 30s;
    while (writer->waiting() > 0 && std::chrono::steady_clock::now() < until) {
        std::this_thread::yield();
    }
    ASSERT_EQ(writer->waiting(), 0U);
    for (int i = 0; i < 1000; ++i) {
        put_record(std::to_string(i), "x");
        put_record(std::to_string(i), nullptr);
    }
    EXPECT_EQ(writer->waiting(), 0U);
    const Writer::Ticket last = put_record("stays", "x");
    EXPECT_EQ(writer->waiting(), 1U);
    disk.set(&Disk::is_stuck, false);
    wait_for(last);
    EXPECT_THAT(disk.batches, ElementsAre(1U, 1U));
    EXPECT_THAT(disk.items, ElementsAre(std::pair("first", "1"), std::pair("stays", "x")));
    // What was written has to be taken out again.
    wait_for(put_record("stays", nullptr));
    EXPECT_THAT(disk.items, SizeIs(1));
}

TEST_F(WriterTest, TheEndIsWaitedForAsLongAsTheDiskWrites) {
    disk.is_stuck = true;
    start();
    put("a", "1");
    put("b", "2");
    EXPECT_FALSE(writer->finish(1ms));
    disk.set(&Disk::is_stuck, false);
    EXPECT_TRUE(writer->finish(30s));
    EXPECT_THAT(disk.items, SizeIs(2));
}

TEST_F(WriterTest, ADiskThatHangsIsAnAlarmAndNobodyWaitsForIt) {
    disk.is_stuck = true;
    start();
    const Writer::Ticket last = put("a", "1");
    EXPECT_FALSE(writer->is_lagging(time.load() + 200ms));
    EXPECT_TRUE(writer->is_lagging(time.load() + 201ms));
    EXPECT_THAT(writer->alarm(time.load() + 201ms), HasSubstr("the disk is too slow"));
    disk.set(&Disk::is_stuck, false);
    wait_for(last);
    EXPECT_FALSE(writer->is_lagging(time.load() + 1h));
}

TEST_F(WriterTest, WhatWaitsAtTheEndIsWritten) {
    disk.is_stuck = true;
    start();
    put("a", "1");
    put("b", "2");
    std::thread unblock([this] { disk.set(&Disk::is_stuck, false); });
    writer.reset();
    unblock.join();
    EXPECT_THAT(disk.items, SizeIs(2));
}

}  // namespace
}  // namespace ringwall::store
