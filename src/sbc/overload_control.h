// When a worker has more to do than it can: what share of the new work it turns away, by how long
// what it handles has waited. Only what waits tells too much from much: a worker that is busy all
// the time and has nothing waiting is not overloaded.
//
//            two windows in a row with a standing delay above `target`
//   Normal ----------------------------------------------------------> Shedding
//      ^                                                                  |
//      +------------------------------------------------------------------+
//            the share has fallen to nothing
//
// The share grows with each further such window, and falls with each below half of `target`.
//
// The standing delay of a window is the least that was seen in it (as CoDel, RFC 8289 §4): one long
// turn is none, for what comes after it does not wait. Where nothing was handled nothing waited,
// unless it was the worker that did not turn: what comes next has waited then, or the time comes
// late, and such a window says nothing.
//
// Pure: no clock, no chance of its own.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace ringwall::sbc {

class OverloadControl {
public:
    struct Setup {
        Duration window = 100ms;
        // Far below T1 (500 ms): what waits longer comes twice, and makes more work.
        Duration target = 100ms;
        double step_up = 0.1;  // of the share, at the target; up to five times as much above it
        double step_down = 0.1;
    };
    enum class Change : std::uint8_t { None, Began, Ended };

    OverloadControl() : OverloadControl(Setup()) {}
    explicit OverloadControl(const Setup& setup) : setup_(setup) {}

    // What is handled now has waited so long.
    Change on_delay(Duration delay, TimePoint now);
    // Time passes without anything to be handled. To be said at the end of each window while it
    // sheds.
    Change on_time(TimePoint now);
    // Of new work: is this piece to be turned away? `draw`: by chance, from 0 to below 1.
    bool sheds(double draw) const { return draw < share_; }

    bool is_shedding() const { return share_ > 0; }
    double share() const { return share_; }
    // Of the last window that is over.
    Duration standing_delay() const { return standing_; }
    Duration window() const { return setup_.window; }
    bool is_consistent() const;

private:
    Change advance(TimePoint now, TimePoint idle_until);
    void close_window(Duration standing);

    Setup setup_;
    double share_ = 0;
    unsigned bad_windows_ = 0;  // in a row
    std::optional<TimePoint> window_ends_;
    std::optional<Duration> least_;  // in this window; none: nothing was handled
    Duration standing_{};
};

}  // namespace ringwall::sbc
