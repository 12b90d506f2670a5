// The store in a file of SQLite.
#include <array>
#include <utility>

#include "store/sqlite_database.h"
#include "store/store.h"

namespace ringwall::store {

namespace {

constexpr int application = 0x52574c4c;  // "RWLL"

// Number 1 is the first. What was released stays as it is (sqlite_database.h).
constexpr std::array<std::string_view, 2> schema{
    // 1: subscribers
    "CREATE TABLE subscriber ("
    "  address_of_record TEXT NOT NULL PRIMARY KEY,"
    "  username TEXT NOT NULL,"
    "  realm TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE subscriber_ha1 ("
    "  address_of_record TEXT NOT NULL REFERENCES subscriber ON DELETE CASCADE,"
    "  algorithm TEXT NOT NULL,"
    "  ha1 TEXT NOT NULL,"
    "  PRIMARY KEY (address_of_record, algorithm)"
    ") STRICT, WITHOUT ROWID;",
    // 2: the name in a phone's certificate
    "ALTER TABLE subscriber ADD COLUMN certificate_name TEXT NOT NULL DEFAULT ''",
};

class SqliteStore final : public Store {
public:
    explicit SqliteStore(SqliteDatabase database) : database_(std::move(database)) {}

    Result<std::vector<Subscriber>, std::string> subscribers() override {
        std::vector<Subscriber> out;
        TRY(database_.run(
            "SELECT address_of_record, username, realm, certificate_name, algorithm, ha1 "
            "FROM subscriber LEFT JOIN subscriber_ha1 USING (address_of_record) ORDER BY 1, 5",
            {}, [&](const Row& row) {
                if (out.empty() || out.back().address_of_record != row.text(0)) {
                    out.push_back({row.text(0), row.text(1), row.text(2), {}, row.text(3)});
                }
                if (std::string algorithm = row.text(4); !algorithm.empty()) {
                    out.back().ha1.push_back({std::move(algorithm), Secret(row.text(5))});
                }
            }));
        return out;
    }

    Result<void, std::string> put(const Subscriber& subscriber) override {
        return database_.change([&]() -> SqliteDatabase::Done {
            TRY(database_.run("DELETE FROM subscriber WHERE address_of_record = ?",
                              {subscriber.address_of_record}));
            TRY(database_.run(
                "INSERT INTO subscriber (address_of_record, username, realm, certificate_name) "
                "VALUES (?, ?, ?, ?)",
                {subscriber.address_of_record, subscriber.username, subscriber.realm,
                 subscriber.certificate_name}));
            for (const Subscriber::Ha1& each : subscriber.ha1) {
                // To be kept, which is what it was made for.
                TRY(database_.run(
                    "INSERT INTO subscriber_ha1 VALUES (?, ?, ?)",
                    {subscriber.address_of_record, each.algorithm, each.value.reveal()}));
            }
            return {};
        });
    }

    Result<void, std::string> remove_subscriber(std::string_view address_of_record) override {
        return database_.change([&] {
            return database_.run("DELETE FROM subscriber WHERE address_of_record = ?",
                                 {address_of_record});
        });
    }

    Result<void, std::string> try_change() override { return database_.try_change(); }

    std::string why_read_only() const override { return database_.why_read_only(); }

private:
    SqliteDatabase database_;
};

}  // namespace

Result<std::unique_ptr<Store>, std::string> open_sqlite(const std::filesystem::path& file,
                                                        IfMissing if_missing) {
    return std::make_unique<SqliteStore>(TRY(
        SqliteDatabase::open(file, application, schema, SqliteDatabase::Sync::AtOnce, if_missing)));
}

}  // namespace ringwall::store
