// Time as the machines see it: always a parameter, never asked for.
#pragma once

#include <chrono>
#include <cstdint>

namespace ringwall {

using Duration = std::chrono::microseconds;

struct MonotonicClock {  // names the time line only; nobody can ask it for the time
    using rep = Duration::rep;
    using period = Duration::period;
    using duration = Duration;
    using time_point = std::chrono::time_point<MonotonicClock>;
    static constexpr bool is_steady = true;
};

// For timers and intervals.
using TimePoint = MonotonicClock::time_point;
// For certificates, nonces and records: seconds and below since 1970, UTC.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// What time it is, on both lines, at the turn of the loop that brought an event.
struct Now {
    TimePoint monotonic;
    WallTime wall;
};

using namespace std::chrono_literals;

}  // namespace ringwall
