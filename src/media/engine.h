// The media with sockets and a thread: media::Port as ringwall-phone runs it.
//
// One thread and one clock of 20 ms for all streams, begun by the first open() and ended by the
// last close(). The caller's thread and the media thread take turns by one mutex, which the media
// thread holds for the work of a turn (tens of microseconds a stream), never while it waits.
#pragma once

#include <functional>
#include <memory>

#include "media/port.h"

namespace ringwall::media {

class Engine final : public Port {
public:
    // Has the function run on the phone's thread. Called from the media thread.
    using Post = std::function<void(std::function<void()>)>;

    // `user` outlives it.
    Engine(User& user, Post post);
    ~Engine() override;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    Result<Opened, std::string> open(const IpAddress& local, const StreamOptions& options) override;
    Result<void, std::string> start(StreamId stream, const StreamSpec& spec) override;
    Result<void, std::string> check(const Source& source) const override;
    void set_source(StreamId stream, const Source& source) override;
    void set_sink(StreamId stream, const Sink& sink) override;
    void set_tone(StreamId stream, const ToneScript& tone) override;
    void send_digit(StreamId stream, char digit, Duration length) override;
    void mix(const std::vector<StreamId>& streams) override;
    Result<void, std::string> record(StreamId stream, const std::string& path) override;
    StreamStatistics statistics(StreamId stream) const override;
    StreamStatistics close(StreamId stream) override;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace ringwall::media
