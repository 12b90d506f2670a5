#include "sip/transaction/timer_set.h"

namespace ringwall::sip::transaction {
namespace {

constexpr std::uint16_t bit(Timer timer) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(timer));
}

constexpr std::initializer_list<Timer> all_timers = {Timer::A, Timer::B, Timer::D, Timer::E,
                                                     Timer::F, Timer::G, Timer::H, Timer::I,
                                                     Timer::J, Timer::K, Timer::L, Timer::M};

}  // namespace

void TimerSet::start(Timer timer, Duration after, Actions& out) {
    running_ = static_cast<std::uint16_t>(running_ | bit(timer));
    out.emplace_back(StartTimer{owner_, timer, after});
}

void TimerSet::stop(Timer timer, Actions& out) {
    if (expire(timer)) {
        out.emplace_back(StopTimer{owner_, timer});
    }
}

void TimerSet::stop_all(Actions& out) {
    for (const Timer timer : all_timers) {
        stop(timer, out);
    }
}

bool TimerSet::expire(Timer timer) {
    const bool was_running = (running_ & bit(timer)) != 0;
    running_ = static_cast<std::uint16_t>(running_ & ~bit(timer));
    return was_running;
}

bool TimerSet::is_exactly(std::initializer_list<Timer> timers) const {
    std::uint16_t wanted = 0;
    for (const Timer timer : timers) {
        wanted = static_cast<std::uint16_t>(wanted | bit(timer));
    }
    return running_ == wanted;
}

}  // namespace ringwall::sip::transaction
