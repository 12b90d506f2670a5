// The files of records and trace: lines come from the workers, and are written by the main thread,
// so that no worker waits for a disk.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/file_descriptor.h"
#include "net/mailbox.h"

namespace ringwall::sbc {

// Appends lines to a file of the operator's, readable by its owner only. When the disk is full, or
// too slow for what comes, lines are lost, and counted; half a line is taken out again, and before
// the next that fits a line says how many lack: {"lost":3}.
class LineFile {
public:
    // What its lines are.
    struct Form {
        std::string first = {};  // where the file begins; empty: nothing
        std::string lost_begins = "{\"lost\":";
        std::string lost_ends = "}";
    };
    void set_form(Form form) { form_ = std::move(form); }  // before open()

    LineFile(std::string_view what, net::Mailbox& mailbox) : what_(what), mailbox_(mailbox) {}

    // Before the first line. Nothing is written to an empty path.
    bool open(const std::filesystem::path& path);
    bool is_open() const { return file_.number() >= 0; }
    // Main thread: somebody has moved the file away, to begin another (logrotate). Where that
    // cannot be opened the old one goes on.
    void reopen();
    // Any thread; written when the mailbox is opened.
    void post(std::string line);
    // Main thread: written now, however many are waiting.
    void write(const std::string& line);
    // Main thread: the same, but what does not fit is not lost: its owner keeps it. Else why.
    Result<void, std::string> offer(const std::string& line);
    // Main thread: so many more will never be written.
    void lose(std::uint64_t count, const std::string& reason);
    // The ends of the file that was moved away last (PATH.1) and of this one: whole lines.
    std::string tail() const;
    // Main thread: a sentence while lines are being lost; empty: they are not.
    std::string alarm() const;
    // Main thread: where lines were lost, the line that says so, if it fits now.
    void try_again();

private:
    class Line;
    static constexpr std::size_t max_waiting = 20'000;

    net::FileDescriptor open_anew() const;
    void take_out_half_a_line();
    void take(net::FileDescriptor file);
    bool append(std::string text);

    std::string what_;
    std::filesystem::path path_;
    net::Mailbox& mailbox_;
    Form form_;
    net::FileDescriptor file_;
    std::atomic<std::size_t> waiting_{0};
    std::atomic<std::uint64_t> overrun_{0};  // lost because too many were waiting
    bool is_cut_ = false;                    // it ends with half a line that cannot be taken out
    std::uint64_t lost_ = 0;
    std::string reason_;   // that the last did not fit
    std::string problem_;  // why lines are being lost
};

}  // namespace ringwall::sbc
