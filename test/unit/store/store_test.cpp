#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>

#include "store/sqlite_database.h"

namespace ringwall::store {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Subscriber alice(const std::string& secret = "0123456789abcdef") {
    return {"alice@example.com",
            "alice",
            "example.com",
            {{"MD5", Secret("md5" + secret)}, {"SHA-256", Secret("sha" + secret)}}};
}
Subscriber bob() {
    return {"bob@example.com", "bob", "example.com", {{"SHA-256", Secret("b0b")}}};
}

std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class InAFolder : public ::testing::Test {
protected:
    InAFolder() { fs::create_directories(folder); }
    ~InAFolder() override { fs::remove_all(folder); }

    // With the writes of this process limited to so many octets of a file: a disk that is full.
    static void on_full_disk(rlim_t size, const std::function<void()>& run) {
        rlimit before{};
        getrlimit(RLIMIT_FSIZE, &before);
        const auto handler = std::signal(SIGXFSZ, SIG_IGN);
        const rlimit little{.rlim_cur = size, .rlim_max = before.rlim_max};
        setrlimit(RLIMIT_FSIZE, &little);
        run();
        setrlimit(RLIMIT_FSIZE, &before);
        std::signal(SIGXFSZ, handler);
    }

    const fs::path folder =
        fs::temp_directory_path() / ("ringwall-store-" + std::to_string(getpid()));
    const fs::path file = folder / "ringwall.db";
};

class StoreTest : public InAFolder {
protected:
    std::unique_ptr<Store> open() {
        auto store = open_sqlite(file, IfMissing::Create);
        EXPECT_TRUE(store) << store.error();
        return store ? std::move(*store) : nullptr;
    }
    std::string why_not_open() {
        const auto store = open_sqlite(file, IfMissing::Create);
        return store ? "" : store.error();
    }
};

TEST_F(StoreTest, KeepsSubscribersOverARestart) {
    auto store = open();
    EXPECT_THAT(*store->subscribers(), IsEmpty());
    ASSERT_TRUE(store->put(bob()));
    ASSERT_TRUE(store->put(alice()));
    EXPECT_THAT(*store->subscribers(), ElementsAre(alice(), bob()));
    store.reset();
    store = open();
    EXPECT_THAT(*store->subscribers(), ElementsAre(alice(), bob()));
    ASSERT_TRUE(store->put(alice("other")));
    ASSERT_TRUE(store->remove_subscriber("bob@example.com"));
    ASSERT_TRUE(store->remove_subscriber("nobody@example.com"));
    store.reset();
    EXPECT_THAT(*open()->subscribers(), ElementsAre(alice("other")));
}

TEST_F(StoreTest, KeepsTheNameInItsCertificate) {
    Subscriber carol = alice();
    carol.certificate_name = "phone-7";
    ASSERT_TRUE(open()->put(carol));
    EXPECT_THAT(*open()->subscribers(), ElementsAre(carol));
}

TEST_F(StoreTest, WhereOneIsExpectedNoneIsMade) {
    const auto store = open_sqlite(file, IfMissing::Refuse);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error(),
              file.string() +
                  " was removed; put it or a backup in its place, and send SIGHUP to ringwall-sbc");
    EXPECT_FALSE(fs::exists(file));
}

TEST_F(StoreTest, NamesAreWhateverTheyAre) {
    const Subscriber odd{"o'hara\"; --@example.com", "\xC3\xA9", "a realm", {{"MD5", Secret("")}}};
    auto store = open();
    ASSERT_TRUE(store->put(odd));
    EXPECT_THAT(*store->subscribers(), ElementsAre(odd));
    ASSERT_TRUE(store->remove_subscriber(odd.address_of_record));
    EXPECT_THAT(*store->subscribers(), IsEmpty());
}

TEST_F(StoreTest, NobodyElseMayReadIt) {
    const auto store = open();
    ASSERT_TRUE(store->put(alice()));
    for (const auto& each : fs::directory_iterator(folder)) {
        EXPECT_EQ(each.status().permissions() & fs::perms::mask,
                  fs::perms::owner_read | fs::perms::owner_write)
            << each.path();
    }
}

