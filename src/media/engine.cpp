#include "media/engine.h"

#include <pthread.h>

#include <condition_variable>
#include <csignal>
#include <map>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/visitor.h"
#include "media/socket_pair.h"
#include "media/sound_source.h"
#include "media/stream.h"
#include "net/clock.h"

namespace ringwall::media {

namespace {

// After so long without a turn (the machine slept) the turns in between are not made up for.
constexpr Duration max_behind = 200ms;
// RTCP may wait: the system has noted when it came.
constexpr unsigned turns_between_rtcp = 10;

// One stream with its sockets.
struct Line final : Wire {
    Line(StreamId the_id, SocketPair the_sockets, const StreamOptions& options, Random& random)
        : id(the_id), sockets(std::move(the_sockets)), stream(options, random, *this) {}
    void send_rtp(OctetsView packet, const Endpoint& remote) override {
        sockets.send_rtp(packet, remote);
    }
    void send_rtcp(OctetsView packet, const Endpoint& remote) override {
        sockets.send_rtcp(packet, remote);
    }

    StreamId id;
    SocketPair sockets;
    Stream stream;
    std::unique_ptr<SoundSource> source;  // none: silence
    Samples frame;                        // to be spoken
};

// A thread that signals do not interrupt: they are for the main thread.
std::thread quiet_thread(std::function<void()> body) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread(std::move(body));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

}  // namespace

struct Engine::Impl : std::enable_shared_from_this<Engine::Impl> {
    Impl(User& the_user, Post the_post) : user(&the_user), post(std::move(the_post)) {}

    void run();
    void turn(Now now);
    void listen(Line& line, Now now);
    void speak(Line& line, Now now);
    void tell(std::function<void(User&)> event, StreamId stream);
    Line& line_of(StreamId id) {
        const auto found = lines.find(id);
        CHECK(found != lines.end());
        return *found->second;
    }
    StreamStatistics close(StreamId id);

    // The phone's thread alone.
    User* user;  // none when the engine is gone
    std::uint64_t last_id = 0;
    std::thread thread;

