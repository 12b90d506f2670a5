#include "sbc/workers.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <future>
#include <iterator>
#include <latch>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include "base/log.h"
#include "base/random.h"
#include "engine/worker.h"
#include "net/tcp_listener.h"
#include "net/udp_socket.h"

namespace ringwall::sbc {

struct Workers::Seat {
    SystemRandom random;
    std::unique_ptr<engine::Worker> worker;
    std::unique_ptr<Sbc> sbc;
    std::thread thread;
    std::atomic<bool> has_turned{true};
};

namespace {

using Socket = std::variant<net::UdpSocket, net::TcpListener>;

Result<Socket, net::SocketError> bind(const Sbc::ListenRequest& wanted, net::PortSharing sharing) {
    if (wanted.transport == sip::Transport::Udp) {
        return Socket(TRY(net::UdpSocket::bind(wanted.local, sharing)));
    }
    return Socket(TRY(net::TcpListener::listen(wanted.local, sharing)));
}

std::string adjacencies_on(const Snapshot& snapshot, const Endpoint& local) {
    std::string names;
    for (const Adjacency& adjacency : snapshot.adjacencies) {
        if (adjacency.is_attached &&
            Endpoint{adjacency.signaling_address, adjacency.signaling_port} == local) {
            names.append(names.empty() ? "" : ", ").append(adjacency.name);
        }
    }
    return names;
}

net::PortSharing sharing_of(std::size_t workers) {
    return workers == 1 ? net::PortSharing::Exclusive : net::PortSharing::Shared;
}

}  // namespace

struct Workers::Prepared::Sockets {
    struct Bound {
        Sbc::ListenRequest listener;
        engine::ListenerId id;
        Socket socket;
    };
    std::vector<Bound> list;
};

Workers::Prepared::Prepared(SnapshotPtr snapshot, std::size_t workers)
    : snapshot_(std::move(snapshot)), sockets_(workers) {}
Workers::Prepared::Prepared(Prepared&&) noexcept = default;
Workers::Prepared& Workers::Prepared::operator=(Prepared&&) noexcept = default;
Workers::Prepared::~Prepared() = default;

engine::ShardNumber Workers::default_count() {
    return static_cast<engine::ShardNumber>(
        std::clamp(std::thread::hardware_concurrency(), 1U, unsigned{engine::max_shards}));
}

Workers::Workers(engine::ShardNumber count, SnapshotPtr snapshot)
    : snapshot_(std::move(snapshot)), exchange_(count) {}

Result<std::unique_ptr<Workers>, net::SocketError> Workers::create(engine::ShardNumber count,
                                                                   const SnapshotPtr& snapshot,
                                                                   Observer& observer) {
    std::unique_ptr<Workers> workers(new Workers(count, snapshot));
    for (engine::ShardNumber number = 0; number < count; ++number) {
        auto seat = std::make_unique<Seat>();
        engine::WorkerOptions options;
        options.number = number;
        options.port_sharing = sharing_of(count);
        seat->worker = TRY(engine::Worker::create(options));
        seat->sbc =
            std::make_unique<Sbc>(workers->shared_, *seat->worker, seat->random, observer, snapshot,
                                  seat->worker->now(), workers->exchange_.place(number));
        seat->worker->set_user(seat->sbc->shard());
        workers->exchange_.join(number, *seat->worker, seat->sbc->shard());
        workers->seats_.push_back(std::move(seat));
    }
    return workers;
}

Workers::~Workers() {
    stop();
}

// The answer of a worker, from its own thread while it has one.
template <class Function>
auto Workers::ask(Seat& seat, Function function) {
    if (!is_running_) {
        return function(seat);
    }
    auto task = std::make_shared<std::packaged_task<decltype(function(seat))()>>(
        [&seat, function = std::move(function)] { return function(seat); });
    auto result = task->get_future();
    seat.worker->post([task] { (*task)(); });
    return result.get();
}

Result<void, Workers::BindFailures> Workers::listen() {
    Prepared prepared = TRY(prepare(snapshot_));
    for (std::size_t i = 0; i < seats_.size(); ++i) {
        adopt(*seats_[i], std::move(prepared.sockets_[i]));
    }
    return {};
}

engine::ListenerId Workers::id_of(const Sbc::ListenRequest& listener) {
    const engine::ListenerId next{listener_ids_.size() + 1};
    return listener_ids_.try_emplace(listener, next).first->second;
}

Result<Workers::Prepared, Workers::BindFailures> Workers::prepare(const SnapshotPtr& next) {
    Prepared prepared(next, seats_.size());
    std::map<Sbc::ListenRequest, std::vector<std::size_t>> missing;  // on which workers
    for (std::size_t i = 0; i < seats_.size(); ++i) {
        for (const auto& wanted :
             ask(*seats_[i], [next](Seat& its) { return its.sbc->expect(next); })) {
            missing[wanted].push_back(i);
        }
    }
    BindFailures failures;
    for (const auto& [wanted, lacking] : missing) {
        if (const auto failure = bind_on(lacking, wanted, prepared)) {
            // Of one address it is said once, and not for each transport.
            if (failures.empty() || failures.back().local != wanted.local) {
                failures.push_back(
                    {wanted.local, adjacencies_on(*next, wanted.local), failure->sentence});
            }
        }
    }
    if (!failures.empty()) {
        return fail(std::move(failures));
    }
    return prepared;
}

std::optional<net::SocketError> Workers::bind_on(const std::vector<std::size_t>& workers,
                                                 const Sbc::ListenRequest& wanted,
                                                 Prepared& prepared) {
    // Workers share their ports, and would share them with a second program of the same user too:
    // so each is tried alone first, unless some of us are there.
    if (workers.size() == seats_.size()) {
        if (const auto alone = bind(wanted, net::PortSharing::Exclusive); !alone) {
            return alone.error();
        }
    }
    for (const std::size_t worker : workers) {
        auto socket = bind(wanted, sharing_of(seats_.size()));
        if (!socket) {
            return socket.error();
        }
        prepared.sockets_[worker].list.push_back({wanted, id_of(wanted), std::move(*socket)});
    }
    return std::nullopt;
}

void Workers::adopt(Seat& seat, Prepared::Sockets sockets) {
    for (auto& [listener, id, socket] : sockets.list) {
        std::optional<net::SocketError> failure;
        std::visit(
            [&failure, &worker = *seat.worker, chosen = id](auto& its) {
                if (const auto added = worker.add(chosen, std::move(its)); !added) {
                    failure = added.error();
                }
            },
            socket);
        if (failure) {
            log::error("listen.failed", {{"address", listener.local.to_string()},
                                         {"transport", sip::to_string(listener.transport)},
                                         {"reason", failure->sentence}});
            continue;
        }
        const bool is_udp = listener.transport == sip::Transport::Udp;
        seat.sbc->add_listener(id, listener.local, listener.transport,
                               is_udp ? engine::udp_flow_id(id) : FlowId{});
        if (seat.sbc->shard().place().number == 0) {
            log::info("listen", {{"address", listener.local.to_string()},
                                 {"transport", sip::to_string(listener.transport)}});
        }
    }
}

// Two gates: behind the first no worker handles anything any more, behind the second all have the
// new configuration.
void Workers::publish(Prepared prepared) {
    const SnapshotPtr next = prepared.snapshot_;
    if (keeper_ != nullptr) {
        keeper_->take(next);
    }
    const bool restores = keeper_ != nullptr && !is_restored_ && !next->adjacencies.empty();
    is_restored_ = is_restored_ || restores;
    std::vector<store::Item> calls;
    if (restores) {
        calls = keeper_->take_left(store::Kind::Calls);
        shared_.call_journal = keeper_;
    }
    if (!is_running_) {
        for (std::size_t i = 0; i < seats_.size(); ++i) {
            adopt(*seats_[i], std::move(prepared.sockets_[i]));
            seats_[i]->sbc->take(next);
        }
        if (restores) {
            restore_registrations(*seats_.front()->sbc);
            for (const auto& seat : seats_) {
                restore_calls(*seat->sbc, calls);
            }
        }
        snapshot_ = next;
        return;
    }
    struct Gates {
        explicit Gates(std::size_t workers)
            : gate(static_cast<std::ptrdiff_t>(workers)),
              done(static_cast<std::ptrdiff_t>(workers)) {}
        std::barrier<> gate;
        std::latch done;
    };
    const auto gates = std::make_shared<Gates>(seats_.size());
    for (std::size_t i = 0; i < seats_.size(); ++i) {
        Seat& seat = *seats_[i];
        seat.worker->post(
            [this, i, gates, &seat, &next, restores, &calls, &sockets = prepared.sockets_[i]] {
                gates->gate.arrive_and_wait();
                seat.sbc->shard().work(seat.worker->now(), [&] {
                    adopt(seat, std::move(sockets));
                    seat.sbc->take(next);
                    if (restores) {
                        if (i == 0) {
                            restore_registrations(*seat.sbc);
                        }
                        restore_calls(*seat.sbc, calls);
                    }
                });
                gates->gate.arrive_and_wait();
                gates->done.count_down();
            });
    }
    gates->done.wait();
    snapshot_ = next;
}

void Workers::keep(Keeper& keeper) {
    keeper_ = &keeper;
    keeper_->take(snapshot_);
}

// All workers are at rest, and this one's sockets are there.
void Workers::restore_registrations(Sbc& sbc) {
    std::size_t restored = 0;
    for (const store::Item& each : keeper_->take_left(store::Kind::Registrations)) {
        if (sbc.restore(each.key, each.value)) {
            ++restored;
        } else {
            keeper_->forget(store::Kind::Registrations, each.key);
        }
    }
    shared_.location.set_journal(keeper_);
    log::info("registrations.restored", {{"users", restored}});
}

// Each worker takes those that are its own by their bucket.
void Workers::restore_calls(Sbc& sbc, const std::vector<store::Item>& left) {
    std::size_t restored = 0;
    for (const store::Item& each : left) {
        const Sbc::Restored what = sbc.restore_call(each.key, each.value);
        restored += what == Sbc::Restored::Up ? 1 : 0;
        if (what == Sbc::Restored::Over) {
            keeper_->forget(store::Kind::Calls, each.key);
        }
    }
    if (!left.empty()) {
        log::info("calls.restored", {{"worker", sbc.shard().place().number}, {"calls", restored}});
    }
}

void Workers::tell_all() {
    shared_.location.tell_all();
    for (const auto& seat : seats_) {
        seat->worker->post([&seat = *seat] { seat.sbc->keep_calls_anew(); });
    }
}

void Workers::on_written() {
    for (const auto& seat : seats_) {
        if (seat->sbc->waits_for_journal()) {
            seat->worker->post([&seat = *seat] {
                seat.sbc->shard().work(seat.worker->now(), [&] { seat.sbc->on_written(); });
            });
        }
    }
}

void Workers::publish(std::shared_ptr<const Subscribers> stored) {
    Snapshot next = *snapshot_;
    next.stored_subscribers = std::move(stored);
    ++next.generation;
    publish(Prepared(std::make_shared<const Snapshot>(std::move(next)), seats_.size()));
}

std::vector<AdjacencyStatus> Workers::status() {
    std::vector<AdjacencyStatus> sum;
    for (const auto& seat : seats_) {
        ask(*seat, [&sum](Seat& its) { its.sbc->add_status(sum); });
    }
    return sum;
}

void Workers::detach(AdjacencyIndex adjacency, ForcedDetach mode) {
    for (const auto& seat : seats_) {
        ask(*seat, [adjacency, mode](Seat& its) {
            its.sbc->shard().work(its.worker->now(), [&] { its.sbc->detach(adjacency, mode); });
        });
    }
}

void Workers::set_trace(bool on) {
    for (const auto& seat : seats_) {
        seat->sbc->set_trace(on);
    }
}

void Workers::start() {
    is_running_ = true;
    for (const auto& seat : seats_) {
        seat->thread = std::thread([worker = seat->worker.get()] { worker->run(); });
    }
}

std::vector<CallRecord> Workers::calls() {
    std::vector<CallRecord> out;
    for (const auto& seat : seats_) {
        std::ranges::move(ask(*seat, [](const Seat& its) { return its.sbc->calls_so_far(); }),
                          std::back_inserter(out));
    }
    return out;
}

Explanation Workers::explain(const ExplainQuestion& question) {
    return ask(*seats_.front(), [&question](Seat& its) {
        its.sbc->shard().wake(its.worker->now());
        return its.sbc->explain(question);
    });
}

std::optional<CallRecord> Workers::find_call(const std::string& name) {
    for (const auto& seat : seats_) {
        if (auto found =
                ask(*seat, [&name](const Seat& its) { return its.sbc->find_call(name); })) {
            return found;
        }
    }
    return std::nullopt;
}

std::vector<CallRecord> Workers::last_of(const KeptRecords& (Sbc::*which)() const,
                                         std::size_t count) {
    std::vector<CallRecord> out;
    for (const auto& seat : seats_) {
        std::ranges::move(
            ask(*seat,
                [which, count](const Seat& its) { return (its.sbc.get()->*which)().last(count); }),
            std::back_inserter(out));
    }
    std::ranges::stable_sort(out, std::greater{}, &CallRecord::end);
    out.resize(std::min(count, out.size()));
    return out;
}

std::vector<CallRecord> Workers::refusals(std::size_t count) {
    return last_of(&Sbc::refusals, count);
}

std::vector<CallRecord> Workers::ended_calls(std::size_t count) {
    return last_of(&Sbc::ended_calls, count);
}

std::vector<TlsConnection> Workers::tls_connections() {
    std::vector<TlsConnection> out;
    for (const auto& seat : seats_) {
        std::ranges::move(ask(*seat, [](const Seat& its) { return its.sbc->tls_connections(); }),
                          std::back_inserter(out));
    }
    return out;
}

bool Workers::misses_media_engine() {
    return std::ranges::any_of(seats_, [this](const auto& seat) {
        return ask(*seat, [](const Seat& its) { return its.sbc->misses_media_engine(); });
    });
}

std::size_t Workers::shedding_count() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(seats_, [](const auto& seat) { return seat->sbc->is_shedding(); }));
}

