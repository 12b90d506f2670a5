// A whole border controller on the simulated network, from a configuration in the console's words.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sbc/sbc.h"
#include "scenario/phone.h"
#include "scenario/sim_network.h"

namespace ringwall::test {

// How many workers border controllers have in this run: RINGWALL_TEST_WORKERS, 1 without it. Every
// conversation is the same with any number.
engine::ShardNumber workers_under_test();

class Border;

// The workers of a border controller taken together, under the names of one.
class AllShards {
public:
    explicit AllShards(Border& border) : border_(border) {}
    struct Transactions {
        std::size_t servers = 0;
        std::size_t clients = 0;
        std::size_t server_count() const { return servers; }
        std::size_t client_count() const { return clients; }
    };
    Transactions transactions() const;
    std::size_t flow_count() const;
    std::size_t timer_count() const;
    engine::ShardCounters counters() const;
    void wake(Now now) const;

private:
    Border& border_;
};

class AllWorkers {
public:
    explicit AllWorkers(Border& border) : border_(border), shard_(border) {}
    AllShards& shard() { return shard_; }
    std::size_t calls() const;
    const sbc::Counters& counters();  // as of now
    const sbc::registrar::Location& location() const;
    void set_trace(bool on) const;
    void refuse_calls() const;
    void end_all(std::string_view reason) const;
    void record_unfinished(std::string_view reason) const;
    bool is_consistent() const;
    bool is_quiet() const;
    bool is_empty() const;

private:
    Border& border_;
    AllShards shard_;
    sbc::Counters counters_;
};

class Border final : public sbc::Observer {
public:
    // The certificate files that it may name: border.pem, border.key, anchors.pem.
    Border(SimNetwork& net, const std::string& configuration, std::uint64_t seed = 11,
           engine::ShardNumber workers = workers_under_test());
    ~Border() override;

    AllWorkers& sbc() { return all_; }
    sbc::Sbc& worker(std::size_t number) { return *workers_.at(number)->sbc; }
    std::size_t worker_count() const { return workers_.size(); }
    const sbc::Snapshot& snapshot() const { return *snapshot_; }
    // This configuration takes the place of the one that runs, on all workers at once.
    void publish(const std::string& configuration);
    // These are in the store from now on.
    void publish(const std::vector<sbc::Subscriber>& stored);
    // Registrations and calls are told to them; null: to nobody.
    void set_journals(sbc::registrar::Journal* registrations, sbc::CallJournal* calls) {
        shared_->location.set_journal(registrations);
        shared_->call_journal = calls;
    }
    // More of it is written.
    void on_written() const;
    // What an earlier process has kept of that user.
    bool restore(std::string_view address_of_record, std::string_view text) const;
    sbc::Sbc::Restored restore_call(std::string_view name, std::string_view text) const;
    // Its process is killed, and another takes its place: nobody is told, and nothing is left.
    void restart(engine::ShardNumber workers = workers_under_test());
    const sbc::Admissions& admissions() const { return shared_->admissions; }
    sbc::Blacklist& blacklist() { return shared_->blacklist; }
    sbc::AdjacencyIndex index_of(std::string_view adjacency) const;
    sbc::AdjacencyStatus status(std::string_view adjacency) const;
    void detach(std::string_view adjacency, sbc::ForcedDetach mode) const;
    void on_record(const sbc::CallRecord& record) override { records.push_back(record); }
    void on_trace(const std::string& json_line) override { trace.push_back(json_line); }

    // What `show ... refusals` has: of all workers.
    std::vector<sbc::CallRecord> refusals() const;

    std::vector<sbc::CallRecord> records;
    std::vector<std::string> trace;

private:
    friend class AllShards;
    friend class AllWorkers;
    class Desk;  // letters of one worker to the others
    struct Worker {
        explicit Worker(std::uint64_t seed) : random(seed) {}
        SeededRandom random;
        SimNetwork::Node* node = nullptr;
        std::unique_ptr<engine::Siblings> desk;
        std::unique_ptr<sbc::Sbc> sbc;
    };
    void add_worker(std::uint64_t seed);
    void take(sbc::SnapshotPtr next);
    static void listen(Worker& worker, const sbc::Sbc::ListenRequest& wanted);

