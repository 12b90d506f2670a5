#include "sbc/record_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>
#include <thread>

#include "net/clock.h"
#include "threads/shelf.h"

namespace ringwall::sbc {
namespace {

namespace fs = std::filesystem;
using store::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RecordJournalTest : public ::testing::Test {
protected:
    RecordJournalTest() {
        fs::create_directories(folder);
        EXPECT_TRUE(file.open(folder / "calls.jsonl"));
    }
    ~RecordJournalTest() override { fs::remove_all(folder); }
    void start(const std::vector<store::Item>& left = {}) {
        open_store(left);
        journal.start(*writer, left);
    }
    void open_store(const std::vector<store::Item>& left) {
        std::vector<std::pair<Kind, std::string>> there;
        for (const store::Item& each : left) {
            shelf.records[each.key] = each.value;
            there.emplace_back(Kind::Records, each.key);
        }
        writer.emplace(store::Writer::Setup{
            .open = [this]() -> Result<std::unique_ptr<store::State>, std::string> {
                return std::make_unique<ShelfState>(shelf);
            },
            .there = std::move(there),
            .on_written = [this](store::Writer::Ticket ticket) { journal.on_written(ticket); },
            .now =
                [this] {
                    return Now{time.load(), {}};
                }});
    }
    void write(const std::string& call) {
        journal.write(call, "{\"call\":\"" + call + "\"}", time.load());
    }
    static std::string a_mebibyte_of(const std::string& call) {
        std::string line = "{\"call\":\"" + call + "\",\"x\":\"";
        return line.append(1U << 20U, 'x').append("\"}");
    }
    std::vector<std::string> lines(const char* name = "calls.jsonl") const {
        std::vector<std::string> out;
        std::ifstream in(folder / name);
        for (std::string line; std::getline(in, line);) {
            out.push_back(line);
        }
        return out;
    }
    void put(const char* name, const std::string& text) const {
        std::ofstream(folder / name) << text;
    }
    std::map<std::string, std::string> shelved() {
        const std::lock_guard lock(shelf.mutex);
        return shelf.records;
    }
    void set_stuck(bool is_stuck) {
        const std::lock_guard lock(shelf.mutex);
        shelf.is_stuck = is_stuck;
        shelf.bell.notify_all();
    }
    std::string alarm_of_journal() const { return journal.alarm(net::system_clock().monotonic); }
    // Bounded; the letters are opened meanwhile.
    template <class Condition>
    bool comes_true(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + 30s;
        while (!condition() && std::chrono::steady_clock::now() < end) {
            mailbox->open_all();
            std::this_thread::yield();
        }
        return condition();
    }

    const fs::path folder =
        fs::temp_directory_path() / ("ringwall-journal-" + std::to_string(getpid()));
    std::unique_ptr<net::Mailbox> mailbox = std::move(*net::Mailbox::create());
    LineFile file{"record", *mailbox};
    RecordJournal journal{file, *mailbox};
    Shelf shelf;
    std::atomic<TimePoint> time{TimePoint(1000s)};
    std::optional<store::Writer> writer;  // the last: its thread uses the others
};

TEST_F(RecordJournalTest, IsInTheStoreUntilItIsInTheFile) {
    start();
    write("a");
    ASSERT_TRUE(comes_true([&] { return !lines().empty(); }));
    write("b");
    ASSERT_TRUE(comes_true([&] { return lines().size() == 2 && shelved().empty(); }));
    EXPECT_THAT(lines(), ElementsAre("{\"call\":\"a\"}", "{\"call\":\"b\"}"));
}

TEST_F(RecordJournalTest, ComesIntoTheFileNoSoonerThanIntoTheStore) {
    set_stuck(true);
    start();
    write("a");
    mailbox->open_all();
    EXPECT_THAT(lines(), IsEmpty());
    set_stuck(false);
    EXPECT_TRUE(comes_true([&] { return lines().size() == 1; }));
}

// A store that hangs keeps nobody waiting, however much it has still; whoever starts after a kill
// finds all of that in the file.
TEST_F(RecordJournalTest, GoesOnWhereTheStoreHangsAndIsStillWrittenOnce) {
    constexpr std::size_t count = 80;
    std::vector<store::Item> left;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string call = "c" + std::to_string(i);
        left.push_back({call, a_mebibyte_of(call)});
    }
    set_stuck(true);
    start(left);
    mailbox->open_all();
    EXPECT_THAT(lines(), SizeIs(count));
    EXPECT_THAT(shelved(), SizeIs(count));
    LineFile same("record", *mailbox);
    ASSERT_TRUE(same.open(folder / "calls.jsonl"));
    RecordJournal next(same, *mailbox);
    EXPECT_THAT(next.recorded(left), SizeIs(count)) << "calls that it has kept too";
    next.start(*writer, left);
    mailbox->open_all();
    EXPECT_THAT(lines(), SizeIs(count));
    EXPECT_EQ(next.waiting(), 0U);
    set_stuck(false);
    EXPECT_TRUE(comes_true([&] { return shelved().empty(); }));
    EXPECT_THAT(lines(), SizeIs(count));
}

// Those that came while it hangs are in the file, and it never has them.
TEST_F(RecordJournalTest, GoesToTheFileAllTheTimeThatTheStoreHangs) {
    start();
    write("first");
    ASSERT_TRUE(comes_true([&] { return shelved().empty() && lines().size() == 1; }));
    set_stuck(true);
    write("last");
    constexpr std::size_t count = 20;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string call = std::to_string(i);
        journal.write(call, a_mebibyte_of(call), time);
        time = time.load() + 300ms;
        journal.look(time.load());
        mailbox->open_all();
    }
    EXPECT_THAT(lines(), SizeIs(count + 2));
    EXPECT_EQ(journal.waiting(), 0U);
    set_stuck(false);
    EXPECT_TRUE(comes_true([&] { return writer->written() == writer->last(); }));
    EXPECT_THAT(shelved(), IsEmpty());
    EXPECT_THAT(lines(), SizeIs(count + 2));
}