    Post post;
    mutable std::mutex mutex;  // of all below
    std::condition_variable stop_bell;
    bool is_stopping = false;
    SystemRandom random;
    std::map<StreamId, std::unique_ptr<Line>> lines;
    std::unique_ptr<ReceiveRoom> room;
    unsigned turns = 0;
};

void Engine::Impl::run() {
    std::unique_lock lock(mutex);
    TimePoint next = net::system_clock().monotonic;
    while (!is_stopping) {
        const std::chrono::steady_clock::time_point until(next.time_since_epoch());
        if (stop_bell.wait_until(lock, until, [&] { return is_stopping; })) break;
        const Now now = net::system_clock();
        turn(now);
        next += frame_time;
        if (now.monotonic - next > max_behind) next = now.monotonic + frame_time;
    }
}

void Engine::Impl::turn(Now now) {
    ++turns;
    for (auto& [id, line] : lines) listen(*line, now);
    for (auto& [id, line] : lines) speak(*line, now);
}

void Engine::Impl::listen(Line& line, Now now) {
    do {
        line.sockets.receive_rtp(*room, now);
        for (std::size_t i = 0; i < room->count(); ++i) {
            ReceiveRoom::Received& packet = (*room)[i];
            line.stream.on_rtp(packet.octets, packet.from, packet.arrival);
        }
    } while (room->count() == ReceiveRoom::max_count);
    if ((turns + line.id.value) % turns_between_rtcp == 0) {
        line.sockets.receive_rtcp(*room, now);
        for (std::size_t i = 0; i < room->count(); ++i) {
            ReceiveRoom::Received& packet = (*room)[i];
            line.stream.on_rtcp(packet.octets, packet.from, packet.arrival);
        }
    }
    line.stream.hear(now.monotonic);
    for (const Digit& digit : line.stream.take_digits()) {
        tell([id = line.id, digit](User& to) { to.on_digit(id, digit.digit, digit.length); },
             line.id);
    }
}

void Engine::Impl::speak(Line& line, Now now) {
    if (!line.stream.is_started()) return;
    line.frame.assign(line.stream.spoken_rate() / frames_per_second, 0);
    if (line.source != nullptr) {
        line.source->read(line.frame, line.stream.spoken_rate());
        if (line.source->has_ended()) {
            line.source.reset();
            tell([id = line.id](User& to) { to.on_source_ended(id); }, line.id);
        }
    }
    line.stream.speak(line.frame, now.monotonic);
}

// On the phone's thread, if the stream is still open then.
void Engine::Impl::tell(std::function<void(User&)> event, StreamId stream) {
    post([weak = weak_from_this(), event = std::move(event), stream] {
        const auto self = weak.lock();
        if (self == nullptr || self->user == nullptr) return;
        {
            const std::lock_guard lock(self->mutex);
            if (!self->lines.contains(stream)) return;
        }
        event(*self->user);
    });
}

StreamStatistics Engine::Impl::close(StreamId id) {
    StreamStatistics last;
    bool is_last = false;
    {
        const std::lock_guard lock(mutex);
        const TimePoint now = net::system_clock().monotonic;
        Line& line = line_of(id);
        line.stream.close(now);
        last = line.stream.statistics(now);
        lines.erase(id);
        is_last = lines.empty();
        is_stopping = is_last;
    }
    if (is_last) {
        stop_bell.notify_one();
        thread.join();
        room.reset();
        is_stopping = false;
    }
    return last;
}

Engine::Engine(User& user, Post post) : impl_(std::make_shared<Impl>(user, std::move(post))) {}

Engine::~Engine() {
    impl_->user = nullptr;
    while (!impl_->lines.empty()) impl_->close(impl_->lines.begin()->first);
}

Result<Port::Opened, std::string> Engine::open(const IpAddress& local,
                                               const StreamOptions& options) {
    const std::lock_guard lock(impl_->mutex);
    SocketPair sockets = TRY(SocketPair::open(local, options, impl_->random));
    const StreamId id{++impl_->last_id};
    const Endpoint rtp = sockets.rtp();
    impl_->lines.emplace(id,
                         std::make_unique<Line>(id, std::move(sockets), options, impl_->random));
    if (impl_->lines.size() == 1) {
        impl_->room = std::make_unique<ReceiveRoom>();
        impl_->thread = quiet_thread([impl = impl_.get()] { impl->run(); });
    }
    return Opened{id, rtp};
}

Result<void, std::string> Engine::start(StreamId stream, const StreamSpec& spec) {
    const std::lock_guard lock(impl_->mutex);
    return impl_->line_of(stream).stream.set(spec, net::system_clock());
}

void Engine::set_source(StreamId stream, const Source& source) {
    std::unique_ptr<SoundSource> made;
    if (const Tone* const tone = std::get_if<Tone>(&source)) {
        made = std::make_unique<ToneSource>(*tone);
    }
    const std::lock_guard lock(impl_->mutex);
    impl_->line_of(stream).source = std::move(made);
}

void Engine::set_sink(StreamId, const Sink&) {}

void Engine::send_digit(StreamId stream, char digit, Duration length) {
    const std::lock_guard lock(impl_->mutex);
    impl_->line_of(stream).stream.send_digit(digit, length);
}

void Engine::mix(const std::vector<StreamId>&) {}

Result<void, std::string> Engine::record(StreamId, const std::string&) {
    return fail(std::string("recording is not built in yet"));
}

StreamStatistics Engine::statistics(StreamId stream) const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->line_of(stream).stream.statistics(net::system_clock().monotonic);
}

StreamStatistics Engine::close(StreamId stream) {
    return impl_->close(stream);
}

}  // namespace ringwall::media
