// The workers as a commit and the console see them. Of the main thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "net/clock.h"
#include "sbc/console/views.h"
#include "sbc/datastore/datastore.h"
#include "sbc/workers.h"

namespace ringwall::sbc {

class Operations final : public datastore::Target, public console::Views {
public:
    explicit Operations(Workers& workers) : workers_(workers) {}

    ConfigErrors objections(const Snapshot& next) override;
    Result<void, ConfigErrors> prepare(SnapshotPtr next) override;
    void publish() override;
    void drop() override { prepared_.reset(); }
    States states() override;
    void detach(std::string_view adjacency, ForcedDetach how) override;

    const Snapshot& snapshot() const override { return workers_.snapshot(); }
    std::vector<AdjacencyStatus> statuses() override { return workers_.status(); }
    Counters counters() override { return workers_.counters().since(cleared_); }
    std::vector<CallRecord> calls() override { return workers_.calls(); }
    std::vector<registrar::Binding> registrations() override {
        return workers_.registrations(now().monotonic);
    }
    std::vector<TlsConnection> tls_connections() override { return workers_.tls_connections(); }
    std::vector<std::string> alarms() override;
    Explanation explain(const ExplainQuestion& question) override {
        return workers_.explain(question);
    }
    std::optional<CallRecord> find_call(const std::string& name) override {
        return workers_.find_call(name);
    }
    std::vector<CallRecord> refusals(std::size_t count) override {
        return workers_.refusals(count);
    }
    std::vector<CallRecord> ended_calls(std::size_t count) override {
        return workers_.ended_calls(count);
    }
    const Admissions* admissions() const override { return &workers_.admissions(); }
    const Blacklist* blacklist() const override { return &workers_.blacklist(); }
    std::size_t clear_blacklist(const std::optional<IpAddress>& source) override {
        return workers_.clear_blacklist(source);
    }
    Now now() const override { return net::system_clock(); }
    CallStatistics statistics() override { return workers_.statistics(); }
    Measures measures() override { return workers_.measures(); }
    void clear_counters() override {
        cleared_ = workers_.counters();
        workers_.clear_statistics();
    }
    bool end_call(const std::string& name) override {
        return workers_.end_call(name, "ended at the console");
    }

private:
    Workers& workers_;
    std::optional<Workers::Prepared> prepared_;
    Counters cleared_;  // as they were when they were cleared
};

}  // namespace ringwall::sbc
