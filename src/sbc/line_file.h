// The files of records, trace and audit: lines come from any thread, and are written by one that
// has nothing else to do (net::MailThread), so that nobody waits for a disk, and no file for
// another's.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/file_descriptor.h"
#include "net/mailbox.h"

namespace ringwall::sbc {

// Appends lines to a file of the operator's, readable by its owner only. When the disk is full, or
// too slow for what comes, lines are lost, and counted; half a line is taken out again, and before
// the next that fits a line says how many lack: {"lost":3}. "The file's thread" is the one that
// opens the mailbox.
class LineFile {
public:
    static constexpr std::size_t max_waiting = 20'000;             // lines; the next are lost
    static constexpr Duration patience = std::chrono::seconds(2);  // with one write

    // What its lines are.
    struct Form {
        std::string first = {};  // where the file begins; empty: nothing
        std::string lost_begins = "{\"lost\":";
        std::string lost_ends = "}";
    };
    void set_form(Form form) { form_ = std::move(form); }  // before open()

    LineFile(std::string_view what, net::Mailbox& mailbox) : what_(what), mailbox_(mailbox) {}

    // Before the first line, and before its thread. Nothing is written to an empty path.
    bool open(const std::filesystem::path& path);
    // What lines begin with, of the file that was moved away last (PATH.1) and of this one, as far
    // back as `reach` in each. Before its thread.
    static constexpr std::size_t reach = std::size_t{1} << 30;
    void read_back(const std::function<void(std::string_view beginning)>& take) const;

    // Any thread.
    bool is_open() const { return is_open_; }
    void post(std::string line);
    // Somebody has moved the file away, to begin another (logrotate). Where that cannot be opened
    // the old one goes on.
    void reopen();
    // Where lines were lost, the line that says so, if it fits now.
    void try_again();
    // Something that was begun has not come to an end for too long: nobody knows whether it will.
    bool hangs(TimePoint now) const;
    // A sentence while lines are being lost or the file hangs; empty: all is well.
    std::string alarm(const Now& now) const;
    std::size_t waiting() const { return waiting_; }
    const std::string& what() const { return what_; }
    const std::filesystem::path& path() const { return path_; }

    // The file's thread: written now, however many are waiting; what does not fit is not lost: its
    // owner keeps it. Else why.
    Result<void, std::string> offer(const std::string& line);
    // The file's thread: so many more will never be written.
    void lose(std::uint64_t count, const std::string& reason);

private:
    class Line;
    class Work;

    net::FileDescriptor open_anew() const;
    void take_out_half_a_line();
    void take(net::FileDescriptor file);
    void go_on_in_another();
    bool is_there_still();
    void write(const std::string& line);
    void say_what_is_lost();
    bool append(std::string text);
    bool is_kept_at(TimePoint now) const;

    std::string what_;
    std::filesystem::path path_;
    net::Mailbox& mailbox_;
    Form form_;
    std::atomic<bool> is_open_ = false;
    std::atomic<std::size_t> waiting_{0};    // the one that is being written, too
    std::atomic<std::uint64_t> overrun_{0};  // lost because too many were waiting
    std::atomic<bool> is_reopen_asked_for_ = false;
    std::atomic<bool> is_try_asked_for_ = false;
    mutable std::mutex mutex_;       // of what follows; never held while something is written
    std::optional<Now> busy_since_;  // with what the disk may keep
    std::string problem_;            // why lines are being lost
    // Of the file's thread.
    net::FileDescriptor file_;
    bool is_cut_ = false;  // it ends with half a line that cannot be taken out
    std::uint64_t lost_ = 0;
    std::string reason_;  // that the last did not fit
};

}  // namespace ringwall::sbc
