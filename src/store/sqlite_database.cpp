#include "store/sqlite_database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace ringwall::store {

namespace {

constexpr mode_t ours_alone = 0600;
constexpr int patience_ms = 500;  // for another program that has it locked

struct Reset {
    void operator()(sqlite3_stmt* statement) const {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
};
using Use = std::unique_ptr<sqlite3_stmt, Reset>;

std::string remedy(int code) {
    switch (code & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return "; put a backup in its place";
        case SQLITE_FULL:
            return "; make room on its disk";
        case SQLITE_READONLY:
            return "; let the user of ringwall-sbc write it";
        case SQLITE_BUSY:
            return "; end the other program that is writing it";
        default:
            return "";
    }
}

// SQLite gives a new file the permissions that anybody's has, and its own others those of the file.
void create(const std::filesystem::path& file) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, ours_alone);
    if (fd >= 0) {
        ::close(fd);
    }
}

// https://www.sqlite.org/walformat.html §1: what an open database consists of.
constexpr std::array<std::string_view, 3> suffixes{"", "-wal", "-shm"};

std::string removed(const std::filesystem::path& file) {
    return file.string() +
           " was removed; put it or a backup in its place, and send SIGHUP to ringwall-sbc";
}

}  // namespace

std::string Row::text(int column) const {
    const unsigned char* const text = sqlite3_column_text(statement_, column);
    const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return text == nullptr ? std::string()
                           : std::string(reinterpret_cast<const char*>(text), length);
}

void SqliteDatabase::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

void SqliteDatabase::Close::operator()(sqlite3* database) const {
    sqlite3_close(database);
}

Result<SqliteDatabase, std::string> SqliteDatabase::open(const std::filesystem::path& file,
                                                         int application, Steps steps, Sync sync,
                                                         IfMissing if_missing) {
    if (if_missing == IfMissing::Create) {
        create(file);
    } else if (::access(file.c_str(), F_OK) != 0 && errno == ENOENT) {
        return fail(removed(file));
    }
    const auto id = id_of(file);
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &opened,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    SqliteDatabase out(file, opened, sync);
    if (code != SQLITE_OK) {
        return fail(out.sentence());
    }
    TRY(out.configure());
    TRY(out.check());
    out.opened_.front() = id;
    TRY(out.migrate(application, steps));
    for (std::size_t i = 1; i < suffixes.size(); ++i) {
        out.opened_[i] = id_of(file.string() + std::string(suffixes[i]));
    }
    if (std::string why = out.why_gone(); !why.empty()) {
        return fail(std::move(why));
    }
    out.left_ = out.look();
    return out;
}

std::optional<SqliteDatabase::FileId> SqliteDatabase::id_of(const std::filesystem::path& file) {
    struct stat found = {};
    return ::stat(file.c_str(), &found) == 0 ? std::optional(FileId{found.st_dev, found.st_ino})
                                             : std::nullopt;
}

std::optional<SqliteDatabase::Look> SqliteDatabase::look() const {
    struct stat found = {};
    return ::stat(file_.c_str(), &found) == 0
               ? std::optional(Look{static_cast<std::uintmax_t>(found.st_size),
                                    found.st_mtim.tv_sec, found.st_mtim.tv_nsec})
               : std::nullopt;
}

std::string SqliteDatabase::why_gone() const {
    for (std::size_t i = 0; i < suffixes.size(); ++i) {
        const std::filesystem::path file = file_.string() + std::string(suffixes[i]);
        const auto found = id_of(file);
        if (!opened_[i] || found == opened_[i]) {
            continue;
        }
        return i == 0 && !found ? removed(file)
                                : file.string() +
                                      " was removed or replaced while it was open; send SIGHUP to "
                                      "ringwall-sbc, which then uses what is there";
    }
    return !left_ || look() == left_
               ? ""
               : file_.string() +
                     " was written by another program while it was open; send SIGHUP to "
                     "ringwall-sbc, which then uses what is there";
}

bool SqliteDatabase::is_damaged(const std::filesystem::path& file) {
    sqlite3* opened = nullptr;
    int code = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                               nullptr);
    SqliteDatabase database(file, opened, Sync::Later);
    if (code == SQLITE_OK && !database.check()) {
        code = sqlite3_errcode(opened);
        return code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_CORRUPT ||
               code == SQLITE_NOTADB;
    }
    return false;
}

SqliteDatabase::Done SqliteDatabase::configure() const {
    sqlite3_extended_result_codes(database_.get(), 1);
    sqlite3_busy_timeout(database_.get(), patience_ms);
    TRY(
        execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; "
                "PRAGMA foreign_keys = ON;"));
    TRY(execute(sync_ == Sync::AtOnce ? "PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;"
                                      : "PRAGMA synchronous = NORMAL;"));
    return why_read_only().empty() ? execute("PRAGMA journal_mode = WAL;") : Done();
}

