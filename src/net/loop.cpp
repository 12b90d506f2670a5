#include "net/loop.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>

namespace ringwall::net {

namespace {

constexpr int max_events = 256;

std::uint32_t epoll_events(Interest interest) {
    switch (interest) {
        case Interest::None:
            return 0;
        case Interest::Read:
            return EPOLLIN;
        case Interest::Write:
            return EPOLLOUT;
        case Interest::ReadAndWrite:
            return EPOLLIN | EPOLLOUT;
    }
    return 0;
}

// Rounded up: waking before the deadline would mean turning once more for nothing.
int milliseconds(Duration timeout) {
    if (timeout <= Duration(0)) return 0;
    if (timeout >= std::chrono::hours(1)) return timeout == Duration::max() ? -1 : 3'600'000;
    return static_cast<int>((timeout + 999us) / 1ms);
}

}  // namespace

Result<Loop, SocketError> Loop::create() {
    FileDescriptor epoll(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return fail(SocketError::of("cannot create an epoll instance", errno));
    return Loop(std::move(epoll));
}

Loop::Watch Loop::watch(int fd, Interest interest, EventSource& source) {
    std::uint32_t index = 0;
    if (free_slots_.empty()) {
        index = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        index = free_slots_.back();
        free_slots_.pop_back();
    }
    Slot& slot = slots_[index];
    const Watch watch = (Watch{slot.generation} << 32) | index;
    epoll_event event{};
    event.events = epoll_events(interest);
    event.data.u64 = watch;
    if (epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, fd, &event) != 0) {
        free_slots_.push_back(index);
        return 0;
    }
    slot.source = &source;
    slot.fd = fd;
    return watch;
}

void Loop::change(Watch watch, Interest interest) {
    Slot* const slot = find(watch);
    if (slot == nullptr) return;
    epoll_event event{};
    event.events = epoll_events(interest);
    event.data.u64 = watch;
    epoll_ctl(epoll_.number(), EPOLL_CTL_MOD, slot->fd, &event);
}

void Loop::unwatch(Watch watch) {
    Slot* const slot = find(watch);
    if (slot == nullptr) return;
    epoll_ctl(epoll_.number(), EPOLL_CTL_DEL, slot->fd, nullptr);
    slot->source = nullptr;
    slot->fd = -1;
    if (++slot->generation == 0) slot->generation = 1;
    free_slots_.push_back(static_cast<std::uint32_t>(watch));
}

Loop::Slot* Loop::find(Watch watch) {
    const auto index = static_cast<std::uint32_t>(watch);
    if (index >= slots_.size()) return nullptr;
    Slot& slot = slots_[index];
    return slot.source != nullptr && slot.generation == watch >> 32 ? &slot : nullptr;
}

int Loop::wait(Duration timeout) {
    std::array<epoll_event, max_events> events;  // NOLINT: epoll_wait fills what is read
    const int count = epoll_wait(epoll_.number(), events.data(), max_events, milliseconds(timeout));
    ready_.clear();
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        const std::uint32_t bits = event.events;
        ready_.push_back({event.data.u64,
                          {(bits & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0,
                           (bits & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0}});
    }
    return count < 0 ? 0 : count;
}

std::size_t Loop::dispatch(int count) {
    for (const Ready& ready : ready_) {
        if (Slot* const slot = find(ready.watch)) slot->source->on_ready(ready.readiness);
    }
    return static_cast<std::size_t>(count);
}

}  // namespace ringwall::net
