// Puts changes of a State on the disk by a thread of its own, so that no worker waits for it: what
// has come meanwhile goes in one transaction. Of one key only the last value is waiting, and none
// of one that came and went before it was tried, so that a disk that is slow or gone costs no more
// memory than there are keys.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/time.h"
#include "store/state.h"

namespace ringwall::store {

class Writer {
public:
    // What is to be kept, turned into text by the thread that writes it.
    class Value {
    public:
        virtual ~Value() = default;
        virtual std::string text() const = 0;
    };
    // Counts the changes. One is written when written() is not less.
    using Ticket = std::uint64_t;

    struct Setup {
        // A new one after each failure, and where the one before is gone.
        std::function<Result<std::unique_ptr<State>, std::string>()> open;
        std::unique_ptr<State> opened = nullptr;               // the first, if it is there already
        std::vector<std::pair<Kind, std::string>> there = {};  // the keys in it
        std::function<void(Ticket)> on_written = {};           // on the thread of the writer
        // On the thread of the writer: since now nothing can be written, for that reason; empty: it
        // can again. Not again for each attempt.
        std::function<void(const std::string& problem)> on_change = {};
        std::function<Now()> now;
        Duration lag = std::chrono::milliseconds(200);
        Duration retry = std::chrono::seconds(1);  // after a failure
        Duration look = std::chrono::seconds(1);   // while there is nothing to write: is it there?
        std::size_t batch = 1000;                  // changes in a transaction
    };
    explicit Writer(Setup setup);
    // What waits is written, if it can be, however long that takes.
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    // Nothing more is said: the same, but as long as something is written within that time. False:
    // the disk keeps the writer, and all that it uses must stay.
    bool finish(Duration patience);

    // Any thread; never waits for a disk. Null: the key is gone.
    Ticket put(Kind kind, std::string_view key, std::unique_ptr<const Value> value);
    Ticket last() const { return last_.load(); }
    Ticket written() const { return written_.load(); }
    // Changes that are not written.
    std::size_t waiting() const;
    // Something has been waiting for longer than is allowed.
    bool is_lagging(TimePoint now) const { return oldest_.load() < now - setup_.lag; }
    // Since when a transaction has been with the disk, for longer than that: whether it will ever
    // come to an end nobody knows. None: it answers, if with an error.
    std::optional<WallTime> hangs_since(TimePoint now, Duration patience) const;
    // A sentence while what is said is not written; empty: it is.
    std::string alarm(TimePoint now) const;

private:
    using Waiting = std::unique_ptr<const Value>;  // null: the key is to go
    struct Place {
        Ticket ticket = 0;
        TimePoint since;
        Kind kind = Kind::Registrations;
        std::string key;
    };
    struct Batch {
        std::vector<Place> places;
        std::vector<Waiting> values;
    };
    using Queue = std::list<Place>;
    struct Entry {
        Waiting value;
        Queue::iterator place;
    };
    using Values = std::unordered_map<std::string, Entry>;  // by kind and key

    static std::string name_of(Kind kind, std::string_view key);
    void run();
    Batch take();
    Result<void, std::string> write(const Batch& batch);
    // What is not there any more is opened anew, whether there is something to write or not.
    void look();
    void tell(const std::string& problem);
    void drop(Values::iterator entry);
    void done(const Batch& batch);
    void note_progress();
    void put_back(Batch batch, const std::string& problem);

    Setup setup_;
    std::unique_ptr<State> state_;
    bool is_failing_ = false;  // as was told; of the writer's thread
    mutable std::mutex mutex_;
    std::condition_variable bell_;
    std::condition_variable over_;
    Queue queue_;  // by ticket; each has its value
    Values values_;
    // What may be in the store. Of registrations nothing: who goes waits for that to be written.
    std::unordered_set<std::string> there_;
    std::string problem_;
    std::string
        lost_;  // why it is not there, though it was; of the writer's thread, told to others
    std::optional<Now> writing_since_;  // with the disk
    bool is_writing_ = false;           // what was taken is neither written nor put back
    bool is_stopping_ = false;
    bool is_over_ = false;  // its thread has nothing more to do
    std::atomic<Ticket> last_{0};
    std::atomic<Ticket> written_{0};
    std::atomic<TimePoint> oldest_{TimePoint::max()};
    std::thread thread_;
};

}  // namespace ringwall::store
