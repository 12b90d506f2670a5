// Records of calls on their way to their file: they are in the store before, and until, they are in
// the file, so that whenever the process is killed none is lost or written twice. Where the file
// cannot take them they wait, and where the store is too slow or gone nobody waits for it. The
// file's thread (LineFile) is the one that writes; nobody else waits for the file.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "net/mailbox.h"
#include "sbc/line_file.h"
#include "store/writer.h"

namespace ringwall::sbc {

class RecordJournal {
public:
    static constexpr std::size_t max_waiting = 100'000;  // records; the next are lost, and counted
    // Octets of records that are in the file and may be in the store still. A start looks for them
    // at the end of the file (LineFile::tail), which is longer.
    static constexpr std::size_t max_in_both = 8U << 20U;

    RecordJournal(LineFile& file, net::Mailbox& mailbox) : file_(file), mailbox_(mailbox) {}

    // Before the first record, and before the file's thread. `left`: those that the process before
    // may not have written. The store is used as long as that thread runs.
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

    // In the file; in the store up to that ticket.
    struct Delivered {
        std::size_t octets = 0;
        store::Writer::Ticket ticket = 0;
    };

    void deliver();
    bool has_room_in_both();
    void ask_for_delivery();

    LineFile& file_;
    net::Mailbox& mailbox_;
    std::atomic<bool> is_started_ = false;
    store::Writer* store_ = nullptr;
    mutable std::mutex mutex_;  // of what follows
    std::deque<Entry> unkept_;  // that the store has not written yet
    std::deque<Entry> ready_;   // to go to the file
    std::deque<Delivered> in_both_;
    std::size_t octets_in_both_ = 0;
    bool is_asked_for_ = false;   // a letter is under way
    bool is_last_ = false;        // nobody waits for the store any more
    std::string problem_;         // why the file did not take the first of them
    std::uint64_t left_out_ = 0;  // there was no room for them
};

}  // namespace ringwall::sbc
