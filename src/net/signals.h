// Signals as events, for the main thread (signalfd).
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "net/loop.h"

namespace ringwall::net {

class Signals : public EventSource {
public:
    // Blocks the signals for this thread and those that it starts afterwards: create it before
    // any thread. `on_signal` gets the number.
    static Result<std::unique_ptr<Signals>, SocketError> create(Loop& loop,
                                                                std::initializer_list<int> numbers,
                                                                std::function<void(int)> on_signal);
    ~Signals() override;

    void on_ready(Readiness readiness) override;

private:
    Signals(Loop& loop, FileDescriptor fd, std::function<void(int)> on_signal)
        : loop_(loop), fd_(std::move(fd)), on_signal_(std::move(on_signal)) {}

    Loop& loop_;
    FileDescriptor fd_;
    std::function<void(int)> on_signal_;
    Loop::Watch watch_ = 0;
};

}  // namespace ringwall::net
