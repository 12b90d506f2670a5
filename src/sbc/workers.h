// The workers of a running border controller: each a thread with its sockets, its shard and its
// calls, all equal. Every worker listens on every signalling address (SO_REUSEPORT); what comes in
// at one for a call of another is handed over.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/exchange.h"
#include "sbc/sbc.h"

namespace ringwall::sbc {

class Workers {
public:
    // As many as the machine has cores for us.
    static engine::ShardNumber default_count();

    static Result<std::unique_ptr<Workers>, net::SocketError> create(engine::ShardNumber count,
                                                                     const SnapshotPtr& snapshot,
                                                                     Observer& observer);
    ~Workers();

    std::size_t count() const { return seats_.size(); }
    // Before start(). What cannot be bound, and why.
    struct BindFailure {
        Endpoint local;
        std::string sentence;
    };
    Result<void, BindFailure> listen();
    void set_trace(bool on);
    void start();

    // While they run, from one other thread.
    void log_counters();
    void end_all(std::string_view reason);  // and no new calls
    bool is_quiet();
    void record_unfinished(std::string_view reason);
    // Closes all connections and waits for the threads. The counters may be logged after it too.
    void stop();

private:
    struct Seat;
    Workers(engine::ShardNumber count, SnapshotPtr snapshot);
    template <class Function>
    auto ask(Seat& seat, Function function);

    SnapshotPtr snapshot_;
    Shared shared_;
    engine::Exchange exchange_;
    std::vector<std::unique_ptr<Seat>> seats_;
    bool is_running_ = false;
};

}  // namespace ringwall::sbc
