// What a border controller keeps beside its configuration: today the subscribers of its registrar.
// What is to be kept besides has its struct and its functions here, and a step of the schema in
// sqlite_store.cpp.
//
// Every function may wait for a disk, so none is for a worker's thread; all are for one thread. An
// error is a sentence that names the file, says what is wrong and what would be right; after one
// nothing has changed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace ringwall::store {

struct Subscriber {
    // H(username:realm:password), in hexadecimal: as good as the password in that realm.
    struct Ha1 {
        std::string algorithm;  // of RFC 7616: "SHA-256"
        Secret value;
        bool operator==(const Ha1&) const = default;
    };
    std::string address_of_record;  // canonical
    std::string username;
    std::string realm;
    std::vector<Ha1> ha1;               // one for each algorithm
    std::string certificate_name = {};  // that stands for it in its phone's certificate; or empty
    bool operator==(const Subscriber&) const = default;
};

class Store {
public:
    virtual ~Store() = default;

    // By address-of-record.
    virtual Result<std::vector<Subscriber>, std::string> subscribers() = 0;
    // In the place of the one of that address-of-record, if there is one.
    virtual Result<void, std::string> put(const Subscriber& subscriber) = 0;
    virtual Result<void, std::string> remove_subscriber(std::string_view address_of_record) = 0;

    // Whether a change could be made now; nothing is changed.
    virtual Result<void, std::string> try_change() = 0;
    // Why nothing can be written, though what was there can be read; empty: it can.
    virtual std::string why_read_only() const = 0;
};

enum class IfMissing : std::uint8_t { Create, Refuse };

// A file of SQLite that nobody else may read. It is checked, and its schema is brought up to date.
Result<std::unique_ptr<Store>, std::string> open_sqlite(const std::filesystem::path& file,
                                                        IfMissing if_missing);

}  // namespace ringwall::store