    SimNetwork& net_;
    sbc::SnapshotPtr snapshot_;
    engine::ShardNumber worker_count_;
    std::uint64_t seed_;
    unsigned life_ = 0;  // of how many processes
    SeededRandom letter_random_;
    std::vector<TimePoint> last_at_once_;  // by worker: when the last letter of that kind came
    std::unique_ptr<sbc::Shared> shared_;  // outlives what holds something of it
    std::vector<std::unique_ptr<Worker>> workers_;
    AllWorkers all_{*this};
};

// The lab in small: phones over TLS that register here, a softswitch on a trusted link, a trunk
// over TLS, and the outside.
inline constexpr std::string_view small_lab = R"(
sbc mysbc
 sbe
  tls certificate border.pem
  tls private-key border.key
  tls trust-anchors anchors.pem
  subscriber alice@example.com
   password wonderland
  subscriber bob@example.com
   password builder
  adjacency sip phones
   security trusted-encrypted
   sip-calls-in secure
   sip-calls-out secure-only
   inherit profile preset-access
   domain example.com
   signaling-address ipv4 192.0.2.1
   attach
  adjacency sip softswitch
   security trusted-unencrypted
   sip-calls-in secure
   media-security preferred
   signaling-address ipv4 192.0.2.2
   remote-address ipv4 192.0.2.20 255.255.255.255
   signaling-peer 192.0.2.20
   preferred-transport tcp
   attach
  adjacency sip outside
   security untrusted
   signaling-address ipv4 192.0.2.3
   remote-address ipv4 192.0.2.30 255.255.255.255
   signaling-peer 192.0.2.30
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency phones
     dst-adjacency softswitch
     action complete
    entry 2
     match-adjacency outside
     dst-adjacency softswitch
     action complete
    entry 3
     match-adjacency softswitch
     dst-adjacency outside
     action complete
  active-call-policy-set 1
)";

// Three trunks of the outside over UDP, each its own network: what west calls goes to east, and if
// that fails to north; what the others call goes to west.
inline constexpr std::string_view three_trunks = R"(
sbc mysbc
 sbe
  adjacency sip west
   signaling-address ipv4 192.0.2.4
   remote-address ipv4 192.0.2.40 255.255.255.255
   signaling-peer 192.0.2.40
   attach
  adjacency sip east
   signaling-address ipv4 192.0.2.5
   remote-address ipv4 192.0.2.50 255.255.255.255
   signaling-peer 192.0.2.50
   attach
  adjacency sip north
   signaling-address ipv4 192.0.2.6
   remote-address ipv4 192.0.2.60 255.255.255.255
   signaling-peer 192.0.2.60
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency west
     dst-adjacency east
     action complete
    entry 2
     match-adjacency west
     dst-adjacency north
     action complete
    entry 3
     match-adjacency east
     dst-adjacency west
     action complete
    entry 4
     match-adjacency north
     dst-adjacency west
     action complete
  active-call-policy-set 1
)";

// `configuration` with these lines in that adjacency; each takes the place of the one that begins
// with the same words, if there is one.
std::string configured(std::string_view configuration, std::string_view adjacency,
                       const std::vector<std::string>& lines);

class Lab : public ::testing::Test {
protected:
    explicit Lab(const std::string& configuration, std::uint64_t seed = 1)
        : net(seed), border(net, configuration) {}
    // Every test ends with: nothing left behind.
    void TearDown() override;

    bool run_until(const std::function<bool()>& condition, Duration limit = 40s) {
        return net.run_until(condition, limit);
    }
    // Packets that went to this phone's address so far.
    std::size_t sent_to(Phone& phone) const;

    SimNetwork net;
    Border border;
};

class Trunks : public Lab {
protected:
    explicit Trunks(const std::string& configuration = std::string(three_trunks),
                    std::uint64_t seed = 1);

    Phone west;
    Phone east;
    Phone north;
};

class SmallLab : public Lab {
protected:
    explicit SmallLab(std::string_view configuration = small_lab, std::uint64_t seed = 1);
    void register_phones();
    // alice calls bob, and both talk.
    void talk();

    Phone alice;
    Phone bob;
    Phone softswitch;
    Phone outside;
};

IpAddress ip(const char* text);

}  // namespace ringwall::test