// While it is open, too: the file may be copied at any time.
TEST_F(StoreTest, WhatWasRemovedIsInNoFile) {
    const auto store = open();
    const auto is_anywhere = [&](std::string_view text) {
        return std::ranges::any_of(fs::directory_iterator(folder), [&](const auto& each) {
            return text_of(each.path()).find(text) != std::string::npos;
        });
    };
    ASSERT_TRUE(store->put(alice("first")));
    EXPECT_TRUE(is_anywhere("md5first"));
    ASSERT_TRUE(store->put(alice("second")));
    EXPECT_FALSE(is_anywhere("md5first"));
    EXPECT_THAT(text_of(file), HasSubstr("md5second"));
    ASSERT_TRUE(store->remove_subscriber("alice@example.com"));
    EXPECT_FALSE(is_anywhere("md5second"));
    EXPECT_FALSE(is_anywhere("alice@example.com"));
}

TEST_F(StoreTest, AFileOfAnotherKindIsLeftAsItIs) {
    const std::string text =
        "this is no database, whatever its name says; it is longer than a head";
    std::ofstream(file) << text << std::string(1000, '.');
    EXPECT_EQ(why_not_open(), file.string() +
                                  " cannot be used: file is not a database; put a backup in its "
                                  "place");
    EXPECT_THAT(text_of(file), HasSubstr(text));
}

TEST_F(StoreTest, ADamagedFileIsNamed) {
    {
        const auto store = open();
        for (int i = 0; i < 50; ++i) {
            Subscriber each = alice();
            each.address_of_record = std::to_string(i) + std::string(500, 'x') + "@example.com";
            ASSERT_TRUE(store->put(each));
        }
    }
    std::fstream damaged(file, std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(4096 * 2);
    damaged << std::string(4096 * 2, '\xA5');
    damaged.close();
    EXPECT_THAT(why_not_open(), HasSubstr(file.string() + " is damaged: "));
    EXPECT_THAT(why_not_open(), HasSubstr("; put a backup in its place"));
}

TEST_F(StoreTest, AFullDiskChangesNothing) {
    const auto store = open();
    ASSERT_TRUE(store->put(bob()));
    std::string why;
    on_full_disk(100, [&] {
        const auto done = store->put(alice());
        why = done ? "" : done.error();
        EXPECT_THAT(*store->subscribers(), ElementsAre(bob()));
    });
    EXPECT_THAT(why, HasSubstr(file.string() + " cannot be used: "));
    EXPECT_THAT(*store->subscribers(), ElementsAre(bob()));
    ASSERT_TRUE(store->put(alice())) << "and when there is room again all is well";
    EXPECT_THAT(*store->subscribers(), ElementsAre(alice(), bob()));
}

TEST_F(StoreTest, OnAFullDiskNoneIsMade) {
    on_full_disk(0, [&] { EXPECT_THAT(why_not_open(), HasSubstr(file.string())); });
    EXPECT_THAT(*open()->subscribers(), IsEmpty());
}

TEST_F(StoreTest, AFolderThatIsNotThereIsNamed) {
    fs::remove_all(folder);
    EXPECT_EQ(why_not_open(), file.string() +
                                  " cannot be used: unable to open database file (No "
                                  "such file or directory)");
}

// As another user, where this one may write everything.
TEST_F(StoreTest, OneThatMayOnlyBeReadIsRead) {
    ASSERT_TRUE(open()->put(alice()));
    fs::permissions(folder, fs::perms(0777));
    ASSERT_EQ(::chmod(file.c_str(), 0444), 0);
    constexpr uid_t nobody = 65534;
    const bool is_root = ::geteuid() == 0;
    ASSERT_TRUE(!is_root || ::seteuid(nobody) == 0);
    {
        const auto store = open();
        EXPECT_EQ(store->why_read_only(), file.string() +
                                              " can only be read; let the user of ringwall-sbc "
                                              "write it");
        EXPECT_THAT(*store->subscribers(), ElementsAre(alice()));
        const auto done = store->put(bob());
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error(), file.string() +
                                    " cannot be used: attempt to write a readonly database; let "
                                    "the user of ringwall-sbc write it");
        EXPECT_THAT(*store->subscribers(), ElementsAre(alice()));
    }
    ASSERT_TRUE(!is_root || ::seteuid(0) == 0);
}

