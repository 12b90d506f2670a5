#include "sbc/process.h"

#include <sys/resource.h>
#include <sysexits.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>

#include "base/log.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/signals.h"
#include "sbc/config/reader.h"
#include "sbc/line_file.h"
#include "sbc/workers.h"

namespace ringwall::sbc {
namespace {

constexpr std::chrono::seconds farewell_limit{5};  // for BYEs at the end

class FileObserver final : public Observer {
public:
    explicit FileObserver(net::Mailbox& mailbox)
        : trace("trace", mailbox), record("record", mailbox) {}
    LineFile trace;
    LineFile record;
    void on_record(const CallRecord& call) override {
        if (record.is_open()) {
            record.post(to_json(call));
        }
    }
    void on_trace(const std::string& json_line) override { trace.post(json_line); }
};

// Opens the mailbox of the main thread when there is something in it.
class MailReader final : public net::EventSource {
public:
    explicit MailReader(net::Mailbox& mailbox) : mailbox_(mailbox) {}
    void on_ready(net::Readiness) override { mailbox_.open_all(); }

private:
    net::Mailbox& mailbox_;
};

// As many descriptors as the system lets us have.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

// Calls are told of the end, and given a little time for their answers.
void say_farewell(Workers& workers, net::Mailbox& mailbox) {
    workers.end_all("shutdown");
    const auto limit = std::chrono::steady_clock::now() + farewell_limit;
    while (std::chrono::steady_clock::now() < limit && !workers.is_quiet()) {
        mailbox.open_all();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    workers.record_unfinished("shutdown");
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
    const log::Writer log_writer;
    raise_descriptor_limit();
    const auto mailbox = net::Mailbox::create();
    if (!mailbox) {
        return give_up(mailbox.error());
    }
    MailReader reader(**mailbox);
    if (loop->watch((*mailbox)->fd(), net::Interest::Read, reader) == 0) {
        return give_up(net::SocketError::of("cannot watch the mailbox", errno));
    }
    FileObserver observer(**mailbox);
    for (const auto& [file, path] : {std::pair{&observer.trace, &options.trace},
                                     std::pair{&observer.record, &options.record}}) {
        if (!file->open(*path)) {
            std::fprintf(stderr, "%s: cannot be opened for writing\n", path->c_str());
            return EX_IOERR;
        }
    }

    const SnapshotPtr snapshot = configuration->snapshot;
    const auto created = Workers::create(
        options.workers != 0 ? options.workers : Workers::default_count(), snapshot, observer);
    if (!created) {
        return give_up(created.error());
    }
    Workers& workers = **created;
    workers.set_trace(observer.trace.is_open());
    if (const auto bound = workers.listen(); !bound) {
        std::fprintf(stderr,
                     "%s: adjacency %s: %s; end the program that has the address, or change "
                     "'signaling-address' or 'signaling-port'\n",
                     options.configuration.c_str(), bound.error().adjacencies.c_str(),
                     bound.error().sentence.c_str());
        return EX_CONFIG;
    }
    workers.start();
    log::info("sbc.ready", {{"service", snapshot->service},
                            {"adjacencies", snapshot->adjacencies.size()},
                            {"subscribers", snapshot->subscribers.size()},
                            {"workers", workers.count()}});
    bool is_running = true;
    while (is_running) {
        loop->turn(Duration::max(), [] {});
        for (const int number : std::exchange(arrived, {})) {
            if (number == SIGUSR1) {
                workers.log_counters();
            } else {
                is_running = false;
            }
        }
    }
    log::info("sbc.stopping");
    say_farewell(workers, **mailbox);
    workers.stop();
    (*mailbox)->open_all();
    workers.log_counters();
    return EX_OK;
}

}  // namespace ringwall::sbc
