#include "net/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace ringwall::net {

Result<std::unique_ptr<Signals>, SocketError> Signals::create(Loop& loop,
                                                              std::initializer_list<int> numbers,
                                                              std::function<void(int)> on_signal) {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : numbers) sigaddset(&set, number);
    if (const int error = pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0) {
        return fail(SocketError::of("cannot block signals", error));
    }
    FileDescriptor fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!fd) return fail(SocketError::of("cannot create a signalfd", errno));
    const int number = fd.number();
    std::unique_ptr<Signals> signals(new Signals(loop, std::move(fd), std::move(on_signal)));
    signals->watch_ = loop.watch(number, Interest::Read, *signals);
    if (signals->watch_ == 0) return fail(SocketError::of("cannot watch a signalfd", errno));
    return signals;
}

Signals::~Signals() {
    loop_.unwatch(watch_);
}

void Signals::on_ready(Readiness) {
    signalfd_siginfo info{};
    while (read(fd_.number(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        on_signal_(static_cast<int>(info.ssi_signo));
    }
}

}  // namespace ringwall::net