SqliteDatabase::Done SqliteDatabase::check() {
    std::string verdict;
    TRY(run("PRAGMA quick_check(1)", {}, [&](const Row& row) { verdict = row.text(0); }));
    if (verdict != "ok") {
        return fail(file_.string() + " is damaged: " + verdict + remedy(SQLITE_CORRUPT));
    }
    return {};
}

// From what the file has, or nothing at all, to what the program knows.
SqliteDatabase::Done SqliteDatabase::migrate(int application, Steps steps) {
    const int its_application = TRY(number("PRAGMA application_id"));
    const int version = TRY(number("PRAGMA user_version"));
    const int tables = TRY(number("SELECT count(*) FROM sqlite_schema"));
    const bool is_new = its_application == 0 && version == 0 && tables == 0;
    if (!is_new && its_application != application) {
        return fail(file_.string() + " is the file of another program; put it elsewhere");
    }
    const int known = static_cast<int>(steps.size());
    if (version > known) {
        return fail(file_.string() + " has schema " + std::to_string(version) +
                    ", and this program knows " + std::to_string(known) +
                    " at most; start the newer program, or put a backup from before in its place");
    }
    if (version == known) {
        return {};
    }
    return change([&]() -> Done {
        for (const std::string_view step : steps.subspan(static_cast<std::size_t>(version))) {
            TRY(execute(std::string(step).c_str()));
        }
        return execute(("PRAGMA application_id = " + std::to_string(application) +
                        "; PRAGMA user_version = " + std::to_string(known))
                           .c_str());
    });
}

Result<int, std::string> SqliteDatabase::number(const char* sql) {
    std::string text;
    TRY(run(sql, {}, [&](const Row& row) { text = row.text(0); }));
    return static_cast<int>(parse_number(text, INT32_MAX).value_or(0));
}

SqliteDatabase::Done SqliteDatabase::execute(const char* sql) const {
    if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
        return fail(sentence());
    }
    return {};
}

Result<sqlite3_stmt*, std::string> SqliteDatabase::prepared(const char* sql) {
    Statement& kept = statements_[sql];
    if (kept == nullptr) {
        sqlite3_stmt* made = nullptr;
        if (sqlite3_prepare_v2(database_.get(), sql, -1, &made, nullptr) != SQLITE_OK) {
            return fail(sentence());
        }
        kept.reset(made);
    }
    return kept.get();
}

SqliteDatabase::Done SqliteDatabase::run(const char* sql,
                                         std::initializer_list<std::string_view> values,
                                         const std::function<void(const Row&)>& on_row) {
    const Use statement(TRY(prepared(sql)));
    int code = SQLITE_OK;
    int at = 0;
    for (const std::string_view value : values) {
        // "" and no NULL.
        const char* const text = value.empty() ? "" : value.data();
        code = code == SQLITE_OK ? sqlite3_bind_text(statement.get(), ++at, text,
                                                     static_cast<int>(value.size()), SQLITE_STATIC)
                                 : code;
    }
    if (code != SQLITE_OK) {
        return fail(sentence());
    }
    while ((code = sqlite3_step(statement.get())) == SQLITE_ROW) {
        if (on_row) {
            on_row(Row(statement.get()));
        }
    }
    if (code != SQLITE_DONE) {
        return fail(sentence());
    }
    return {};
}

SqliteDatabase::Done SqliteDatabase::change(const std::function<Done()>& runs) {
    TRY(execute("BEGIN IMMEDIATE"));
    Done done = runs();
    if (std::string why = why_gone(); done && !why.empty()) {
        done = fail(std::move(why));
    }
    if (done) {
        done = execute("COMMIT");
    }
    if (!done) {
        execute("ROLLBACK");
        return done;
    }
    // The file is whole by itself then, so that it may be copied, and what was removed is in no
    // other. Where it cannot be now it is with the next change.
    if (sync_ == Sync::AtOnce) {
        execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    left_ = left_ ? look() : left_;
    return {};
}

// A page is written, whatever is in it.
SqliteDatabase::Done SqliteDatabase::try_change() {
    const int version = TRY(number("PRAGMA user_version"));
    return change(
        [&] { return execute(("PRAGMA user_version = " + std::to_string(version)).c_str()); });
}

std::string SqliteDatabase::why_read_only() const {
    if (std::string why = why_gone(); !why.empty()) {
        return why;
    }
    return sqlite3_db_readonly(database_.get(), "main") == 1
               ? file_.string() + " can only be read" + remedy(SQLITE_READONLY)
               : "";
}

// Of what was refused last.
std::string SqliteDatabase::sentence() const {
    sqlite3* const database = database_.get();
    const int code = sqlite3_extended_errcode(database);
    std::string out = file_.string() + " cannot be used: " + sqlite3_errmsg(database);
    const int system = sqlite3_system_errno(database);
    if (system != 0 && ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN)) {
        out += " (" + std::generic_category().message(system) + ")";
    }
    return out + remedy(code);
}

}  // namespace ringwall::store
