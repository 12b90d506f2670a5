// The workers of a running border controller: each a thread with its sockets, its shard and its
// calls, all equal. Every worker listens on every signalling address (SO_REUSEPORT); what comes in
// at one for a call of another is handed over.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/exchange.h"
#include "sbc/keeper.h"
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
    // What cannot be bound, for which adjacencies, and why.
    struct BindFailure {
        Endpoint local;
        std::string adjacencies;
        std::string sentence;
    };
    // Before start().
    using BindFailures = std::vector<BindFailure>;
    Result<void, BindFailures> listen();
    void set_trace(bool on);
    void start();

    // A configuration that can take the place of the one that runs: its sockets are bound, and
    // nothing is taken from them yet. They are closed when it goes unpublished.
    class Prepared {
    public:
        Prepared(Prepared&&) noexcept;
        Prepared& operator=(Prepared&&) noexcept;
        ~Prepared();
        const Snapshot& snapshot() const { return *snapshot_; }

    private:
        friend class Workers;
        struct Sockets;
        Prepared(SnapshotPtr snapshot, std::size_t workers);
        SnapshotPtr snapshot_;
        std::vector<Sockets> sockets_;  // by worker
    };
    // `next` succeeds the one that runs (config/succession.h). What fails has changed nothing. One
    // at a time.
    Result<Prepared, BindFailures> prepare(const SnapshotPtr& next);
    // All workers have it when this returns: there is a moment at which all of them have the one
    // before, none is at work, and after which all have this one.
    void publish(Prepared prepared);
    // The same configuration with these subscribers of the store, in the same way.
    void publish(std::shared_ptr<const Subscribers> stored);
    const Snapshot& snapshot() const { return *snapshot_; }
    // By index.
    std::vector<AdjacencyStatus> status();
    // Of an adjacency that was detached.
    void detach(AdjacencyIndex adjacency, ForcedDetach mode);

    // While they run, from one other thread.
    void log_counters();
    // Of all of them.
    Counters counters();
    CallStatistics statistics();
    Measures measures();
    void clear_statistics();
    std::vector<CallRecord> calls();
    std::vector<TlsConnection> tls_connections();
    bool misses_media_engine();  // on any of them
    // Workers that turn new work away. Waits for none.
    std::size_t shedding_count() const;
    // By one of them, since all decide alike.
    Explanation explain(const ExplainQuestion& question);
    const Outages& outages() const { return shared_.outages; }
    std::optional<CallRecord> find_call(const std::string& name);
    // The last ones, the newest first.
    std::vector<CallRecord> refusals(std::size_t count);
    std::vector<CallRecord> ended_calls(std::size_t count);
    // By adjacency of the configuration that runs.
    std::vector<std::size_t> registration_counts() const {
        return shared_.location.count_by_adjacency(snapshot_->adjacencies.size());
    }
    std::vector<registrar::Binding> registrations(TimePoint now) const {
        return shared_.location.find_all(now);
    }
    void refuse_calls();       // new ones, but those to emergency numbers
    std::size_t call_count();  // of those that are not over
    const Admissions& admissions() const { return shared_.admissions; }
    const Blacklist& blacklist() const { return shared_.blacklist; }
    // Of that source, or of all. How many were on it.
    std::size_t clear_blacklist(const std::optional<IpAddress>& source);
    void end_all(std::string_view reason);  // and no new calls
    bool end_call(const std::string& name, std::string_view reason);
    bool is_quiet();
    // Whether every worker has turned its loop since it was last asked so. Waits for none.
    bool have_turned();
    void record_unfinished(std::string_view reason);
    // Closes all connections and waits for the threads. The counters may be logged after it too.
    void stop();

    // Registrations and calls are kept there, from the first configuration with adjacencies on, and
    // what it has of a process before is there as well. Before any is published; until stop().
    void keep(Keeper& keeper);
    // More is written. Any thread.
    void on_written();
    // Of all registrations and calls, to the one that keeps them. Any thread.
    void tell_all();

private:
    struct Seat;
    Workers(engine::ShardNumber count, SnapshotPtr snapshot);
    template <class Function>
    auto ask(Seat& seat, Function function);
    // On these workers; the sockets are kept in `prepared`.
    std::optional<net::SocketError> bind_on(const std::vector<std::size_t>& workers,
                                            const Sbc::ListenRequest& wanted, Prepared& prepared);
    static void adopt(Seat& seat, Prepared::Sockets sockets);
    std::vector<CallRecord> last_of(const KeptRecords& (Sbc::*which)() const, std::size_t count);
    void restore_registrations(Sbc& sbc);
    void restore_calls(Sbc& sbc, const std::vector<store::Item>& left);
    engine::ListenerId id_of(const Sbc::ListenRequest& listener);

    SnapshotPtr snapshot_;
    // The same on all workers, and again when an address is given up and wanted again.
    std::map<Sbc::ListenRequest, engine::ListenerId> listener_ids_;
    Shared shared_;
    engine::Exchange exchange_;
    std::vector<std::unique_ptr<Seat>> seats_;
    bool is_running_ = false;
    Keeper* keeper_ = nullptr;
    bool is_restored_ = false;
};

}  // namespace ringwall::sbc
