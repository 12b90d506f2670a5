// Committed configurations on disk, in one folder that is ours alone:
//
//   running.conf          what a start begins with
//   versions/000003.conf  the same file under its number; all that are for good, or wait
//   versions/000004.taken-back.conf  one that nobody confirmed
//   next.conf             what a commit is about to make of it
//   unconfirmed.conf      what is in force until somebody confirms it
//
// Each says in its first lines who, when, and why; the rest are the commands, with their secrets:
// nobody else may read them. A version is written and synced before anything else happens (stage),
// and becomes the running one by one rename (activate): whoever is killed finds the old one or the
// new one.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace ringwall::sbc::datastore {

struct Version {
    unsigned number = 0;  // 1 is the first
    WallTime time{};
    std::string author = {};
    std::string label = {};      // may be empty
    std::string comment = {};    // one line; may be empty
    bool is_taken_back = false;  // nobody confirmed it; its number is not used again
    bool is_damaged = false;     // its file is there and cannot be read
};

// A file that nobody else may read, whole and synced, or not at all: then what was there stays.
Result<void, std::string> write_file(const std::filesystem::path& path, std::string_view text);

class VersionStore {
public:
    // Makes the folder where it is not there, and takes it for this process. The error is a
    // sentence.
    static Result<VersionStore, std::string> open(const std::filesystem::path& folder);

    VersionStore(VersionStore&& other) noexcept;
    VersionStore& operator=(VersionStore&& other) = delete;
    ~VersionStore();

    struct Stored {
        Version version;
        std::string commands;
    };
    // None: nothing was ever committed. An error: it is there and cannot be read.
    Result<std::optional<Stored>, std::string> running() const;
    // The newest last.
    std::vector<Version> versions() const;
    Result<Stored, std::string> version(unsigned number) const;
    // By the names of their files, whatever these hold.
    unsigned last_number() const;

    // Number and all, as next.conf. May fail for want of room, and then nothing has changed.
    Result<void, std::string> stage(const Version& version, const std::string& commands);
    // What was staged is not wanted.
    void unstage();
    // What was staged is in force, and waits to be confirmed, in the place of what waited.
    Result<void, std::string> hold();
    // What was staged, or else what is held, is the running one.
    Result<void, std::string> activate();
    // What is held was taken back: its version stays, and says so.
    void release();
    // What waited to be confirmed when the process before ended.
    const std::optional<Version>& taken_back_at_start() const { return taken_back_at_start_; }

    const std::filesystem::path& folder() const { return folder_; }

private:
    VersionStore(std::filesystem::path folder, int lock);

    std::filesystem::path folder_;
    int lock_ = -1;  // the lock of the folder, as long as it is open
    std::optional<Version> taken_back_at_start_;
};

}  // namespace ringwall::sbc::datastore
