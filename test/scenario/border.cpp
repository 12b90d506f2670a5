#include "scenario/border.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "base/check.h"
#include "base/text.h"
#include "sbc/config/reader.h"
#include "sbc/config/succession.h"
#include "scenario/tls_contexts.h"

namespace ringwall::test {

IpAddress ip(const char* text) {
    const auto address = IpAddress::parse(text);
    CHECK(address.has_value());
    return *address;
}

engine::ShardNumber workers_under_test() {
    const char* const text = std::getenv("RINGWALL_TEST_WORKERS");
    const auto number = text == nullptr ? std::nullopt : parse_number(text, engine::max_shards);
    return static_cast<engine::ShardNumber>(number.value_or(1));
}

// Letters take a little while, like those between threads, and keep their order.
class Border::Desk final : public engine::Siblings {
public:
    Desk(Border& border, engine::ShardNumber number)
        : border_(border), last_(border.worker_count_), number_(number) {}

    engine::ShardNumber count() const override { return border_.worker_count_; }
    void flush() override {}
    // It lies in the other's mailbox at once: what anybody posts after it comes after it.
    void post_now(engine::ShardNumber to, engine::Letter letter) override {
        post(to, std::move(letter));
        border_.last_at_once_.at(to) = last_.at(to);
    }
    void post(engine::ShardNumber to, engine::Letter letter) override {
        CHECK(to != number_);
        const Duration delay(std::chrono::microseconds(border_.letter_random_.number() % 50));
        const TimePoint at = std::max(
            {border_.net_.now().monotonic + delay, last_.at(to), border_.last_at_once_.at(to)});
        last_[to] = at;
        border_.net_.at(at - border_.net_.now().monotonic,
                        [&border = border_, life = border_.life_, to,
                         kept = std::make_shared<engine::Letter>(std::move(letter))] {
                            if (border.life_ == life) {
                                border.worker(to).shard().open(std::move(*kept), border.net_.now());
                            }
                        });
    }

private:
    Border& border_;
    std::vector<TimePoint> last_;
    engine::ShardNumber number_;
};

namespace {

sbc::SnapshotPtr read(const std::string& configuration) {
    const auto read =
        sbc::read_configuration(configuration, "test.conf",
                                [](const std::string& name) -> Result<std::string, std::string> {
                                    if (name == "border.pem") {
                                        return border_certificate();
                                    }
                                    if (name == "border.key") {
                                        return border_key();
                                    }
                                    if (name == "anchors.pem") {
                                        return trust_anchors();
                                    }
                                    if (name == "more-anchors.pem") {
                                        return trust_anchors() + other_anchors();
                                    }
                                    return fail(std::string("no such file"));
                                });
    if (!read) {
        check_failed(read.error().to_string().c_str(), __FILE__, __LINE__);
    }
    return read->snapshot;
}

}  // namespace

Border::Border(SimNetwork& net, const std::string& configuration, std::uint64_t seed,
               engine::ShardNumber workers)
    : net_(net), worker_count_(workers), seed_(seed), letter_random_(seed), last_at_once_(workers) {
    snapshot_ = read(configuration);
    for (engine::ShardNumber i = 0; i < workers; ++i) {
        add_worker(seed + 1000 * i);
    }
    net.on_step([this] { CHECK(all_.is_consistent()); });
}

Border::~Border() = default;

void Border::restart(engine::ShardNumber workers) {
    for (const auto& worker : workers_) {
        worker->node->leave();
    }
    workers_.clear();
    shared_.reset();
    ++life_;
    worker_count_ = workers;
    last_at_once_.assign(workers, {});
    for (engine::ShardNumber i = 0; i < workers; ++i) {
        add_worker(seed_ + 1000 * i + 100'000 * life_);
    }
}

void Border::add_worker(std::uint64_t seed) {
    const auto number = static_cast<engine::ShardNumber>(workers_.size());
    workers_.push_back(std::make_unique<Worker>(seed));
    Worker& worker = *workers_.back();
    if (shared_ == nullptr) {
        shared_ = std::make_unique<sbc::Shared>();
    }
    worker.node = &net_.add_node(ip("192.0.2.1"), number);
    if (worker_count_ > 1) {
        worker.desk = std::make_unique<Desk>(*this, number);
    }
    worker.sbc = std::make_unique<sbc::Sbc>(*shared_, *worker.node, worker.random, *this, snapshot_,
                                            net_.now(), engine::Place{number, worker.desk.get()});
    for (const auto& wanted : sbc::Sbc::listeners(*snapshot_)) {
        listen(worker, wanted);
    }
    worker.node->set_server_identity(certificate_of("border.example.com"));
    worker.node->set_client_identity(certificate_of("border.example.com"));
    worker.node->set_user(worker.sbc->shard());
}

void Border::listen(Worker& worker, const sbc::Sbc::ListenRequest& wanted) {
    if (wanted.transport == sip::Transport::Udp) {
        const auto socket = worker.node->listen_udp(wanted.local);
        worker.sbc->add_listener(socket.id, wanted.local, wanted.transport, socket.flow);
    } else {
        worker.sbc->add_listener(worker.node->listen_tcp(wanted.local), wanted.local,
                                 wanted.transport, {});
    }
}

void Border::publish(const std::string& configuration) {
    take(sbc::succeed(*snapshot_, *read(configuration)));
}

void Border::publish(const std::vector<sbc::Subscriber>& stored) {
    auto table = std::make_shared<sbc::Subscribers>();
    for (const sbc::Subscriber& each : stored) {
        table->push_back(each);
    }
    auto next = std::make_shared<sbc::Snapshot>(*snapshot_);
    next->stored_subscribers = std::move(table);
    ++next->generation;
    take(std::move(next));
}

void Border::take(sbc::SnapshotPtr next) {
    snapshot_ = std::move(next);
    for (const auto& worker : workers_) {
        for (const auto& missing : worker->sbc->expect(snapshot_)) {
            listen(*worker, missing);
        }
    }
    for (const auto& worker : workers_) {
        worker->sbc->shard().wake(net_.now());
        worker->sbc->take(snapshot_);
    }
}

std::vector<sbc::CallRecord> Border::refusals() const {
    std::vector<sbc::CallRecord> out;
    for (const auto& worker : workers_) {
        std::ranges::move(worker->sbc->refusals().last(SIZE_MAX), std::back_inserter(out));
    }
    return out;
}

void Border::on_written() const {
    for (const auto& worker : workers_) {
        worker->sbc->shard().wake(net_.now());
        worker->sbc->on_written();
    }
}

bool Border::restore(std::string_view address_of_record, std::string_view text) const {
    workers_.front()->sbc->shard().wake(net_.now());
    return workers_.front()->sbc->restore(address_of_record, text);
}

sbc::Sbc::Restored Border::restore_call(std::string_view name, std::string_view text) const {
    auto out = sbc::Sbc::Restored::Elsewhere;
    for (const auto& worker : workers_) {
        worker->sbc->shard().wake(net_.now());
        const auto its = worker->sbc->restore_call(name, text);
        if (its != sbc::Sbc::Restored::Elsewhere) {
            CHECK(out == sbc::Sbc::Restored::Elsewhere);  // no two workers take one call
            out = its;
        }
    }
    return out;
}

sbc::AdjacencyIndex Border::index_of(std::string_view adjacency) const {
    const auto& all = snapshot_->adjacencies;
    const auto found = std::ranges::find(all, adjacency, &sbc::Adjacency::name);
    CHECK(found != all.end());
    return static_cast<sbc::AdjacencyIndex>(found - all.begin());
}

sbc::AdjacencyStatus Border::status(std::string_view adjacency) const {
    std::vector<sbc::AdjacencyStatus> sum;
    for (const auto& worker : workers_) {
        worker->sbc->add_status(sum);
    }
    return sum.at(index_of(adjacency));
}

void Border::detach(std::string_view adjacency, sbc::ForcedDetach mode) const {
    for (const auto& worker : workers_) {
        worker->sbc->shard().wake(net_.now());
        worker->sbc->detach(index_of(adjacency), mode);
    }
}

AllShards::Transactions AllShards::transactions() const {
    Transactions sum;
    for (const auto& each : border_.workers_) {
        const auto& layer = each->sbc->shard().transactions();
        sum.servers += layer.server_count();
        sum.clients += layer.client_count();
    }
    return sum;
}

std::size_t AllShards::flow_count() const {
    std::size_t sum = 0;
    for (const auto& each : border_.workers_) {
        sum += each->sbc->shard().flow_count();
    }
    return sum;
}

std::size_t AllShards::timer_count() const {
    std::size_t sum = 0;
    for (const auto& each : border_.workers_) {
        sum += each->sbc->shard().timer_count();
    }
    return sum;
}

engine::ShardCounters AllShards::counters() const {
    engine::ShardCounters sum;
    for (const auto& each : border_.workers_) {
        sum += each->sbc->shard().counters();
    }
    return sum;
}

void AllShards::wake(Now now) const {
    for (const auto& each : border_.workers_) {
        each->sbc->shard().wake(now);
    }
}

std::size_t AllWorkers::calls() const {
    std::size_t sum = 0;
    for (const auto& each : border_.workers_) {
        sum += each->sbc->calls();
    }
    return sum;
}

const sbc::Counters& AllWorkers::counters() {
    counters_ = {};
    for (const auto& each : border_.workers_) {
        counters_ += each->sbc->counters();
    }
    return counters_;
}

const sbc::registrar::Location& AllWorkers::location() const {
    return border_.shared_->location;
}

void AllWorkers::set_trace(bool on) const {
    for (const auto& each : border_.workers_) {
        each->sbc->set_trace(on);
    }
}

void AllWorkers::refuse_calls() const {
    for (const auto& each : border_.workers_) {
        each->sbc->refuse_calls();
    }
}

void AllWorkers::end_all(std::string_view reason) const {
    for (const auto& each : border_.workers_) {
        each->sbc->end_all(reason);
    }
}

void AllWorkers::record_unfinished(std::string_view reason) const {
    for (const auto& each : border_.workers_) {
        each->sbc->record_unfinished(reason);
    }
}

bool AllWorkers::is_consistent() const {
    return std::ranges::all_of(border_.workers_,
                               [](const auto& each) { return each->sbc->is_consistent(); });
}

bool AllWorkers::is_quiet() const {
    return std::ranges::all_of(border_.workers_,
                               [](const auto& each) { return each->sbc->is_quiet(); });
}

bool AllWorkers::is_empty() const {
    return std::ranges::all_of(border_.workers_,
                               [](const auto& each) { return each->sbc->is_empty(); });
}

SmallLab::SmallLab(std::string_view configuration, std::uint64_t seed)
    : Lab(std::string(configuration), seed),
      alice(net, ip("192.0.2.11"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
            {"alice", "example.com", "wonderland"}, 101),
      bob(net, ip("192.0.2.12"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
          {"bob", "example.com", "builder"}, 102),
      softswitch(net, ip("192.0.2.20"), sip::Transport::Tcp, {ip("192.0.2.2"), 5060},
                 {"switch", "switch.example.com", ""}, 103),
      outside(net, ip("192.0.2.30"), sip::Transport::Udp, {ip("192.0.2.3"), 5060},
              {"mallory", "outside.example.com", ""}, 104) {}

void SmallLab::register_phones() {
    alice.register_now();
    bob.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered() && bob.is_registered(); }));
}

void SmallLab::talk() {
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !bob.acks().empty(); }));
}

