// A file of SQLite: opened, checked and brought to the schema that the program knows. What its
// tables hold is said by who opens it.
//
// A schema is a list of steps; a file whose user_version is N has the first N of them. A step that
// was released is never changed: what is to be otherwise is another step.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "store/store.h"

struct sqlite3;       // NOLINT(readability-identifier-naming): SQLite's
struct sqlite3_stmt;  // NOLINT(readability-identifier-naming): SQLite's

namespace ringwall::store {

// One row of what was asked for, for the length of the call that it is given to.
class Row {
public:
    explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
    std::string text(int column) const;  // empty for NULL

private:
    sqlite3_stmt* statement_;
};

class SqliteDatabase {
public:
    using Steps = std::span<const std::string_view>;
    using Done = Result<void, std::string>;

    // When a change is on the disk. AtOnce: when it is done, and what was removed is written over
    // by then. Later: the machine sees to that; when the process is killed nothing is lost.
    enum class Sync : std::uint8_t { AtOnce, Later };
    // `application` tells our files from those of other programs.
    static Result<SqliteDatabase, std::string> open(const std::filesystem::path& file,
                                                    int application, Steps steps, Sync sync,
                                                    IfMissing if_missing = IfMissing::Create);

    // SQLite says that it is no file of its own, or a broken one.
    static bool is_damaged(const std::filesystem::path& file);

    // One statement with the values of its parameters. `sql` is a literal: it is kept prepared.
    Done run(const char* sql, std::initializer_list<std::string_view> values = {},
             const std::function<void(const Row&)>& on_row = {});
    // All that is run in it, or nothing. Refused where the paths lead to other files than those
    // that were opened: nobody would find it again.
    Done change(const std::function<Done()>& runs);

    // A change that changes nothing: could one be made?
    Done try_change();

    // A sentence; empty: it may be written.
    std::string why_read_only() const;
    // What was opened is no more where its path leads, or another program has written it: a
    // sentence.
    std::string why_gone() const;

private:
    struct Close {
        void operator()(sqlite3* database) const;
    };
    struct FileId {
        std::uintmax_t device = 0;
        std::uintmax_t inode = 0;
        bool operator==(const FileId&) const = default;
    };
    static std::optional<FileId> id_of(const std::filesystem::path& file);
    // As we left it.
    struct Look {
        std::uintmax_t size = 0;
        std::int64_t seconds = 0;
        std::int64_t nanoseconds = 0;
        bool operator==(const Look&) const = default;
    };
    std::optional<Look> look() const;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
    SqliteDatabase(std::filesystem::path file, sqlite3* database, Sync sync)
        : file_(std::move(file)), sync_(sync), database_(database) {}
    Result<sqlite3_stmt*, std::string> prepared(const char* sql);
    Done configure() const;
    Done check();
    Done migrate(int application, Steps steps);
    Result<int, std::string> number(const char* sql);
    Done execute(const char* sql) const;
    std::string sentence() const;

    std::filesystem::path file_;
    Sync sync_;
    std::unique_ptr<sqlite3, Close> database_;
    // The database, its log and the index of that, as they were opened. None: it is not there.
    std::array<std::optional<FileId>, 3> opened_ = {};
    // Of the database itself: nobody else writes it, and what was written over it in its place
    // would be found by nobody.
    std::optional<Look> left_;
    std::unordered_map<const char*, Statement> statements_;
};

}  // namespace ringwall::store
