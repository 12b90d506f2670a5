// Records of calls on their way to their file: they are in the store before, and until, they are in
// the file, so that whenever the process is killed none is lost, and a start finds those that are
// in both, so that none is written twice. Where the file cannot take them they wait, and where the
// store is too slow, hangs or is gone nobody waits for it. The file's thread (LineFile) is the one
// that writes; nobody else waits for the file.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/time.h"
#include "net/mailbox.h"
#include "sbc/line_file.h"
#include "store/writer.h"

namespace ringwall::sbc {

class RecordJournal {
public:
    static constexpr std::size_t max_waiting = 100'000;  // records; the next are lost, and counted

    RecordJournal(LineFile& file, net::Mailbox& mailbox) : file_(file), mailbox_(mailbox) {}

    // Before the first record, and before the file's thread. `left`: those that the process before
    // may not have written; where there is no file now they are for another start. The store is
    // used as long as that thread runs.
    void start(store::Writer& store, const std::vector<store::Item>& left);
    // Before the file's thread: of which of these calls is there a record already?
    std::vector<std::string> recorded(const std::vector<store::Item>& calls) const;
    // The last was written: what waits for the store goes to the file now, by its thread.
    void stop();
    bool is_started() const { return is_started_; }

    // Any thread.
    void write(std::string_view call, std::string line, TimePoint now);
    // The store's thread: what was said up to that ticket is kept.
    void on_written(store::Writer::Ticket ticket);
    // The same: it lacks in the file.
    void say_all_anew();
    // Any thread, now and then: whatever has waited for too long, or in vain.
    void look(TimePoint now);
    // A sentence while records wait for their file; empty: none does.
    std::string alarm(TimePoint now) const;
    // Records that are not in the file.
    std::size_t waiting() const;

private:
    class Delivery;
    class Text;
    struct Entry {
        std::string call;
        std::string line;
        store::Writer::Ticket ticket = 0;
        TimePoint since;
    };

    std::unordered_set<std::string_view> in_file(const std::vector<store::Item>& calls) const;
    void deliver();
    void ask_for_delivery();

    LineFile& file_;
    net::Mailbox& mailbox_;
    std::atomic<bool> is_started_ = false;
    store::Writer* store_ = nullptr;
    mutable std::mutex mutex_;    // of what follows
    std::deque<Entry> unkept_;    // that the store has not written yet
    std::deque<Entry> ready_;     // to go to the file
    bool is_asked_for_ = false;   // a letter is under way
    std::string problem_;         // why the file did not take the first of them
    std::uint64_t left_out_ = 0;  // there was no room for them
};

}  // namespace ringwall::sbc