TEST_F(StoreTest, WhatAnotherProgramWritesIsWaitedForALittle) {
    const auto store = open();
    ASSERT_TRUE(store->put(alice()));
    constexpr int application = 0x52574c4c;
    constexpr std::string_view none[] = {"", ""};  // as many steps as it has
    auto other = SqliteDatabase::open(file, application, none, SqliteDatabase::Sync::AtOnce);
    ASSERT_TRUE(other);
    ASSERT_TRUE(other->run("BEGIN IMMEDIATE"));
    const auto done = store->put(bob());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error(), file.string() +
                                " cannot be used: database is locked; end the other program that "
                                "is writing it");
    EXPECT_THAT(*store->subscribers(), ElementsAre(alice())) << "it can be read meanwhile";
}

// Nobody would find again what is written to a file that no path leads to.
TEST_F(StoreTest, WhatIsReplacedOrRemovedUnderItTakesNoChange) {
    const auto why_not = [](Store& store) {
        const auto put = store.put(bob());
        const auto removed = store.remove_subscriber("alice@example.com");
        EXPECT_FALSE(put || removed);
        EXPECT_EQ(put ? "" : put.error(), store.why_read_only());
        EXPECT_EQ(removed ? "" : removed.error(), store.why_read_only());
        EXPECT_THAT(*store.subscribers(), ElementsAre(alice())) << "nothing is half done";
        return store.why_read_only();
    };
    const std::string sentence =
        " was removed or replaced while it was open; send SIGHUP to ringwall-sbc, which then uses "
        "what is there";
    for (const char* const suffix : {"", "-wal", "-shm"}) {
        const fs::path victim = file.string() + suffix;
        const fs::path copy = folder / "copy";
        fs::remove(file);
        auto store = open();
        ASSERT_TRUE(store->put(alice()));
        EXPECT_EQ(store->why_read_only(), "");
        fs::copy_file(victim, copy);
        fs::rename(copy, victim);
        EXPECT_EQ(why_not(*store), victim.string() + sentence);
        fs::remove(victim);
        const bool is_database = std::string_view(suffix).empty();
        EXPECT_EQ(why_not(*store),
                  is_database ? victim.string() +
                                    " was removed; put it or a backup in its place, and send "
                                    "SIGHUP to ringwall-sbc"
                              : victim.string() + sentence);
        store.reset();
        if (!is_database) {
            store = open();
            EXPECT_THAT(*store->subscribers(), ElementsAre(alice()));
            ASSERT_TRUE(store->put(bob()));
            EXPECT_THAT(*store->subscribers(), ElementsAre(alice(), bob()));
        }
    }
}

// As cp does, which keeps the file and what SQLite has of it.
TEST_F(StoreTest, WhatIsWrittenOverItInItsPlaceIsNoticedAndTakesNoChange) {
    auto store = open();
    ASSERT_TRUE(store->put(bob()));
    const std::string backup = text_of(file);
    ASSERT_TRUE(store->put(alice()));
    EXPECT_EQ(store->why_read_only(), "") << "that was ourselves";
    std::ofstream(file, std::ios::binary | std::ios::trunc) << backup;
    const std::string sentence = file.string() +
                                 " was written by another program while it was open; send SIGHUP "
                                 "to ringwall-sbc, which then uses what is there";
    EXPECT_EQ(store->why_read_only(), sentence);
    const auto done = store->put(alice("other"));
    EXPECT_EQ(done ? "" : done.error(), sentence);
    EXPECT_EQ(text_of(file), backup) << "nothing of what was there gets into it";
    store.reset();
    store = open();
    EXPECT_THAT(*store->subscribers(), ElementsAre(bob()));
    EXPECT_EQ(store->why_read_only(), "");
    // Of the same length too.
    std::fstream(file, std::ios::in | std::ios::out | std::ios::binary) << backup;
    EXPECT_EQ(store->why_read_only(), sentence);
}

TEST_F(StoreTest, TriesWhetherAChangeCouldBeMade) {
    const auto store = open();
    ASSERT_TRUE(store->put(bob()));
    ASSERT_TRUE(store->try_change());
    on_full_disk(100, [&] { EXPECT_FALSE(store->try_change()); });
    ASSERT_TRUE(store->try_change());
    EXPECT_THAT(*store->subscribers(), ElementsAre(bob()));
    EXPECT_EQ(store->why_read_only(), "");
}