Counters Workers::counters() {
    Counters sum;
    for (const auto& seat : seats_) {
        sum += ask(*seat, [](const Seat& its) { return its.sbc->counters(); });
    }
    return sum;
}

CallStatistics Workers::statistics() {
    CallStatistics sum;
    for (const auto& seat : seats_) {
        sum += ask(*seat, [](const Seat& its) { return its.sbc->statistics(); });
    }
    return sum;
}

Measures Workers::measures() {
    Measures sum;
    for (const auto& seat : seats_) {
        ask(*seat, [&sum](const Seat& its) { its.sbc->add_measures(sum); });
    }
    return sum;
}

void Workers::clear_statistics() {
    for (const auto& seat : seats_) {
        ask(*seat, [](const Seat& its) {
            its.sbc->clear_statistics();
            return true;
        });
    }
}

void Workers::log_counters() {
    Counters sum;
    engine::ShardCounters traffic;
    for (const auto& seat : seats_) {
        const auto one = ask(*seat, [](const Seat& its) {
            return std::pair(its.sbc->counters(), its.sbc->shard().counters());
        });
        sum += one.first;
        traffic += one.second;
    }
    for (const auto& [name, value] : sum.all()) {
        log::info("counter", {{"name", name}, {"value", value}});
    }
    log::info("counter", {{"name", "messages_in"}, {"value", traffic.messages_in}});
    log::info("counter", {{"name", "messages_out"}, {"value", traffic.messages_out}});
    log::info("counter", {{"name", "sources_refused"}, {"value", traffic.sources_refused}});
    log::info("counter", {{"name", "not_sip"}, {"value", traffic.not_sip}});
    log::info("counter", {{"name", "faults_answered"}, {"value", traffic.faults_answered}});
    log::info("counter", {{"name", "faults_dropped"}, {"value", traffic.faults_dropped}});
    log::info("counter", {{"name", "strays"}, {"value", traffic.strays}});
    log::info("counter", {{"name", "handed_over"}, {"value", traffic.handed_over}});
}

