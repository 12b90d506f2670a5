#include "media/engine.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/visitor.h"
#include "media/background.h"
#include "media/file_source.h"
#include "media/mixer.h"
#include "media/recorder.h"
#include "media/socket_pair.h"
#include "media/sound_card.h"
#include "media/stream.h"
#include "media/tone_script.h"
#include "net/clock.h"

namespace ringwall::media {

namespace {

// After so long without a turn (the machine slept) the turns in between are not made up for.
constexpr Duration max_behind = 200ms;
// RTCP may wait: the system has noted when it came.
constexpr unsigned turns_between_rtcp = 10;
// Of packets for one stream in one turn: whoever floods it does not keep the others waiting.
constexpr unsigned max_batches = 4;

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
    std::unique_ptr<CardSink> sink;       // none: nowhere
    std::unique_ptr<SoundSource> tone;    // at the sink
    std::unique_ptr<Recorder> recorder;
    Mixer::Member in_mix;
    Samples heard;  // this turn
    Samples frame;  // to be spoken
};

// The streams of a conference.
struct Conference {
    std::vector<Line*> lines;
    Mixer mixer;
};

}  // namespace

struct Engine::Impl : std::enable_shared_from_this<Engine::Impl> {
    Impl(User& the_user, Post the_post) : user(&the_user), post(std::move(the_post)) {}

    void run();
    void turn(Now now);
    void listen(Line& line, Now now);
    void mix(Conference& conference);
    void prepare(Line& line);
    void speak(Line& line, Now now);
    void fail_device(Line& line, std::string_view sentence);
    void leave_conference(const Line& line);
    std::unique_ptr<SoundSource> make_source(StreamId id, const Source& source);
    // Called with the mutex held.
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
    // Only while a stream is open; declared so that what uses the others goes first.
    std::unique_ptr<Background> background;
    std::unique_ptr<SoundCards> cards;
    std::unique_ptr<ReceiveRoom> room;
    std::map<StreamId, std::unique_ptr<Line>> lines;
    std::vector<Conference> conferences;
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
    cards->begin_turn();
    for (auto& [id, line] : lines) listen(*line, now);
    for (auto& [id, line] : lines) prepare(*line);
    for (Conference& conference : conferences) mix(conference);
    for (auto& [id, line] : lines) speak(*line, now);
    cards->end_turn();
}

void Engine::Impl::listen(Line& line, Now now) {
    for (unsigned batch = 0; batch < max_batches; ++batch) {
        line.sockets.receive_rtp(*room, now);
        for (std::size_t i = 0; i < room->count(); ++i) {
            ReceiveRoom::Received& packet = (*room)[i];
            line.stream.on_rtp(packet.octets, packet.from, packet.arrival);
        }
        if (room->count() < ReceiveRoom::max_count) break;
    }
    if ((turns + line.id.value) % turns_between_rtcp == 0) {
        line.sockets.receive_rtcp(*room, now);
        for (std::size_t i = 0; i < room->count(); ++i) {
            ReceiveRoom::Received& packet = (*room)[i];
            line.stream.on_rtcp(packet.octets, packet.from, packet.arrival);
        }
    }
    line.heard = line.stream.hear(now.monotonic);
    for (const Digit& digit : line.stream.take_digits()) {
        tell([id = line.id, digit](User& to) { to.on_digit(id, digit.digit, digit.length); },
             line.id);
    }
    if (line.tone != nullptr) {
        line.tone->read(line.heard, line.stream.heard_rate());
        if (line.tone->has_ended()) {
            line.tone.reset();
            tell([id = line.id](User& to) { to.on_source_ended(id); }, line.id);
        }
    }
    if (line.sink == nullptr) return;
    line.sink->play(line.heard, line.stream.heard_rate());
    if (!line.sink->failure().empty()) {
        fail_device(line, line.sink->failure());
        line.sink.reset();
    }
}

// What its own source says; a conference adds the others.
void Engine::Impl::prepare(Line& line) {
    line.frame.assign(line.stream.spoken_rate() / frames_per_second, 0);
    if (line.source == nullptr || !line.stream.is_started()) return;
    line.source->read(line.frame, line.stream.spoken_rate());
    if (!line.source->failure().empty()) {
        fail_device(line, line.source->failure());
        line.source.reset();
    } else if (line.source->has_ended()) {
        line.source.reset();
        tell([id = line.id](User& to) { to.on_source_ended(id); }, line.id);
    }
}

void Engine::Impl::mix(Conference& conference) {
    unsigned rate = 0;
    for (const Line* const line : conference.lines) {
        rate = std::max({rate, line->stream.heard_rate(), line->stream.spoken_rate()});
    }
    conference.mixer.begin_turn(rate);
    for (Line* const line : conference.lines) {
        conference.mixer.hear(line->in_mix, line->heard, line->stream.heard_rate());
    }
    for (Line* const line : conference.lines) {
        conference.mixer.say(line->in_mix, line->frame, line->stream.spoken_rate());
    }
}

