// Timers by the thousand: a hierarchical wheel of 11 levels with 64 slots each, in milliseconds.
//
// A timer lies at the level of the highest group of six bits in which its tick differs from the
// present one. So all timers of a level come before those of the next, and the first slot with a
// bit set is the next to look at. Adding and cancelling cost the same however many there are; a
// timer moves down at most once for each level.
//
// Pure: it is told what time it is.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace ringwall::net {

class TimerWheel {
public:
    struct Handle {
        std::uint32_t index = 0;
        std::uint32_t generation = 0;  // 0: none
        explicit operator bool() const { return generation != 0; }
    };

    explicit TimerWheel(TimePoint now);

    // `cookie` comes back when the timer expires: never before the deadline, and up to one
    // millisecond after it. A deadline that has passed expires with the next advance().
    Handle add(TimePoint deadline, std::uint64_t cookie);
    // False if it has expired or was cancelled before.
    bool cancel(Handle handle);
    // Appends the cookies of what has expired, the earliest first.
    void advance(TimePoint now, std::vector<std::uint64_t>& expired);
    // When to call advance() next; not after the first deadline rounded up, perhaps before it.
    // TimePoint::max(): no timer.
    TimePoint next_deadline() const;
    std::size_t size() const { return size_; }

private:
    static constexpr unsigned bits = 6;
    static constexpr unsigned slots = 1U << bits;
    static constexpr unsigned levels = 11;
    static constexpr std::uint32_t none = UINT32_MAX;
    using Tick = std::uint64_t;

    struct Node {
        Tick tick = 0;
        std::uint64_t cookie = 0;
        std::uint32_t previous = none;  // none: the first of its slot
        std::uint32_t next = none;
        std::uint32_t generation = 1;
        std::uint16_t slot = 0;  // level * slots + slot
        bool is_set = false;
    };

    struct Due {
        unsigned level;
        unsigned slot;
        Tick tick;  // when the slot begins
    };

    void link(std::uint32_t index);
    void unlink(std::uint32_t index);
    void release(std::uint32_t index);
    bool first_due(Due& due) const;

    std::vector<Node> nodes_;
    std::uint32_t free_ = none;
    std::array<std::uint32_t, levels * slots> heads_{};
    std::array<std::uint64_t, levels> occupied_{};
    Tick now_ = 0;
    std::size_t size_ = 0;
};

}  // namespace ringwall::net
