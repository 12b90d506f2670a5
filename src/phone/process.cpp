#include "phone/process.h"

#include <sysexits.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "engine/worker.h"
#include "media/engine.h"
#include "net/loop.h"
#include "net/signals.h"
#include "phone/control.h"
#include "phone/parameters/profile.h"
#include "phone/parameters/settings_of.h"
#include "phone/phone.h"

namespace ringwall::phone {
namespace {

constexpr std::chrono::seconds farewell_limit{3};
constexpr const char* system_trust_anchors = "/etc/ssl/certs/ca-certificates.crt";

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

Result<std::string, std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return fail(path + ": cannot be read");
    }
    return std::string(std::istreambuf_iterator<char>(file), {});
}

int complain(int status, const std::string& sentence) {
    std::fprintf(stderr, "%s\n", sentence.c_str());
    return status;
}

// Of all lines over TLS: they share what the System page says. Null: there is no such line.
Result<std::shared_ptr<const tls::Context>, std::string> tls_context(const Settings& settings) {
    const bool is_needed =
        std::any_of(settings.lines.begin(), settings.lines.end(), [](const LineSettings& line) {
            return line.line_enable && line.sip_transport == sip::Transport::Tls;
        });
    if (!is_needed) {
        return std::shared_ptr<const tls::Context>();
    }
    const PhoneSettings& phone = settings.phone;
    tls::ContextOptions options;
    options.trust_anchors =
        TRY(read_file(phone.custom_ca.empty() ? system_trust_anchors : phone.custom_ca));
    if (!phone.client_certificate.empty()) {
        options.certificate = TRY(read_file(phone.client_certificate));
        options.private_key =
            Secret(TRY(read_file(phone.client_private_key.empty() ? phone.client_certificate
                                                                  : phone.client_private_key)));
    }
    options.min_version =
        phone.tls_min_version == TlsMinVersion::Tls13 ? tls::Version::Tls13 : tls::Version::Tls12;
    options.ciphers = phone.tls_cipher_list;
    auto context = tls::Context::create(tls::Context::Role::Client, options);
    if (!context) {
        return fail(context.error().sentence);
    }
    return std::move(*context);
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
            const auto socket = worker.add_tcp(local);
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
        phone.shard().wake(worker.now());
        phone.stop();
        return true;
    });
    const auto limit = std::chrono::steady_clock::now() + farewell_limit;
    while (std::chrono::steady_clock::now() < limit &&
           !ask(worker, [&] { return phone.is_quiet(); })) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

int run(const ProcessOptions& options, const SettingsPtr& settings,
        std::shared_ptr<const tls::Context> tls) {
    std::signal(SIGPIPE, SIG_IGN);
    auto loop = net::Loop::create();
    bool is_running = true;
    const auto signals =
        loop ? net::Signals::create(*loop, {SIGTERM, SIGINT}, [&](int) { is_running = false; })
             : fail(loop.error());
    const auto worker = signals ? engine::Worker::create() : fail(signals.error());
    if (!worker) {
        return complain(EX_OSERR, worker.error().sentence);
    }
    const log::Writer log_writer;
    MediaUser media_user;
    media::Engine media(
        media_user, [&](std::function<void()> function) { (*worker)->post(std::move(function)); });
    SystemRandom random;
    Control control;
    Phone phone(**worker, media, random, settings, std::move(tls), (*worker)->now(), control,
                options.sound);
    media_user.phone = &phone;
    (*worker)->set_user(phone.shard());
    if (const auto bound = bind(**worker, phone, *settings); !bound) {
        return complain(EX_CONFIG, bound.error());
    }
    std::thread thread([&] {
        phone.shard().wake((*worker)->now());
        phone.start();
        (*worker)->run();
    });
    int status = EX_OK;
    if (options.control_port != 0) {
        if (const auto listening = control.listen(**worker, phone, options.control_port);
            !listening) {
            status = complain(EX_CONFIG, listening.error());
            is_running = false;
        }
    }
    log::info("phone.ready", {{"lines", settings->lines.size()}});
    while (is_running) {
        loop->turn(Duration::max(), [] {});
    }
    log::info("phone.stopping");
    control.stop();
    say_farewell(**worker, phone);
    (*worker)->stop();
    thread.join();
    return status;
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
    const auto text = read_file(options.configuration);
    if (!text) {
        return complain(EX_NOINPUT, text.error());
    }
    Values values;
    bool is_sound = true;
    for (const Remark& remark : read_profile(*text, values)) {
        std::fprintf(stderr, "%s:%zu: %s\n", options.configuration.c_str(), remark.line,
                     remark.sentence.c_str());
        is_sound = false;
    }
    const DrawnSettings drawn = settings_of(values);
    for (const std::string& remark : drawn.remarks) {
        std::fprintf(stderr, "%s: %s\n", options.configuration.c_str(), remark.c_str());
        is_sound = false;
    }
    auto tls = tls_context(*drawn.settings);
    if (!tls) {
        return complain(EX_CONFIG, tls.error());
    }
    if (options.only_check) {
        return is_sound ? EX_OK : EX_CONFIG;
    }
    return run(options, drawn.settings, std::move(*tls));
}

}  // namespace ringwall::phone
