// The state in a file of SQLite.
#include <array>
#include <system_error>
#include <utility>

#include "store/sqlite_database.h"
#include "store/state.h"

namespace ringwall::store {

namespace {

constexpr int application = 0x52575354;  // "RWST"

// What was released stays as it is (sqlite_database.h).
constexpr std::array<std::string_view, 1> schema{
    "CREATE TABLE state ("
    "  kind TEXT NOT NULL,"
    "  key TEXT NOT NULL,"
    "  value TEXT NOT NULL,"
    "  PRIMARY KEY (kind, key)"
    ") STRICT, WITHOUT ROWID;",
};

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::Registrations:
            return "registrations";
        case Kind::Calls:
            return "calls";
        case Kind::Records:
            return "records";
    }
    return "";
}

class SqliteState final : public State {
public:
    SqliteState(SqliteDatabase database, std::string loss)
        : database_(std::move(database)), loss_(std::move(loss)) {}

    Result<std::vector<Item>, std::string> items(Kind kind) override {
        std::vector<Item> out;
        TRY(database_.run("SELECT key, value FROM state WHERE kind = ? ORDER BY key",
                          {name_of(kind)}, [&](const Row& row) {
                              out.push_back({row.text(0), row.text(1)});
                          }));
        return out;
    }

    Result<void, std::string> apply(const std::vector<Change>& changes) override {
        return database_.change([&]() -> SqliteDatabase::Done {
            for (const Change& each : changes) {
                if (each.value) {
                    TRY(database_.run("INSERT OR REPLACE INTO state VALUES (?, ?, ?)",
                                      {name_of(each.kind), each.key, *each.value}));
                } else {
                    TRY(database_.run("DELETE FROM state WHERE kind = ? AND key = ?",
                                      {name_of(each.kind), each.key}));
                }
            }
            return {};
        });
    }

    std::string why_gone() const override { return database_.why_gone(); }
    std::string loss() const override { return loss_; }

private:
    SqliteDatabase database_;
    std::string loss_;
};

Result<void, std::string> put_aside(const std::filesystem::path& file) {
    // What SQLite keeps beside it belongs to it.
    for (const std::string_view suffix : {"-wal", "-shm", ""}) {
        std::filesystem::path from = file;
        from += suffix;
        std::filesystem::path to = file;
        to += ".damaged";
        to += suffix;
        std::error_code error;
        std::filesystem::rename(from, to, error);
        if (error && error != std::errc::no_such_file_or_directory) {
            return fail(from.string() + " cannot be put aside as " + to.string() + ": " +
                        error.message());
        }
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<State>, std::string> open_sqlite_state(const std::filesystem::path& file) {
    std::string loss;
    if (SqliteDatabase::is_damaged(file)) {
        TRY(put_aside(file));
        loss = file.string() + " was damaged, and is put aside as " + file.string() + ".damaged";
    }
    return std::make_unique<SqliteState>(
        TRY(SqliteDatabase::open(file, application, schema, SqliteDatabase::Sync::Later)),
        std::move(loss));
}

}  // namespace ringwall::store
