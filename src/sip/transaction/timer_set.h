// The timers of one transaction that run now. An expiry of one that does not run is late and means
// nothing: the owner's clock and a message may have crossed.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "sip/transaction/actions.h"

namespace ringwall::sip::transaction {

class TimerSet {
public:
    explicit TimerSet(AnyId owner) : owner_(owner) {}

    void start(Timer timer, Duration after, Actions& out);
    void stop(Timer timer, Actions& out);
    void stop_all(Actions& out);

    // True when the timer ran; it no longer does.
    bool expire(Timer timer);

    bool is_exactly(std::initializer_list<Timer> timers) const;

private:
    AnyId owner_;
    std::uint16_t running_ = 0;  // bit n: the timer with value n
};

}  // namespace ringwall::sip::transaction
