#include "sbc/process.h"

#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "net/clock.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/service_manager.h"
#include "net/signals.h"
#include "sbc/config/reader.h"
#include "sbc/console/alarm_watch.h"
#include "sbc/console/audit_line.h"
#include "sbc/console/server.h"
#include "sbc/console/session.h"
#include "sbc/datastore/datastore.h"
#include "sbc/file_observer.h"
#include "sbc/file_watch.h"
#include "sbc/metrics/page.h"
#include "sbc/metrics/server.h"
#include "sbc/operations.h"
#include "sbc/operator_files.h"
#include "sbc/privileges.h"
#include "sbc/stored_subscribers.h"
#include "sbc/workers.h"

namespace ringwall::sbc {
namespace {

constexpr std::chrono::seconds farewell_limit{5};  // for BYEs at the end
constexpr std::chrono::seconds disk_patience{3};   // at the end

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

// But for the standard ones. A thread that a disk keeps has them all, though its process has ended:
// the ports and the lock of the store would be taken until that disk is there again. Sockets first:
// to close a file may take as long as to write it.
void close_descriptors() {
    std::vector<int> sockets;
    std::error_code error;
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd", error)) {
        const std::string is = std::filesystem::read_symlink(each.path(), error).string();
        const auto number = parse_number(each.path().filename().string(), INT32_MAX);
        if (number && *number > STDERR_FILENO && is.starts_with("socket:")) {
            sockets.push_back(static_cast<int>(*number));
        }
    }
    std::ranges::for_each(sockets, ::close);
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
}

void log_alarm(std::string_view news) {
    constexpr std::string_view begins = "% Alarm: ";
    constexpr std::string_view ends = "% Alarm over: ";
    if (news.starts_with(begins)) {
        log::warning("alarm", {{"text", news.substr(begins.size())}});
    } else {
        log::info("alarm.over", {{"text", news.substr(ends.size())}});
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

// Judged as far as it can be without the system; its warnings are told.
Result<FileTree, ConfigError> read_first(const std::filesystem::path& path,
                                         const FileReader& read_file) {
    FileTree file = TRY(load_tree(path));
    const Configuration configuration = TRY(configure(file, read_file));
    for (const ConfigError& warning : configuration.warnings) {
        std::fprintf(stderr, "warning: %s\n", warning.to_string().c_str());
    }
    return file;
}

// What the store has; or else the file, which is then its first version.
Result<void, ConfigErrors> begin(datastore::Datastore& datastore,
                                 const std::optional<FileTree>& file,
                                 const ProcessOptions& options) {
    TRY(datastore.read());
    const bool is_empty = datastore.running().is_empty();
    if (file && !is_empty && !(datastore.running() == file->tree)) {
        return fail(ConfigErrors{
            {.file = options.configuration.string(),
             .sentence = "the store has version " +
                         std::to_string(datastore.running_version().number) +
                         " already, which is another; start without --config, and load it at the "
                         "console"}});
    }
    TRY(datastore.start());
    if (!file || !is_empty) {
        return {};
    }
    auto committed = datastore.commit(file->tree, {.author = "--config"});
    if (!committed) {
        for (ConfigError& each : committed.error()) {
            each.file = options.configuration.string();
        }
        return fail(std::move(committed.error()));
    }
    return {};
}

Duration until_taken_back(const datastore::Datastore& datastore) {
    const auto ends = datastore.confirmation_ends();
    return ends ? std::max(*ends - net::system_clock().monotonic, Duration(0)) : Duration::max();
}

using Record =
    std::function<void(const console::User& who, std::string_view what, const std::string& text)>;

// What is done by the process itself.
console::User process_itself() {
    return {"ringwall-sbc", console::Role::Administrator, ""};
}

void take_back_in_time(datastore::Datastore& datastore, const Record& record) {
    const auto ends = datastore.confirmation_ends();
    if (!ends || net::system_clock().monotonic < *ends) {
        return;
    }
    const unsigned number = datastore.running_version().number;
    if (const auto back = datastore.take_back(); !back) {
        for (const ConfigError& each : back.error()) {
            log::error("configuration.not-taken-back", {{"reason", each.to_string()}});
        }
        return;
    }
    log::warning("configuration.taken-back", {{"version", datastore.running_version().number}});
    record(process_itself(), "taken back",
           std::to_string(number) + ", and " + std::to_string(datastore.running_version().number) +
               " runs again");
}

constexpr Duration look_interval = 5s;

// Certificates are renewed without a word to us.
class FileLooks {
public:
    FileLooks(datastore::Datastore& datastore, const std::filesystem::path& folder)
        : datastore_(datastore), watch_(folder) {}
    void look_in_time() {
        const TimePoint now = net::system_clock().monotonic;
        if (now >= next_) {
            next_ = now + look_interval;
            if (watch_.have_changed(datastore_.files()) || datastore_.has_come_of_age()) {
                datastore_.reload();
            }
        }
    }

private:
    datastore::Datastore& datastore_;
    FileWatch watch_;
    TimePoint next_;
};

// The service manager's watchdog gets its food from here, and only while every worker turns: one
// that hangs has it bark.
class Watchdog {
public:
    Watchdog(const net::ServiceManager& manager, Workers& workers)
        : manager_(manager), workers_(workers) {}
    Duration interval() const {
        return manager_.watchdog_patience() == Duration::max() ? Duration::max()
                                                               : manager_.watchdog_patience() / 4;
    }
    void feed_in_time() {
        const TimePoint now = net::system_clock().monotonic;
        if (interval() == Duration::max() || now < next_) {
            return;
        }
        next_ = now + interval();
        if (workers_.have_turned()) {
            manager_.feed_watchdog();
        }
    }

private:
    const net::ServiceManager& manager_;
    Workers& workers_;
    TimePoint next_;
};

// After SIGTERM no new calls are taken, and those that are up have some time to end by themselves.
// A second one is the end of that.
class Drain {
public:
    Drain(std::chrono::seconds limit, Workers& workers, const net::ServiceManager& manager)
        : limit_(limit), workers_(workers), manager_(manager) {}
    void on_signal() {
        if (has_begun() || limit_ == Duration::zero()) {
            is_over_ = true;
            return;
        }
        ends_ = net::system_clock().monotonic + limit_;
        manager_.stopping();
        manager_.extend(limit_ + 2 * farewell_limit);
        workers_.refuse_calls();
        log::info("sbc.draining",
                  {{"calls", workers_.call_count()},
                   {"seconds", std::chrono::duration_cast<std::chrono::seconds>(limit_).count()}});
    }
    bool has_begun() const { return ends_ != TimePoint::max(); }
    // How long until is_over() is to be asked again.
    Duration interval() const { return has_begun() ? Duration(100ms) : Duration::max(); }
    bool is_over() {
        is_over_ =
            is_over_ ||
            (has_begun() && (net::system_clock().monotonic >= ends_ || workers_.call_count() == 0));
        return is_over_;
    }

private:
    const Duration limit_;
    Workers& workers_;
    const net::ServiceManager& manager_;
    TimePoint ends_ = TimePoint::max();
    bool is_over_ = false;
};

void record_in(LineFile& audit, const console::User& who, std::string_view what,
               const std::string& text) {
    log::info("console",
              {{"user", who.name}, {"session", who.session}, {"what", what}, {"text", text}});
    if (audit.is_open()) {
        audit.post(console::audit_line(net::system_clock().wall, who, what, text));
    }
}

// Beside the configurations, in the folder that is ours alone.
StoredSubscribers::Open open_store(const std::filesystem::path& folder) {
    if (folder.empty()) {
        return nullptr;
    }
    return [file = folder / "ringwall.db"](store::IfMissing if_missing) {
        return store::open_sqlite(file, if_missing);
    };
}

std::string host_name_of_machine() {
    char name[256] = "ringwall";
    ::gethostname(name, sizeof name - 1);
    std::string_view whole = name;
    return std::string(cut(whole, '.'));
}

// The lines of one would be nonsense in the other. Empty: each has a file of its own.
std::string shared_file(const ProcessOptions& options) {
    const std::filesystem::path none;
    const std::array<std::pair<std::string_view, std::filesystem::path>, 3> files{{
        {"the audit log of --store", options.store.empty() ? none : options.store / "audit.log"},
        {"--record", options.record},
        {"--trace", options.trace},
    }};
    std::map<std::filesystem::path, std::string_view> names;
    for (const auto& [name, path] : files) {
        std::error_code ignored;
        if (path.empty()) {
            continue;
        }
        const auto place =
            std::filesystem::weakly_canonical(std::filesystem::absolute(path, ignored), ignored);
        if (const auto [other, is_own] = names.emplace(place, name); !is_own) {
            return std::string(name)
                .append(" ")
                .append(path.string())
                .append(" is the file of ")
                .append(other->second)
                .append("; name another");
        }
    }
    return "";
}

// Nothing was committed there yet: a start makes it.
bool is_new_store(const std::filesystem::path& folder) {
    std::error_code ignored;
    return !std::filesystem::exists(folder / "running.conf", ignored) &&
           (!std::filesystem::exists(folder / "versions", ignored) ||
            std::filesystem::is_empty(folder / "versions", ignored));
}

}  // namespace

int run_process(const ProcessOptions& options) {
    const auto service_manager = net::ServiceManager::from_environment();
    if (!options.user.empty()) {
        if (const auto become = become_user(options.user); !become) {
            std::fprintf(stderr, "%s\n", become.error().c_str());
            return EX_NOPERM;
        }
    }
    const auto metrics_address =
        options.metrics.empty() ? std::nullopt : metrics::parse_admin_address(options.metrics);
    if (!options.metrics.empty() && !metrics_address) {
        std::fprintf(stderr,
                     "--metrics %s is neither a port nor ADDRESS:PORT; write it like 9101, "
                     "192.0.2.1:9101 or [2001:db8::1]:9101\n",
                     options.metrics.c_str());
        return EX_USAGE;
    }
    if (const std::string shared = shared_file(options); !shared.empty()) {
        std::fprintf(stderr, "%s\n", shared.c_str());
        return EX_USAGE;
    }
    if (options.only_check && options.configuration.empty() && is_new_store(options.store)) {
        return EX_OK;
    }
    const std::filesystem::path folder =
        options.store.empty() ? options.configuration.parent_path() : options.store;
    const FileReader read_file = [&folder](const std::string& name) {
        return read_from_disk(folder / name);
    };
    const std::filesystem::path first = options.configuration.empty() && options.only_check
                                            ? options.store / "running.conf"
                                            : options.configuration;
    std::optional<FileTree> file;
    if (!first.empty()) {
        auto read = read_first(first, read_file);
        if (!read) {
            std::fprintf(stderr, "%s\n", read.error().to_string().c_str());
            return EX_CONFIG;
        }
        file = std::move(*read);
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
    const auto signals = net::Signals::create(*loop, {SIGTERM, SIGINT, SIGUSR1, SIGHUP},
                                              [&](int number) { arrived.push_back(number); });
    if (!signals) {
        return give_up(signals.error());
    }
    log::Writer log_writer;
    raise_descriptor_limit();
    const auto mailbox = net::Mailbox::create();
    if (!mailbox) {
        return give_up(mailbox.error());
    }
    MailReader reader(**mailbox);
    if (loop->watch((*mailbox)->fd(), net::Interest::Read, reader) == 0) {
        return give_up(net::SocketError::of("cannot watch the mailbox", errno));
    }
    const auto files = OperatorFiles::create();
    if (!files) {
        return give_up(files.error());
    }
    FileObserver& observer = (*files)->observer();
    const std::filesystem::path audit_path =
        options.store.empty() ? std::filesystem::path() : options.store / "audit.log";
    std::optional<datastore::VersionStore> store;
    if (!options.store.empty()) {
        auto opened = datastore::VersionStore::open(options.store);
        if (!opened) {
            std::fprintf(stderr, "%s\n", opened.error().c_str());
            return EX_IOERR;
        }
        store.emplace(std::move(*opened));
    }
    observer.write_records_as(options.is_record_csv ? RecordFormat::Csv : RecordFormat::Json);
    for (const auto& [lines, path] :
         {std::pair{&observer.trace, &options.trace}, std::pair{&observer.record, &options.record},
          std::pair{&observer.audit, &audit_path}}) {
        if (!lines->open(*path)) {
            std::fprintf(stderr, "%s: cannot be opened for writing\n", path->c_str());
            return EX_IOERR;
        }
    }

    const auto created =
        Workers::create(options.workers != 0 ? options.workers : Workers::default_count(),
                        std::make_shared<const Snapshot>(), observer);
    if (!created) {
        return give_up(created.error());
    }
    Workers& workers = **created;
    workers.set_trace(observer.trace.is_open());
    workers.start();
    std::optional<Keeper> keeper;
    if (!options.store.empty()) {
        keeper.emplace(Keeper::Setup{
            .open = [file = options.store / "state.db"] { return store::open_sqlite_state(file); },
            .now = net::system_clock,
            .on_written =
                [&](Keeper::Count count) {
                    observer.records.on_written(count);
                    workers.on_written();
                },
            .say_all_anew =
                [&] {
                    observer.records.say_all_anew();
                    workers.tell_all();
                }});
        observer.records.start(keeper->writer(), keeper->take_left(store::Kind::Records));
        keeper->drop_left_calls(observer.records.recorded(keeper->left_calls()));
        workers.keep(*keeper);
    }
    (*files)->start();
    // From here on this is the way out.
    const auto end = [&](int status) {
        workers.stop();
        (*mailbox)->open_all();
        const bool are_files_written = (*files)->stop(disk_patience);
        if (!are_files_written) {
            service_manager.extend(2 * disk_patience);
        }
        const bool is_state_written = !keeper || keeper->writer().finish(disk_patience);
        if (!is_state_written) {
            log::error("state.not-written", {{"values", keeper->writer().waiting()}});
        }
        const bool is_log_written = log_writer.finish(disk_patience);
        if (are_files_written && is_state_written && is_log_written) {
            return status;
        }
        close_descriptors();
        std::_Exit(status);  // a thread that is kept uses what the destructors would take
    };
    Operations operations(workers);
    const auto why_not_now = [&keeper] {
        return keeper ? keeper->why_not_now(net::system_clock()) : std::string();
    };
    StoredSubscribers subscribers(
        {.open = open_store(options.store),
         .running = [&workers]() -> const Snapshot& { return workers.snapshot(); },
         .publish = [&workers](auto stored) { workers.publish(std::move(stored)); },
         .why_not_now = why_not_now});
    datastore::Datastore datastore(
        {.store = store ? &*store : nullptr,
         .target = &operations,
         .read_file = read_file,
         .now = net::system_clock,
         .other_alarms =
             [&] {
                 std::vector<std::string> out = (*files)->alarms(net::system_clock());
                 std::ranges::move(subscribers.alarms(), std::back_inserter(out));
                 if (keeper) {
                     std::ranges::move(keeper->alarms(net::system_clock().monotonic),
                                       std::back_inserter(out));
                 }
                 return out;
             },
         .why_not_now = why_not_now});
    subscribers.load();  // before anybody can ask for one
    if (const auto begun = begin(datastore, file, options); !begun) {
        for (const ConfigError& each : begun.error()) {
            std::fprintf(stderr, "%s\n", each.to_string().c_str());
        }
        return end(EX_CONFIG);
    }
    const Record record = [&observer](const console::User& who, std::string_view what,
                                      const std::string& text) {
        record_in(observer.audit, who, what, text);
    };
    if (store && store->taken_back_at_start()) {
        record(process_itself(), "taken back",
               std::to_string(store->taken_back_at_start()->number) +
                   ", which waited to be confirmed when the process before ended");
    }
    std::unique_ptr<console::Server> console;
    if (!options.console.empty()) {
        auto listening = console::Server::listen(
            *loop, options.console,
            [&](const console::User& user) {
                return std::make_unique<console::Session>(
                    console::Session::Setup{.datastore = &datastore,
                                            .views = &operations,
                                            .sessions = console.get(),
                                            .subscribers = &subscribers,
                                            .audit = record,
                                            .host = host_name_of_machine()},
                    user);
            },
            console::admit,
            [&record](const std::string& name, const std::string& why) {
                record({name, console::Role::ReadOnly, ""}, "login refused", why);
            });
        if (!listening) {
            return end(give_up(listening.error()));
        }
        console = std::move(*listening);
    }
    const Snapshot& snapshot = workers.snapshot();
    log::info("sbc.ready", {{"service", snapshot.service},
                            {"adjacencies", snapshot.adjacencies.size()},
                            {"subscribers", snapshot.subscriber_count()},
                            {"workers", workers.count()}});
    FileLooks looks(datastore, folder);
    console::AlarmWatch alarms;
    std::unique_ptr<metrics::Server> metrics;
    if (metrics_address) {
        auto listening = metrics::Server::listen(
            *metrics_address,
            {.post = [&box = **mailbox](auto make) { box.post(std::move(make)); },
             .page =
                 [&] {
                     const Measures measures = workers.measures();
                     return metrics::page({
                         .snapshot = workers.snapshot(),
                         .measures = measures,
                         .outages = workers.outages(),
                         .registrations = workers.registration_counts(),
                         .workers = workers.count(),
                         .alarms = alarms.count(),
                         .store_unwritten = keeper ? keeper->writer().waiting() : 0,
                         .is_store_lagging =
                             keeper && keeper->is_lagging(net::system_clock().monotonic),
                         .version = options.version,
                     });
                 }});
        if (!listening) {
            std::fprintf(stderr, "%s\n", listening.error().c_str());
            return end(EX_CONFIG);
        }
        metrics = std::move(*listening);
    }
    Watchdog watchdog(service_manager, workers);
    const auto look_for_alarms = [&] {
        (*files)->try_again(net::system_clock().monotonic);
        return console::alarms_of(datastore, operations);
    };
    service_manager.ready();
    Drain drain(std::chrono::seconds(options.drain), workers, service_manager);
    while (!drain.is_over()) {
        loop->turn(std::min({until_taken_back(datastore), console::AlarmWatch::interval,
                             watchdog.interval(), drain.interval()}),
                   [] {});
        watchdog.feed_in_time();
        take_back_in_time(datastore, record);
        looks.look_in_time();
        for (const std::string& line :
             alarms.news(net::system_clock().monotonic, look_for_alarms)) {
            log_alarm(line);
            if (console) {
                console->announce(line);
            }
        }
        for (const int number : std::exchange(arrived, {})) {
            if (number == SIGUSR1) {
                workers.log_counters();
            } else if (number == SIGHUP) {
                service_manager.reloading();
                (*files)->reopen();
                datastore.reload();
                subscribers.load();
                service_manager.ready();
            } else {
                drain.on_signal();
            }
        }
    }
    log::info("sbc.stopping");
    if (!drain.has_begun()) {
        service_manager.stopping();
    }
    console.reset();
    metrics.reset();
    say_farewell(workers, **mailbox);
    workers.stop();
    workers.log_counters();
    return end(EX_OK);
}

}  // namespace ringwall::sbc