// A store that is gone for a day: nobody waits for it, and what came and went meanwhile is not
// kept.
TEST_F(RecordJournalTest, CostsNothingWhereTheStoreIsGone) {
    shelf.is_broken = true;
    start();
    constexpr std::size_t count = 20'000;
    for (std::size_t i = 0; i < count; ++i) {
        write(std::to_string(i));
        if (i % 1000 == 999) {
            time = time.load() + 300ms;
            journal.look(time.load());
            mailbox->open_all();
        }
    }
    EXPECT_THAT(lines(), SizeIs(count));
    EXPECT_LE(writer->waiting(), 2000U);  // what was tried
    {
        const std::lock_guard lock(shelf.mutex);
        shelf.is_broken = false;
    }
    EXPECT_TRUE(comes_true([&] { return writer->written() == writer->last(); }));
    EXPECT_THAT(shelved(), IsEmpty());
}

TEST_F(RecordJournalTest, WaitsNotForAStoreThatIsTooSlow) {
    set_stuck(true);
    start();
    write("a");
    journal.look(time.load());
    mailbox->open_all();
    EXPECT_THAT(lines(), IsEmpty());
    time = time.load() + 300ms;
    journal.look(time.load());
    mailbox->open_all();
    EXPECT_THAT(lines(), SizeIs(1));
    set_stuck(false);
    EXPECT_TRUE(comes_true([&] { return writer->written() == writer->last(); }));
    EXPECT_THAT(shelved(), IsEmpty());
}

// The process was killed between the one and the other, or while it wrote.
TEST_F(RecordJournalTest, OfAnotherProcessIsWrittenOnce) {
    put("moved", "{\"call\":\"old\"}\n");
    fs::rename(folder / "moved", folder / "calls.jsonl.1");
    put("calls.jsonl", "{\"call\":\"there\"}\n{\"call\":\"half");
    ASSERT_TRUE(file.open(folder / "calls.jsonl"));
    EXPECT_THAT(lines(), ElementsAre("{\"call\":\"there\"}")) << "half a line is none";
    shelf.records = {{"old", ""}, {"there", ""}, {"half", ""}, {"new", ""}};
    start({{"old", "{\"call\":\"old\"}"},
           {"there", "{\"call\":\"there\"}"},
           {"half", "{\"call\":\"half\"}"},
           {"new", "{\"call\":\"new\"}"}});
    EXPECT_TRUE(comes_true([&] { return shelved().empty(); }));
    EXPECT_THAT(lines(),
                ElementsAre("{\"call\":\"there\"}", "{\"call\":\"half\"}", "{\"call\":\"new\"}"));
}

// Somebody starts it by hand, to look at something, and names no file of records.
TEST_F(RecordJournalTest, StaysInTheStoreWhereThereIsNoFile) {
    const std::vector<store::Item> left{{"a", "{\"call\":\"a\"}"}};
    open_store(left);
    LineFile none("record", *mailbox);
    RecordJournal idle(none, *mailbox);
    idle.start(*writer, left);
    mailbox->open_all();
    EXPECT_THAT(idle.recorded({{"a", ""}, {"b", ""}}), ElementsAre("a"));
    EXPECT_THAT(idle.alarm(time), HasSubstr("1 records of calls wait for their file: none is named "
                                            "(--record), so they stay in the store"));
    ASSERT_TRUE(comes_true([&] { return writer->written() == writer->last(); }));
    EXPECT_THAT(shelved(), SizeIs(1));
    journal.start(*writer, left);
    EXPECT_TRUE(comes_true([&] { return lines().size() == 1 && shelved().empty(); }));
}

TEST_F(RecordJournalTest, KnowsWhichCallsAreOverInEitherForm) {
    put("calls.jsonl", "{\"call\":\"a\",\"caller\":\"b\"}\nc,sip:d@example.com\n");
    ASSERT_TRUE(file.open(folder / "calls.jsonl"));
    EXPECT_THAT(journal.recorded({{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}}),
                ElementsAre("a", "c"));
}

// A disk that is full: nothing is lost while there is room to wait.
TEST_F(RecordJournalTest, WaitsForAFileThatCannotTakeIt) {
    start();
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit little{.rlim_cur = 15, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &little);
    write("a");
    write("b");
    const bool has_come = comes_true([&] { return !alarm_of_journal().empty(); });
    const std::string alarm = alarm_of_journal();
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    ASSERT_TRUE(has_come);
    EXPECT_THAT(alarm, HasSubstr("1 records of calls wait for their file: "));
    EXPECT_THAT(lines(), SizeIs(1));
    EXPECT_TRUE(comes_true([&] { return shelved().size() == 1; })) << "it is still in the store";
    journal.look(time.load());
    EXPECT_TRUE(comes_true([&] { return lines().size() == 2 && shelved().empty(); }));
    EXPECT_EQ(alarm_of_journal(), "");
    EXPECT_EQ(file.alarm(net::system_clock()), "");
}

TEST_F(RecordJournalTest, GoesToTheFileWhenTheProcessEnds) {
    set_stuck(true);
    start();
    write("a");
    journal.stop();
    mailbox->open_all();
    EXPECT_THAT(lines(), SizeIs(1));
    set_stuck(false);
}

}  // namespace
}  // namespace ringwall::sbc
