// The running border controller as the console sees it: what show commands look at, and what clear
// commands do.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sbc/adjacency_status.h"
#include "sbc/config/snapshot.h"
#include "sbc/counters.h"
#include "sbc/sbc.h"

namespace ringwall::sbc::console {

class Views {
public:
    virtual ~Views() = default;
    // The running configuration with what follows from it.
    virtual const Snapshot& snapshot() const = 0;
    // By index, of all of the snapshot.
    virtual std::vector<AdjacencyStatus> statuses() = 0;
    virtual Counters counters() = 0;  // since they were cleared
    virtual CallStatistics statistics() = 0;
    virtual Measures measures() { return {}; }
    virtual std::vector<CallRecord> calls() = 0;
    virtual std::vector<registrar::Binding> registrations() = 0;
    virtual std::vector<TlsConnection> tls_connections() = 0;
    virtual Explanation explain(const ExplainQuestion& question) = 0;
    // Up, or one of the last that ended or were refused.
    virtual std::optional<CallRecord> find_call(const std::string& name) = 0;
    // The newest first.
    virtual std::vector<CallRecord> refusals(std::size_t count) = 0;
    virtual std::vector<CallRecord> ended_calls(std::size_t count) = 0;
    // What the admission policy counts; null: nothing is known of it.
    virtual const Admissions* admissions() const { return nullptr; }
    // Who is shut out, and what is counted of others; null: as above.
    virtual const Blacklist* blacklist() const { return nullptr; }
    virtual Now now() const = 0;
    // What is wrong with what runs, a sentence each.
    virtual std::vector<std::string> alarms() { return {}; }

    // What an operator may do to it.
    virtual void clear_counters() = 0;  // and the statistics of calls
    // Both parties are told. False: there is no such call.
    virtual bool end_call(const std::string& name) = 0;
    // Of that source, or of all: shut out no more, and what was counted of it is forgotten. How
    // many were.
    virtual std::size_t clear_blacklist(const std::optional<IpAddress>& source) = 0;
};

}  // namespace ringwall::sbc::console
