#include "sbc/process.h"

#include <fcntl.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <future>
#include <memory>
#include <thread>

#include "base/log.h"
#include "base/random.h"
#include "engine/worker.h"
#include "net/file_descriptor.h"
#include "net/loop.h"
#include "net/signals.h"
#include "net/socket_address.h"
#include "sbc/config/reader.h"
#include "sbc/sbc.h"

namespace ringwall::sbc {
namespace {

constexpr std::chrono::seconds farewell_limit{5};  // for BYEs at the end

// Appends lines to a file of the operator's, readable by its owner only. When the disk is full
// lines are lost, and counted; the next that fits begins on a line of its own.
class LineFile {
public:
    explicit LineFile(std::string_view what) : what_(what) {}
    bool open(const std::filesystem::path& path) {
        if (path.empty()) {
            return true;
        }
        constexpr mode_t owner_only = 0600;
        file_ = net::FileDescriptor(
            ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, owner_only));
        return is_open();
    }
    bool is_open() const { return file_.number() >= 0; }
    void write(std::string line) {
        if (!is_open()) {
            return;
        }
        line.push_back('\n');
        if (is_cut_) {
            line.insert(line.begin(), '\n');
        }
        const ssize_t written = ::write(file_.number(), line.data(), line.size());
        if (written == static_cast<ssize_t>(line.size())) {
            is_cut_ = false;
            if (lost_ > 0) {
                log::warning("file.works-again", {{"file", what_}, {"lost", lost_}});
            }
            lost_ = 0;
            return;
        }
        is_cut_ = is_cut_ || written > 0;
        if (lost_++ == 0) {
            log::error("file.fails", {{"file", what_},
                                      {"reason", written < 0 ? std::strerror(errno) : "no room"}});
        }
    }

private:
    std::string what_;
    net::FileDescriptor file_;
    bool is_cut_ = false;  // it ends with half a line
    std::uint64_t lost_ = 0;
};

class FileObserver final : public Observer {
public:
    LineFile trace{"trace"};
    LineFile record{"record"};
    void on_record(const CallRecord& call) override {
        if (record.is_open()) {
            record.write(to_json(call));
        }
    }
    void on_trace(const std::string& json_line) override { trace.write(json_line); }
};

// Addresses of the peers that are named by name, once at the start.
SnapshotPtr with_peer_addresses(const SnapshotPtr& snapshot) {
    auto resolved = std::make_shared<Snapshot>(*snapshot);
    for (Adjacency& adjacency : resolved->adjacencies) {
        if (adjacency.signaling_peer.empty() || adjacency.signaling_peer_address) {
            continue;
        }
        adjacency.signaling_peer_address = IpAddress::parse(adjacency.signaling_peer);
        if (adjacency.signaling_peer_address) {
            continue;
        }
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        hints.ai_family = net::socket_family(adjacency.signaling_address);
        addrinfo* found = nullptr;
        if (getaddrinfo(adjacency.signaling_peer.c_str(), nullptr, &hints, &found) == 0) {
            net::SocketAddress address;
            std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
            adjacency.signaling_peer_address = address.endpoint().address;
            freeaddrinfo(found);
        } else {
            log::warning("peer.unknown", {{"adjacency", adjacency.name},
                                          {"signaling-peer", adjacency.signaling_peer},
                                          {"reason", "no address found"}});
        }
    }
    return resolved;
}

// As many descriptors as the system lets us have.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
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

// Binds everything, or says what cannot be bound.
bool listen(engine::Worker& worker, Sbc& sbc, const Snapshot& snapshot,
            const std::filesystem::path& configuration) {
    for (const Sbc::ListenRequest& wanted : Sbc::listeners(snapshot)) {
        std::string failure;
        if (wanted.transport == sip::Transport::Udp) {
            if (const auto listener = worker.add_udp(wanted.local)) {
                sbc.add_listener(listener->id, wanted.local, wanted.transport, listener->flow);
            } else {
                failure = listener.error().sentence;
            }
        } else {
            if (const auto listener = worker.add_tcp(wanted.local)) {
                sbc.add_listener(listener->id, wanted.local, wanted.transport, {});
            } else {
                failure = listener.error().sentence;
            }
        }
        if (!failure.empty()) {
            std::fprintf(stderr,
                         "%s: adjacency %s: %s; end the program that has the address, or change "
                         "'signaling-address' or 'signaling-port'\n",
                         configuration.c_str(), adjacencies_on(snapshot, wanted.local).c_str(),
                         failure.c_str());
            return false;
        }
        log::info("listen", {{"address", wanted.local.to_string()},
                             {"transport", sip::to_string(wanted.transport)}});
    }
    return true;
}

void log_counters(const Sbc& sbc, const engine::ShardCounters& counters) {
    for (const auto& [name, value] : sbc.counters().all()) {
        log::info("counter", {{"name", name}, {"value", value}});
    }
    log::info("counter", {{"name", "messages_in"}, {"value", counters.messages_in}});
    log::info("counter", {{"name", "messages_out"}, {"value", counters.messages_out}});
    log::info("counter", {{"name", "sources_refused"}, {"value", counters.sources_refused}});
    log::info("counter", {{"name", "not_sip"}, {"value", counters.not_sip}});
    log::info("counter", {{"name", "faults_answered"}, {"value", counters.faults_answered}});
    log::info("counter", {{"name", "faults_dropped"}, {"value", counters.faults_dropped}});
    log::info("counter", {{"name", "strays"}, {"value", counters.strays}});
}

template <class Function>
auto on_worker(engine::Worker& worker, Function function) {
    auto task = std::make_shared<std::packaged_task<decltype(function())()>>(std::move(function));
    auto result = task->get_future();
    worker.post([task] { (*task)(); });
    return result.get();
}

void say_farewell(engine::Worker& worker, Sbc& sbc) {
    on_worker(worker, [&] {
        sbc.shard().wake(worker.now());
        sbc.refuse_calls();
        sbc.end_all("shutdown");
    });
    const auto limit = std::chrono::steady_clock::now() + farewell_limit;
    while (std::chrono::steady_clock::now() < limit &&
           on_worker(worker, [&] { return !sbc.is_quiet(); })) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    on_worker(worker, [&] { sbc.record_unfinished("shutdown"); });
}

}  // namespace

