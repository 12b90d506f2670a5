#include "sbc/datastore/version_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "sbc/config/reader.h"
#include "sbc/model/schema.h"
#include "sbc/record/call_record.h"

namespace ringwall::sbc::datastore {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view first_line = "! Ringwall configuration";
constexpr std::string_view taken_back_ending = ".taken-back.conf";  // of a version's file
constexpr mode_t ours_alone = 0600;

std::string why(const fs::path& path, const std::string& what) {
    return path.string() + " " + what + ": " + std::generic_category().message(errno);
}

std::string one_line(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return text;
}

std::string header(const Version& version) {
    std::string out(first_line);
    out += "\n! version " + std::to_string(version.number);
    out += "\n! model " + model::Schema::instance().revision();
    out += "\n! time " + to_iso8601(version.time);
    out += "\n! author " + one_line(version.author);
    out += version.label.empty() ? "" : "\n! label " + one_line(version.label);
    out += version.comment.empty() ? "" : "\n! comment " + one_line(version.comment);
    return out + "\n";
}

// "2026-11-29T10:12:13.123Z", to the second.
std::optional<WallTime> parse_time(const std::string& text) {
    std::tm parts{};
    if (text.size() < 20 || strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) {
        return std::nullopt;
    }
    return std::chrono::time_point_cast<WallTime::duration>(
        std::chrono::system_clock::from_time_t(timegm(&parts)));
}

Result<VersionStore::Stored, std::string> read(const fs::path& path) {
    auto text = read_from_disk(path);
    if (!text) {
        return fail(path.string() + " cannot be read: " + text.error());
    }
    VersionStore::Stored out;
    std::string_view rest = *text;
    if (cut(rest, '\n') != first_line) {
        return fail(path.string() + " is no configuration that was committed");
    }
    while (rest.starts_with("! ")) {
        std::string_view line = cut(rest, '\n');
        line.remove_prefix(2);
        const std::string_view what = cut(line, ' ');
        if (what == "version") {
            out.version.number = static_cast<unsigned>(parse_number(line, 1U << 30U).value_or(0));
        } else if (what == "time") {
            out.version.time = parse_time(std::string(line)).value_or(WallTime{});
        } else if (what == "author") {
            out.version.author = line;
        } else if (what == "label") {
            out.version.label = line;
        } else if (what == "comment") {
            out.version.comment = line;
        }
    }
    if (out.version.number == 0) {
        return fail(path.string() + " does not say which version it is");
    }
    out.version.is_taken_back = path.string().ends_with(taken_back_ending);
    out.commands = *text;  // with its head, which is comments: lines keep their numbers
    return out;
}

// By its name; 0: it is no version's.
unsigned number_of(const fs::path& file) {
    const std::string name = file.filename().string();
    return static_cast<unsigned>(
        parse_number(name.substr(0, name.find('.')), 1U << 29U).value_or(0));
}

Result<void, std::string> sync(const fs::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool is_done = fd >= 0 && ::fsync(fd) == 0;
    const std::string sentence = is_done ? "" : why(path, "cannot be synced");
    if (fd >= 0) {
        ::close(fd);
    }
    if (!is_done) {
        return fail(sentence);
    }
    return {};
}

fs::path running_file(const fs::path& folder) {
    return folder / "running.conf";
}
fs::path next_file(const fs::path& folder) {
    return folder / "next.conf";
}
fs::path held_file(const fs::path& folder) {
    return folder / "unconfirmed.conf";
}
fs::path version_file(const fs::path& folder, unsigned number, std::string_view ending = ".conf") {
    std::string name = std::to_string(number);
    name.insert(0, name.size() < 6 ? 6 - name.size() : 0, '0');
    return folder / "versions" / name.append(ending);
}

}  // namespace

Result<void, std::string> write_file(const fs::path& path, std::string_view text) {
    // Beside the file that is there: it is good until this one is, and may have other names.
    std::error_code ignored;
    const fs::path beside = path.parent_path() / ("." + path.filename().string() + ".new");
    fs::remove(beside, ignored);
    const int fd =
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, ours_alone);
    if (fd < 0) {
        return fail(why(path, "cannot be written"));
    }
    bool is_good = ::fchmod(fd, ours_alone) == 0;
    while (is_good && !text.empty()) {
        const ssize_t count = ::write(fd, text.data(), text.size());
        is_good = count > 0 || (count < 0 && errno == EINTR);
        text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    is_good = is_good && ::fsync(fd) == 0 && ::rename(beside.c_str(), path.c_str()) == 0;
    const std::string sentence = is_good ? "" : why(path, "cannot be written");
    ::close(fd);
    if (!is_good) {
        fs::remove(beside, ignored);
        return fail(sentence);
    }
    return sync(path.parent_path());
}

