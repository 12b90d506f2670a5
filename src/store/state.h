// What comes and goes while a border controller runs, and is to be there again when its process
// was killed: by kind and key, in a file of its own, so that one that is damaged takes no
// subscriber with it (docs/decisions/0083). What a value holds is said by who wrote it.
//
// Every function may wait for a disk; all are for one thread. An error is a sentence; after one
// nothing has changed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace ringwall::store {

enum class Kind : std::uint8_t { Registrations, Calls, Records };

struct Change {
    Kind kind = Kind::Registrations;
    std::string key;
    std::optional<std::string> value;  // none: it is gone
};

struct Item {
    std::string key;
    std::string value;
};

class State {
public:
    virtual ~State() = default;

    // All of a kind, by key.
    virtual Result<std::vector<Item>, std::string> items(Kind kind) = 0;
    // All of them, in this order, or none. Then they outlive the process, but perhaps not the
    // machine: nobody waits for the disk itself.
    virtual Result<void, std::string> apply(const std::vector<Change>& changes) = 0;
    // A sentence where it was removed, replaced or written over by others since: what was said is
    // not there any more. Else empty.
    virtual std::string why_gone() const { return {}; }
    // A sentence where the one before it was damaged, so that nothing of it is here; else empty.
    virtual std::string loss() const { return {}; }
};

// A file of SQLite, made where it is not there, that nobody else may read. One that is damaged is
// put aside, under its name and ".damaged", in the place of what was put there before.
Result<std::unique_ptr<State>, std::string> open_sqlite_state(const std::filesystem::path& file);

}  // namespace ringwall::store
