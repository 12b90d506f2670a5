// What the console sees of workers that take every configuration and carry what a test puts there.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "sbc/console/views.h"
#include "unit/sbc/datastore/fake_target.h"

namespace ringwall::sbc::console {

class FakeViews final : public Views {
public:
    explicit FakeViews(datastore::FakeTarget& target) : target_(target) {}
    const Snapshot& snapshot() const override {
        return target_.published ? *target_.published : nothing_;
    }
    std::vector<AdjacencyStatus> statuses() override {
        std::vector<AdjacencyStatus> out;
        const datastore::Target::States states = target_.states();
        for (const Adjacency& each : snapshot().adjacencies) {
            out.push_back({.state = states.at(each.name), .peer = peer});
        }
        return out;
    }
    Counters counters() override {
        Counters out;
        out.add("calls", "answered");
        return out;
    }
    CallStatistics statistics() override { return calls_were; }
    Measures measures() override { return measured; }
    std::vector<CallRecord> calls() override { return calls_up; }
    std::vector<registrar::Binding> registrations() override { return registered; }
    std::vector<TlsConnection> tls_connections() override { return connections; }
    Explanation explain(const ExplainQuestion& question) override {
        asked.push_back(question);
        return explained;
    }
    std::optional<CallRecord> find_call(const std::string& name) override {
        const auto found = std::ranges::find(refused, name, &CallRecord::call);
        return found == refused.end() ? std::nullopt : std::optional(*found);
    }
    std::vector<CallRecord> refusals(std::size_t count) override {
        return {refused.begin(),
                refused.begin() + static_cast<std::ptrdiff_t>(std::min(count, refused.size()))};
    }
    std::vector<CallRecord> ended_calls(std::size_t) override { return calls_over; }
    Now now() const override { return {TimePoint(1h), WallTime(1'795'000'000s)}; }
    void clear_counters() override { ++cleared; }
    const Admissions* admissions() const override { return &counted; }
    const Blacklist* blacklist() const override { return &listed; }
    std::size_t clear_blacklist(const std::optional<IpAddress>& source) override {
        return listed.clear(source).size();
    }
    bool end_call(const std::string& name) override {
        ended.push_back(name);
        return name == "c1";
    }

    Admissions counted;
    Blacklist listed;
    int cleared = 0;
    std::vector<std::string> ended;

    std::optional<Outages::State> peer;  // of every adjacency
    Measures measured;
    CallStatistics calls_were;
    std::vector<CallRecord> calls_up;
    std::vector<registrar::Binding> registered;
    std::vector<TlsConnection> connections;
    std::vector<ExplainQuestion> asked;
    Explanation explained;
    std::vector<CallRecord> refused;
    std::vector<CallRecord> calls_over;

private:
    datastore::FakeTarget& target_;
    Snapshot nothing_;
};

}  // namespace ringwall::sbc::console