void Engine::Impl::speak(Line& line, Now now) {
    if (!line.stream.is_started()) return;
    line.stream.speak(line.frame, now.monotonic);
    if (line.recorder == nullptr) return;
    line.recorder->add(line.stream.spoken(), line.stream.spoken_rate(), line.heard,
                       line.stream.heard_rate());
}

void Engine::Impl::fail_device(Line& line, std::string_view sentence) {
    tell([id = line.id, what = std::string(sentence)](User& to) { to.on_failed(id, what); },
         line.id);
}

void Engine::Impl::leave_conference(const Line& line) {
    for (Conference& conference : conferences) {
        std::erase(conference.lines, &line);
    }
    std::erase_if(conferences,
                  [](const Conference& conference) { return conference.lines.size() < 2; });
}

std::unique_ptr<SoundSource> Engine::Impl::make_source(StreamId id, const Source& source) {
    return std::visit(
        Visitor{[](const Silence&) -> std::unique_ptr<SoundSource> { return nullptr; },
                [](const Tone& tone) -> std::unique_ptr<SoundSource> {
                    return std::make_unique<ToneSource>(tone);
                },
                [&](const File& file) -> std::unique_ptr<SoundSource> {
                    return std::make_unique<FileSource>(file, *background);
                },
                [&](const SoundCard& card) -> std::unique_ptr<SoundSource> {
                    return std::make_unique<CardSource>(
                        cards->use(CardDirection::Microphone, card.device));
                },
                [&](const ToneScript& script) -> std::unique_ptr<SoundSource> {
                    auto cadence = parse_tone_script(script.script);
                    if (!cadence) {
                        fail_device(line_of(id), cadence.error());
                        return nullptr;
                    }
                    return std::make_unique<ToneScriptSource>(std::move(*cadence));
                }},
        source);
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
        leave_conference(line);
        lines.erase(id);
        is_last = lines.empty();
        is_stopping = is_last;
    }
    if (is_last) {
        stop_bell.notify_one();
        thread.join();
        is_stopping = false;
        room.reset();
        cards.reset();
        background.reset();
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
        impl_->background = std::make_unique<Background>();
        impl_->cards = std::make_unique<SoundCards>(*impl_->background);
        impl_->room = std::make_unique<ReceiveRoom>();
        impl_->thread = quiet_thread([impl = impl_.get()] { impl->run(); });
    }
    return Opened{id, rtp};
}

Result<void, std::string> Engine::start(StreamId stream, const StreamSpec& spec) {
    const std::lock_guard lock(impl_->mutex);
    return impl_->line_of(stream).stream.set(spec, net::system_clock());
}

Result<void, std::string> Engine::check(const Source& source) const {
    const File* const file = std::get_if<File>(&source);
    return file == nullptr ? Result<void, std::string>() : check_wav(file->path);
}

void Engine::set_source(StreamId stream, const Source& source) {
    const std::lock_guard lock(impl_->mutex);
    Line& line = impl_->line_of(stream);
    line.source.reset();  // so that a card goes on only if the next one wants it
    line.source = impl_->make_source(stream, source);
}

void Engine::set_sink(StreamId stream, const Sink& sink) {
    const std::lock_guard lock(impl_->mutex);
    Line& line = impl_->line_of(stream);
    line.sink.reset();
    if (const SoundCard* const card = std::get_if<SoundCard>(&sink)) {
        line.sink =
            std::make_unique<CardSink>(impl_->cards->use(CardDirection::Speaker, card->device));
    }
}

void Engine::set_tone(StreamId stream, const ToneScript& tone) {
    const std::lock_guard lock(impl_->mutex);
    Line& line = impl_->line_of(stream);
    line.tone = tone.script.empty() ? nullptr : impl_->make_source(stream, tone);
}

void Engine::send_digit(StreamId stream, char digit, Duration length) {
    const std::lock_guard lock(impl_->mutex);
    impl_->line_of(stream).stream.send_digit(digit, length);
}

void Engine::mix(const std::vector<StreamId>& streams) {
    const std::lock_guard lock(impl_->mutex);
    Conference conference;
    for (const StreamId stream : streams) conference.lines.push_back(&impl_->line_of(stream));
    std::erase_if(impl_->conferences, [&](const Conference& before) {
        return std::any_of(before.lines.begin(), before.lines.end(), [&](const Line* line) {
            return std::find(streams.begin(), streams.end(), line->id) != streams.end();
        });
    });
    if (conference.lines.size() >= 2) impl_->conferences.push_back(std::move(conference));
}

Result<void, std::string> Engine::record(StreamId stream, const std::string& path) {
    const std::lock_guard lock(impl_->mutex);
    Line& line = impl_->line_of(stream);
    if (path.empty()) {
        line.recorder.reset();
        return {};
    }
    const unsigned rate = line.stream.spoken_rate();
    line.recorder =
        std::make_unique<Recorder>(TRY(WavWriter::create(path, rate)), rate, *impl_->background);
    return {};
}

StreamStatistics Engine::statistics(StreamId stream) const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->line_of(stream).stream.statistics(net::system_clock().monotonic);
}

StreamStatistics Engine::close(StreamId stream) {
    return impl_->close(stream);
}

}  // namespace ringwall::media