void Workers::refuse_calls() {
    for (const auto& seat : seats_) {
        ask(*seat, [](Seat& its) {
            its.sbc->shard().work(its.worker->now(), [&] { its.sbc->refuse_calls(); });
        });
    }
}

std::size_t Workers::call_count() {
    std::size_t sum = 0;
    for (const auto& seat : seats_) {
        sum += ask(*seat, [](const Seat& its) { return its.sbc->calls(); });
    }
    return sum;
}

void Workers::end_all(std::string_view reason) {
    for (const auto& seat : seats_) {
        ask(*seat, [reason](Seat& its) {
            its.sbc->shard().work(its.worker->now(), [&] {
                its.sbc->refuse_calls(policy::NewCalls::None);
                its.sbc->end_all(reason);
            });
        });
    }
}

bool Workers::end_call(const std::string& name, std::string_view reason) {
    return std::ranges::any_of(seats_, [&](const auto& seat) {
        return ask(*seat, [&name, reason](Seat& its) {
            bool is_there = false;
            its.sbc->shard().work(its.worker->now(),
                                  [&] { is_there = its.sbc->end_call(name, reason); });
            return is_there;
        });
    });
}

std::size_t Workers::clear_blacklist(const std::optional<IpAddress>& source) {
    const std::vector<Ban> taken_off = shared_.blacklist.clear(source);
    for (const Ban& each : taken_off) {
        log::info("blacklist.removed", {{"adjacency", snapshot_->adjacencies[each.adjacency].name},
                                        {"source", each.source.to_string()},
                                        {"reason", to_string(each.reason)},
                                        {"by", "operator"}});
    }
    return taken_off.size();
}

bool Workers::is_quiet() {
    return std::ranges::all_of(seats_, [&](const auto& seat) {
        return ask(*seat, [](const Seat& its) { return its.sbc->is_quiet(); });
    });
}

bool Workers::have_turned() {
    bool all = true;
    for (const auto& seat : seats_) {
        if (!seat->has_turned.exchange(false)) {
            all = false;  // the letter before lies there still
            continue;
        }
        seat->worker->post([&its = *seat] { its.has_turned = true; });
    }
    return all;
}

void Workers::record_unfinished(std::string_view reason) {
    for (const auto& seat : seats_) {
        ask(*seat, [reason](Seat& its) { its.sbc->record_unfinished(reason); });
    }
}

void Workers::stop() {
    if (!std::exchange(is_running_, false)) {
        return;
    }
    // Who is registered stays so: only their connections end.
    shared_.location.set_journal(nullptr);
    for (const auto& seat : seats_) {
        seat->worker->stop();
    }
    for (const auto& seat : seats_) {
        seat->thread.join();
    }
}

}  // namespace ringwall::sbc
