// Whether a peer is there: an OPTIONS now and then (RFC 3261 §11), and what its answers, or their
// absence, say.
//
//            an answer                    `fail_count` pings in a row missed
//   Unknown -----------> Up <------------------------------------------+
//      |                  |        an answer                           |
//      |                  +------------------------------------------> Down
//      +-------------------------------------------------------------->
//
// Pure: (event, now) -> actions, appended to `out`. A peer of which nothing is known yet is not
// down. One timer runs, and none is ever stopped: on_time before its time does nothing.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "base/time.h"

namespace ringwall::sip {

class OptionsPing {
public:
    struct Setup {
        Duration interval = 32s;  // from one ping to the next
        // How long an answer is waited for, at most until the next ping.
        Duration lifetime = 32s;
        unsigned fail_count = 3;
        bool operator==(const Setup&) const = default;
    };
    enum class State : std::uint8_t { Idle, Unknown, Up, Down };

    // A ping with this number is to be sent; its end is told by on_answer or on_failed.
    struct Send {
        std::uint64_t number = 0;
    };
    struct StartTimer {
        Duration after;  // then on_time
    };
    // It missed so many pings that it counts as down from now on.
    struct WentDown {
        unsigned missed = 0;
    };
    // The first answer, ever or after having been down for so long.
    struct CameUp {
        Duration down{};
    };
    using Action = std::variant<Send, StartTimer, WentDown, CameUp>;
    using Actions = std::vector<Action>;

    explicit OptionsPing(Setup setup) : setup_(setup) {}

    void start(TimePoint now, Actions& out);
    // Nothing follows any more, and nothing is known.
    void stop();
    // To any ping, however late: who answers is there.
    void on_answer(TimePoint now, Actions& out);
    // It surely is not answered.
    void on_failed(std::uint64_t number, TimePoint now, Actions& out);
    void on_time(TimePoint now, Actions& out);

    State state() const { return state_; }
    bool is_down() const { return state_ == State::Down; }
    unsigned missed() const { return missed_; }  // in a row
    const Setup& setup() const { return setup_; }
    bool is_consistent() const;

private:
    void ping(TimePoint now, Actions& out);
    void miss(TimePoint now, Actions& out);
    void wait_until(TimePoint time, TimePoint now, Actions& out);

    Setup setup_;
    State state_ = State::Idle;
    std::uint64_t number_ = 0;
    bool is_waiting_ = false;  // for an answer to that one
    unsigned missed_ = 0;
    TimePoint next_{};   // ping
    TimePoint timer_{};  // when the timer that runs ends
    TimePoint down_since_{};
};

}  // namespace ringwall::sip