Trunks::Trunks(const std::string& configuration, std::uint64_t seed)
    : Lab(configuration, seed),
      west(net, ip("192.0.2.40"), sip::Transport::Udp, {ip("192.0.2.4"), 5060},
           {"wendy", "west.example.net", ""}, 201 + seed),
      east(net, ip("192.0.2.50"), sip::Transport::Udp, {ip("192.0.2.5"), 5060},
           {"eric", "east.example.net", ""}, 301 + seed),
      north(net, ip("192.0.2.60"), sip::Transport::Udp, {ip("192.0.2.6"), 5060},
            {"nora", "north.example.net", ""}, 401 + seed) {}

std::string configured(std::string_view configuration, std::string_view adjacency,
                       const std::vector<std::string>& lines) {
    const std::string head = "adjacency sip " + std::string(adjacency);
    std::istringstream in{std::string(configuration)};
    std::string out;
    bool is_inside = false;
    for (std::string line; std::getline(in, line);) {
        const std::string_view words = trim(line);
        if (words == head) {
            is_inside = true;
        } else if (is_inside && words == "attach") {
            for (const std::string& each : lines) {
                out.append(each).append("\n");
            }
            is_inside = false;
        } else if (is_inside && std::any_of(lines.begin(), lines.end(), [&](const auto& each) {
                       return words.starts_with(each.substr(0, each.rfind(' ')));
                   })) {
            continue;
        }
        out.append(line).append("\n");
    }
    return out;
}

std::size_t Lab::sent_to(Phone& phone) const {
    const auto& packets = net.packets();
    return static_cast<std::size_t>(
        std::count_if(packets.begin(), packets.end(), [&](const SimNetwork::Packet& packet) {
            return packet.to.address == phone.node().address();
        }));
}

void Lab::TearDown() {
    net.settle();
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_TRUE(border.sbc().is_empty());
    EXPECT_EQ(border.sbc().shard().transactions().server_count(), 0U);
    EXPECT_EQ(border.sbc().shard().transactions().client_count(), 0U);
}

}  // namespace ringwall::test