Result<VersionStore, std::string> VersionStore::open(const fs::path& folder) {
    std::error_code failed;
    fs::create_directories(folder / "versions", failed);
    if (failed) {
        return fail(folder.string() + " cannot be made: " + failed.message());
    }
    if (::chmod(folder.c_str(), 0700) != 0) {
        return fail(why(folder, "cannot be made ours alone"));
    }
    const int lock = ::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, ours_alone);
    if (lock < 0) {
        return fail(why(folder, "cannot be written"));
    }
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        ::close(lock);
        return fail(folder.string() + " is in use by another process; end that one first");
    }
    VersionStore store(folder, lock);
    // Nobody was told of the one, and nobody has confirmed the other.
    store.unstage();
    if (const auto held = read(held_file(folder))) {
        store.taken_back_at_start_ = held->version;
    }
    store.release();
    if (!fs::exists(running_file(folder), failed) &&
        !std::ranges::all_of(store.versions(), &Version::is_taken_back)) {
        return fail(running_file(folder).string() +
                    " is not there, and versions are; copy the one that is to run from " +
                    (folder / "versions").string() + " to it");
    }
    return store;
}

VersionStore::VersionStore(fs::path folder, int lock) : folder_(std::move(folder)), lock_(lock) {}

VersionStore::VersionStore(VersionStore&& other) noexcept
    : folder_(std::move(other.folder_)),
      lock_(std::exchange(other.lock_, -1)),
      taken_back_at_start_(std::move(other.taken_back_at_start_)) {}

VersionStore::~VersionStore() {
    if (lock_ >= 0) {
        ::close(lock_);
    }
}

Result<std::optional<VersionStore::Stored>, std::string> VersionStore::running() const {
    std::error_code unknown;
    if (!fs::exists(running_file(folder_), unknown) && !unknown) {
        return std::nullopt;
    }
    auto stored = read(running_file(folder_));
    if (!stored) {
        return fail(stored.error());
    }
    return std::optional(std::move(*stored));
}

std::vector<Version> VersionStore::versions() const {
    std::vector<Version> out;
    std::error_code failed;
    for (const auto& each : fs::directory_iterator(folder_ / "versions", failed)) {
        if (const auto stored = read(each.path())) {
            out.push_back(stored->version);
        } else if (const unsigned number = number_of(each.path()); number != 0) {
            out.push_back({.number = number,
                           .is_taken_back = each.path().string().ends_with(taken_back_ending),
                           .is_damaged = true});
        }
    }
    std::ranges::sort(out, {}, &Version::number);
    return out;
}

Result<VersionStore::Stored, std::string> VersionStore::version(unsigned number) const {
    std::error_code unknown;
    const fs::path taken_back = version_file(folder_, number, taken_back_ending);
    const fs::path path =
        fs::exists(taken_back, unknown) ? taken_back : version_file(folder_, number);
    if (!fs::exists(path, unknown) && !unknown) {
        return fail("there is no version " + std::to_string(number));
    }
    return read(path);
}

unsigned VersionStore::last_number() const {
    unsigned out = 0;
    std::error_code failed;
    for (const auto& each : fs::directory_iterator(folder_ / "versions", failed)) {
        out = std::max(out, number_of(each.path()));
    }
    return out;
}

Result<void, std::string> VersionStore::stage(const Version& version, const std::string& commands) {
    const fs::path next = next_file(folder_);
    TRY(write_file(next, header(version) + commands));
    const fs::path numbered = version_file(folder_, version.number);
    if (::link(next.c_str(), numbered.c_str()) != 0) {
        std::string sentence = why(numbered, "cannot be written");
        std::error_code ignored;
        fs::remove(next, ignored);
        return fail(std::move(sentence));
    }
    return sync(folder_ / "versions");
}

// Its number too: nobody was told of it.
void VersionStore::unstage() {
    std::error_code ignored;
    if (const auto stored = read(next_file(folder_))) {
        fs::remove(version_file(folder_, stored->version.number), ignored);
    }
    fs::remove(next_file(folder_), ignored);
}

Result<void, std::string> VersionStore::hold() {
    release();
    if (::rename(next_file(folder_).c_str(), held_file(folder_).c_str()) != 0) {
        return fail(why(held_file(folder_), "cannot be replaced"));
    }
    return sync(folder_);
}

Result<void, std::string> VersionStore::activate() {
    std::error_code unknown;
    const bool is_next = fs::exists(next_file(folder_), unknown);
    const fs::path from = is_next ? next_file(folder_) : held_file(folder_);
    if (::rename(from.c_str(), running_file(folder_).c_str()) != 0) {
        return fail(why(running_file(folder_), "cannot be replaced"));
    }
    fs::remove(held_file(folder_), unknown);  // it was in force: its number stays
    return sync(folder_);
}

void VersionStore::release() {
    std::error_code ignored;
    if (const auto stored = read(held_file(folder_))) {
        const unsigned number = stored->version.number;
        fs::rename(version_file(folder_, number), version_file(folder_, number, taken_back_ending),
                   ignored);
    }
    fs::remove(held_file(folder_), ignored);
}

}  // namespace ringwall::sbc::datastore