int run_process(const ProcessOptions& options) {
    const auto configuration = load_configuration(options.configuration);
    if (!configuration) {
        std::fprintf(stderr, "%s\n", configuration.error().to_string().c_str());
        return EX_CONFIG;
    }
    for (const ConfigError& warning : configuration->warnings) {
        std::fprintf(stderr, "warning: %s\n", warning.to_string().c_str());
    }
    if (options.only_check) {
        return EX_OK;
    }
    FileObserver observer;
    for (const auto& [file, path] : {std::pair{&observer.trace, &options.trace},
                                     std::pair{&observer.record, &options.record}}) {
        if (!file->open(*path)) {
            std::fprintf(stderr, "%s: cannot be opened for writing\n", path->c_str());
            return EX_IOERR;
        }
    }

    std::signal(SIGPIPE, SIG_IGN);
    auto loop = net::Loop::create();
    std::vector<int> arrived;
    const auto give_up = [](const net::SocketError& error) {
        std::fprintf(stderr, "%s\n", error.sentence.c_str());
        return EX_OSERR;
    };
    if (!loop) {
        return give_up(loop.error());
    }
    // Before any thread: the worker's inherits what is blocked.
    const auto signals = net::Signals::create(*loop, {SIGTERM, SIGINT, SIGUSR1},
                                              [&](int number) { arrived.push_back(number); });
    if (!signals) {
        return give_up(signals.error());
    }
    raise_descriptor_limit();
    auto worker = engine::Worker::create();
    if (!worker) {
        return give_up(worker.error());
    }
    SystemRandom random;
    const SnapshotPtr snapshot = with_peer_addresses(configuration->snapshot);
    Shared shared(random);
    Sbc sbc(shared, **worker, random, observer, snapshot, (*worker)->now());
    sbc.set_trace(observer.trace.is_open());
    (*worker)->set_user(sbc.shard());
    if (!listen(**worker, sbc, *snapshot, options.configuration)) {
        return EX_CONFIG;
    }
    std::thread thread([&] { (*worker)->run(); });
    log::info("sbc.ready", {{"service", snapshot->service},
                            {"adjacencies", snapshot->adjacencies.size()},
                            {"subscribers", snapshot->subscribers.size()}});
    bool is_running = true;
    while (is_running) {
        loop->turn(Duration::max(), [] {});
        for (const int number : std::exchange(arrived, {})) {
            if (number == SIGUSR1) {
                on_worker(**worker, [&] { log_counters(sbc, sbc.shard().counters()); });
            } else {
                is_running = false;
            }
        }
    }
    log::info("sbc.stopping");
    say_farewell(**worker, sbc);
    (*worker)->stop();
    thread.join();
    log_counters(sbc, sbc.shard().counters());
    return EX_OK;
}

}  // namespace ringwall::sbc
