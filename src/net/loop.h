// Readiness by epoll, level-triggered. It owns no descriptor and no timer: who uses it says how
// long to wait.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/file_descriptor.h"

namespace ringwall::net {

struct Readiness {
    bool is_readable = false;  // also: the peer has closed, or there is an error to be read
    bool is_writable = false;  // also: an error to be read
};

enum class Interest : std::uint8_t { None, Read, Write, ReadAndWrite };

class EventSource {
public:
    virtual ~EventSource() = default;
    virtual void on_ready(Readiness readiness) = 0;
};

class Loop {
public:
    // Of one watched descriptor. Value 0: none.
    using Watch = std::uint64_t;

    static Result<Loop, SocketError> create();
    Loop(Loop&&) noexcept = default;
    Loop& operator=(Loop&&) noexcept = default;

    // 0 if the system refuses. `source` must outlive the watch.
    [[nodiscard]] Watch watch(int fd, Interest interest, EventSource& source);
    void change(Watch watch, Interest interest);
    // Call it before the descriptor is closed. Nothing is heard of it any more, not even what the
    // present turn has in hand.
    void unwatch(Watch watch);

    // Waits for readiness, at most `timeout` (Duration::max(): for ever), and tells every source
    // that is ready, once. `on_awake` is called between the two: the place to look at the clock.
    // The number of sources told.
    template <class OnAwake>
    std::size_t turn(Duration timeout, OnAwake&& on_awake) {
        const int count = wait(timeout);
        on_awake();
        return dispatch(count);
    }

private:
    struct Slot {
        EventSource* source = nullptr;
        int fd = -1;
        std::uint32_t generation = 1;
    };
    struct Ready {
        Watch watch = 0;
        Readiness readiness;
    };

    explicit Loop(FileDescriptor epoll) : epoll_(std::move(epoll)) {}
    Slot* find(Watch watch);
    int wait(Duration timeout);
    std::size_t dispatch(int count);

    FileDescriptor epoll_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_slots_;
    std::vector<Ready> ready_;
};

}  // namespace ringwall::net