// A backup takes its place as it is: nothing of what was there gets into it.
TEST_F(StoreTest, ABackupThatIsPutInItsPlaceStaysAsItIs) {
    auto store = open();
    ASSERT_TRUE(store->put(bob()));
    fs::copy_file(file, folder / "backup");
    ASSERT_TRUE(store->put(alice()));
    fs::rename(folder / "backup", file);
    EXPECT_FALSE(store->put(alice("other")));
    store.reset();
    EXPECT_THAT(*open()->subscribers(), ElementsAre(bob()));
}

// ---- schemas ----------------------------------------------------------------------------------

constexpr int ours = 7;
constexpr std::string_view first_step = "CREATE TABLE a (x TEXT); INSERT INTO a VALUES ('old');";
constexpr std::string_view second_step = "ALTER TABLE a ADD COLUMN y TEXT DEFAULT 'new'";

class SchemaTest : public InAFolder {
protected:
    std::string why_not(std::initializer_list<std::string_view> steps, int application = ours) {
        const auto opened = SqliteDatabase::open(file, application, {steps.begin(), steps.size()},
                                                 SqliteDatabase::Sync::AtOnce);
        return opened ? "" : opened.error();
    }
};

TEST_F(SchemaTest, AnOldFileTakesTheStepsThatItLacks) {
    EXPECT_EQ(why_not({first_step}), "");
    EXPECT_EQ(why_not({first_step, second_step}), "");
    EXPECT_EQ(why_not({first_step, second_step}), "") << "once";
    constexpr std::string_view both[] = {first_step, second_step};
    auto database = SqliteDatabase::open(file, ours, both, SqliteDatabase::Sync::AtOnce);
    std::vector<std::string> rows;
    ASSERT_TRUE(database->run("SELECT x, y FROM a", {}, [&](const Row& row) {
        rows.push_back(row.text(0) + " " + row.text(1));
    }));
    EXPECT_THAT(rows, ElementsAre("old new"));
}

TEST_F(SchemaTest, AStepThatFailsLeavesTheFileAsItWas) {
    EXPECT_EQ(why_not({first_step}), "");
    EXPECT_THAT(why_not({first_step, second_step, "CREATE TABLE a (x TEXT)"}),
                HasSubstr("table a already exists"));
    EXPECT_EQ(why_not({first_step}), "") << "the second has not been taken either";
}

TEST_F(SchemaTest, ANewerFileIsLeftAsItIs) {
    EXPECT_EQ(why_not({first_step, second_step}), "");
    EXPECT_EQ(
        why_not({first_step}),
        file.string() +
            " has schema 2, and this program knows 1 at most; start the newer program, or put "
            "a backup from before in its place");
    EXPECT_EQ(why_not({first_step, second_step}), "");
}

TEST_F(SchemaTest, AnotherProgramsFileIsLeftAsItIs) {
    EXPECT_EQ(why_not({first_step}, 8), "");
    EXPECT_EQ(why_not({first_step}),
              file.string() + " is the file of another program; put it elsewhere");
    EXPECT_EQ(why_not({first_step}, 8), "");
}

// A store of the first schema, as it was released: it is read for ever.
TEST_F(StoreTest, AStoreOfTheFirstSchemaIsRead) {
    constexpr std::string_view first[] = {
        "CREATE TABLE subscriber (address_of_record TEXT NOT NULL PRIMARY KEY, username TEXT NOT "
        "NULL, realm TEXT NOT NULL) STRICT, WITHOUT ROWID; CREATE TABLE subscriber_ha1 "
        "(address_of_record TEXT NOT NULL REFERENCES subscriber ON DELETE CASCADE, algorithm TEXT "
        "NOT NULL, ha1 TEXT NOT NULL, PRIMARY KEY (address_of_record, algorithm)) STRICT, WITHOUT "
        "ROWID; INSERT INTO subscriber VALUES ('bob@example.com', 'bob', 'example.com'); INSERT "
        "INTO subscriber_ha1 VALUES ('bob@example.com', 'SHA-256', 'b0b');"};
    ASSERT_TRUE(SqliteDatabase::open(file, 0x52574c4c, first, SqliteDatabase::Sync::AtOnce));
    const auto store = open();
    EXPECT_THAT(*store->subscribers(), ElementsAre(bob()));
    Subscriber named = bob();
    named.certificate_name = "phone-7";
    ASSERT_TRUE(store->put(named));
    EXPECT_THAT(*store->subscribers(), ElementsAre(named)) << "it has the steps since then";
}

}  // namespace
}  // namespace ringwall::store
