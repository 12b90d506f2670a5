#include "phone/process.h"

#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <future>
#include <memory>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "engine/worker.h"
#include "media/engine.h"
#include "media/wav_file.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/service_manager.h"
#include "net/signals.h"
#include "phone/configuration.h"
#include "phone/control/server.h"
#include "phone/phone.h"

namespace ringwall::phone {
namespace {

constexpr std::chrono::seconds farewell_limit{3};

// The engine is there before the phone that it tells.
class MediaUser final : public media::User {
public:
    Phone* phone = nullptr;
    void on_digit(media::StreamId stream, char digit, Duration length) override {
        phone->on_digit(stream, digit, length);
    }
    void on_source_ended(media::StreamId stream) override { phone->on_source_ended(stream); }
    void on_failed(media::StreamId stream, std::string_view sentence) override {
        phone->on_failed(stream, sentence);
    }
};

int complain(int status, const std::string& sentence) {
    std::fprintf(stderr, "%s\n", sentence.c_str());
    return status;
}

Result<void, std::string> bind(engine::Worker& worker, Phone& phone, const Settings& settings) {
    for (const Phone::Socket& wanted : Phone::sockets(settings)) {
        const Endpoint local{IpAddress{}, wanted.port};
        if (wanted.transport == sip::Transport::Udp) {
            const auto socket = worker.add_udp(local, wanted.type_of_service);
            if (!socket) {
                return fail(socket.error().sentence + "; change 'SIP Port'");
            }
            phone.add_listener(socket->id, socket->bound, wanted.transport, socket->flow);
        } else {
            const auto socket = worker.add_tcp(local, wanted.type_of_service);
            if (!socket) {
                return fail(socket.error().sentence + "; change 'SIP Port'");
            }
            phone.add_listener(socket->id, socket->bound, wanted.transport, {});
        }
    }
    return {};
}

// On the worker's thread, while it runs.
template <class Function>
auto ask(engine::Worker& worker, Function function) {
    auto task = std::make_shared<std::packaged_task<decltype(function())()>>(std::move(function));
    auto result = task->get_future();
    worker.post([task] { (*task)(); });
    return result.get();
}

void say_farewell(engine::Worker& worker, Phone& phone) {
    ask(worker, [&] {
        phone.shard().work(worker.now(), [&] { phone.stop(); });
        return true;
    });
    const auto limit = std::chrono::steady_clock::now() + farewell_limit;
    while (std::chrono::steady_clock::now() < limit &&
           !ask(worker, [&] { return phone.is_quiet(); })) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

// Signals, and what the control asks for, on the main thread.
class Supervisor final : public net::EventSource {
public:
    static Result<std::unique_ptr<Supervisor>, net::SocketError> create();
    ~Supervisor() override { loop_.unwatch(watch_); }

    void restart() {
        box_->post([this] { restarts_ = true; });
    }
    enum class Order : std::uint8_t { Stop, Restart };
    Order wait() {
        restarts_ = false;
        while (is_running_ && !restarts_) {
            loop_.turn(Duration::max(), [] {});
        }
        return is_running_ ? Order::Restart : Order::Stop;
    }
    void on_ready(net::Readiness) override { box_->open_all(); }

private:
    Supervisor(net::Loop loop, std::unique_ptr<net::Mailbox> box)
        : loop_(std::move(loop)), box_(std::move(box)) {}

    net::Loop loop_;
    std::unique_ptr<net::Mailbox> box_;
    std::unique_ptr<net::Signals> signals_;
    net::Loop::Watch watch_ = 0;
    bool is_running_ = true;
    bool restarts_ = false;
};

Result<std::unique_ptr<Supervisor>, net::SocketError> Supervisor::create() {
    auto loop = TRY(net::Loop::create());
    auto box = TRY(net::Mailbox::create());
    std::unique_ptr<Supervisor> it(new Supervisor(std::move(loop), std::move(box)));
    it->signals_ = TRY(net::Signals::create(it->loop_, {SIGTERM, SIGINT},
                                            [raw = it.get()](int) { raw->is_running_ = false; }));
    it->watch_ = it->loop_.watch(it->box_->fd(), net::Interest::Read, *it);
    if (it->watch_ == 0) {
        return fail(net::SocketError{errno, "cannot wait for what the control asks for"});
    }
    return it;
}

// Why a phone could not be started.
struct Failure {
    int status = EX_OSERR;
    std::string sentence;
};

// One phone, until it is to stop or to start again.
Result<Supervisor::Order, Failure> run_phone(const SoundOptions& sound,
                                             Configuration& configuration, control::Server& control,
                                             Supervisor& supervisor, Phone::Memory& memory,
                                             const net::ServiceManager& service_manager) {
    const auto worker = engine::Worker::create();
    if (!worker) {
        return fail(Failure{EX_OSERR, worker.error().sentence});
    }
    MediaUser media_user;
    media::Engine media(
        media_user, [&](std::function<void()> function) { (*worker)->post(std::move(function)); });
    SystemRandom random;
    const auto [settings, tls] = configuration.start();
    Phone phone(**worker, media, random, settings, tls, (*worker)->now(), control, sound);
    media_user.phone = &phone;
    phone.remember(memory);
    (*worker)->set_user(phone.shard());
    if (const auto bound = bind(**worker, phone, *settings); !bound) {
        return fail(Failure{EX_CONFIG, bound.error()});
    }
    configuration.has_started();
    control.attach(**worker, phone);
    std::thread thread([&] {
        phone.shard().work((*worker)->now(), [&] { phone.start(); });
        (*worker)->run();
    });
    log::info("phone.ready", {{"lines", settings->lines.size()}});
    service_manager.ready();
    const Supervisor::Order order = supervisor.wait();
    log::info(order == Supervisor::Order::Stop ? "phone.stopping" : "phone.starting-again");
    if (order == Supervisor::Order::Stop) {
        service_manager.stopping();
    }
    control.detach();
    say_farewell(**worker, phone);
    (*worker)->stop();
    thread.join();
    control.wait_kept();
    memory = phone.memory();
    return order;
}

// What every call would need.
Result<void, std::string> check_sound(const SoundOptions& sound) {
    if (const auto* const file = std::get_if<media::File>(&sound.source)) {
        TRY(media::check_wav(file->path));
    }
    const std::string& folder = sound.recording_folder;
    if (!folder.empty() &&
        (!std::filesystem::is_directory(folder) || ::access(folder.c_str(), W_OK | X_OK) != 0)) {
        return fail(
            "cannot record to " + folder +
            ": it is no folder that can be written to; make it, or choose another --record");
    }
    return {};
}

int run(const ProcessOptions& options, Configuration& configuration) {
    std::signal(SIGPIPE, SIG_IGN);
    const auto service_manager = net::ServiceManager::from_environment();
    const auto supervisor = Supervisor::create();
    if (!supervisor) {
        return complain(EX_OSERR, supervisor.error().sentence);
    }
    const log::Writer log_writer;
    control::Server control(configuration, [&] { (*supervisor)->restart(); });
    if (options.control_port != 0) {
        if (const auto listening = control.listen(options.control_port); !listening) {
            return complain(EX_CONFIG, listening.error());
        }
    }
    Phone::Memory memory;
    for (bool is_first = true, was_reverted = false;; is_first = false) {
        const auto order =
            run_phone(options.sound, configuration, control, **supervisor, memory, service_manager);
        if (!order && (is_first || was_reverted)) {
            return complain(order.error().status, order.error().sentence);
        }
        if (order && *order == Supervisor::Order::Stop) {
            return EX_OK;
        }
        was_reverted = !order;
        if (!order) {  // better the phone as it was than none
            log::error("phone.parameters-reverted", {{"reason", order.error().sentence}});
            configuration.revert();
        }
    }
}

}  // namespace

Result<media::Source, std::string> parse_source(std::string_view text) {
    const auto colon = text.find(':');
    const std::string_view kind = text.substr(0, colon);
    const std::string value(colon == std::string_view::npos ? "" : text.substr(colon + 1));
    if (kind == "silence") {
        return media::Source(media::Silence{});
    }
    if (const auto hertz = parse_number(value, 20'000); kind == "tone" && hertz && *hertz > 0) {
        return media::Source(media::Tone{static_cast<unsigned>(*hertz)});
    }
    if (kind == "file" && !value.empty()) {
        return media::Source(media::File{value, true});
    }
    if (kind == "device") {
        return media::Source(media::SoundCard{value});
    }
    return fail("'" + std::string(text) + "' is no source: silence, tone:HERTZ, file:PATH, device");
}

Result<media::Sink, std::string> parse_sink(std::string_view text) {
    if (text == "none") {
        return media::Sink(media::Nowhere{});
    }
    if (text == "device" || text.starts_with("device:")) {
        return media::Sink(media::SoundCard{std::string(
            text.substr(std::min<std::size_t>(text.size(), std::string_view("device:").size())))});
    }
    return fail("'" + std::string(text) + "' is no sink: none, device, device:NAME");
}

int run_process(const ProcessOptions& options) {
    Configuration configuration(options.configuration);
    const auto remarks = configuration.load();
    if (!remarks) {
        return complain(EX_NOINPUT, remarks.error());
    }
    for (const std::string& remark : *remarks) {
        std::fprintf(stderr, "%s\n", remark.c_str());
    }
    if (const auto sound = check_sound(options.sound); !sound) {
        return complain(EX_CONFIG, sound.error());
    }
    if (options.only_check) {
        return remarks->empty() ? EX_OK : EX_CONFIG;
    }
    return run(options, configuration);
}

}  // namespace ringwall::phone
