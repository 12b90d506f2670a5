#include "sbc/workers.h"

#include <algorithm>
#include <future>
#include <thread>
#include <utility>

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
};

namespace {

// Workers share their ports, and would share them with a second program of the same user too: so
// each is tried alone first.
Result<void, net::SocketError> try_alone(const Sbc::ListenRequest& wanted) {
    if (wanted.transport == sip::Transport::Udp) {
        TRY(net::UdpSocket::bind(wanted.local, net::PortSharing::Exclusive));
    } else {
        TRY(net::TcpListener::listen(wanted.local, net::PortSharing::Exclusive));
    }
    return {};
}

Result<void, net::SocketError> listen_on(engine::Worker& worker, Sbc& sbc,
                                         const Sbc::ListenRequest& wanted) {
    if (wanted.transport == sip::Transport::Udp) {
        const auto listener = TRY(worker.add_udp(wanted.local));
        sbc.add_listener(listener.id, wanted.local, wanted.transport, listener.flow);
    } else {
        const auto listener = TRY(worker.add_tcp(wanted.local));
        sbc.add_listener(listener.id, wanted.local, wanted.transport, {});
    }
    return {};
}

}  // namespace

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
        options.port_sharing = count == 1 ? net::PortSharing::Exclusive : net::PortSharing::Shared;
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

Result<void, Workers::BindFailure> Workers::listen() {
    for (const Sbc::ListenRequest& wanted : Sbc::listeners(*snapshot_)) {
        const auto fails = [&](const net::SocketError& why) {
            return fail(BindFailure{wanted.local, why.sentence});
        };
        if (const auto alone = try_alone(wanted); !alone) {
            return fails(alone.error());
        }
        for (const auto& seat : seats_) {
            if (const auto done = listen_on(*seat->worker, *seat->sbc, wanted); !done) {
                return fails(done.error());
            }
        }
        log::info("listen", {{"address", wanted.local.to_string()},
                             {"transport", sip::to_string(wanted.transport)}});
    }
    return {};
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

void Workers::end_all(std::string_view reason) {
    for (const auto& seat : seats_) {
        ask(*seat, [reason](Seat& its) {
            its.sbc->shard().wake(its.worker->now());
            its.sbc->refuse_calls();
            its.sbc->end_all(reason);
        });
    }
}

bool Workers::is_quiet() {
    return std::ranges::all_of(seats_, [&](const auto& seat) {
        return ask(*seat, [](const Seat& its) { return its.sbc->is_quiet(); });
    });
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
    for (const auto& seat : seats_) {
        seat->worker->stop();
    }
    for (const auto& seat : seats_) {
        seat->thread.join();
    }
}

}  // namespace ringwall::sbc
