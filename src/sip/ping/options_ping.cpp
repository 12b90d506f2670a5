#include "sip/ping/options_ping.h"

#include <algorithm>

namespace ringwall::sip {

void OptionsPing::start(TimePoint now, Actions& out) {
    if (state_ == State::Idle) {
        state_ = State::Unknown;
        ping(now, out);
    }
}

void OptionsPing::stop() {
    state_ = State::Idle;
    is_waiting_ = false;
    missed_ = 0;
}

void OptionsPing::ping(TimePoint now, Actions& out) {
    is_waiting_ = true;
    next_ = now + setup_.interval;
    out.emplace_back(Send{++number_});
    wait_until(now + std::min(setup_.lifetime, setup_.interval), now, out);
}

void OptionsPing::wait_until(TimePoint time, TimePoint now, Actions& out) {
    timer_ = time;
    out.emplace_back(StartTimer{time - now});
}

void OptionsPing::on_answer(TimePoint now, Actions& out) {
    if (state_ == State::Idle) {
        return;
    }
    is_waiting_ = false;
    missed_ = 0;
    if (state_ != State::Up) {
        out.emplace_back(CameUp{is_down() ? now - down_since_ : Duration::zero()});
        state_ = State::Up;
    }
}

void OptionsPing::on_failed(std::uint64_t number, TimePoint now, Actions& out) {
    if (is_waiting_ && number == number_) {
        miss(now, out);
    }
}

void OptionsPing::on_time(TimePoint now, Actions& out) {
    if (state_ == State::Idle || now < timer_) {
        return;
    }
    if (is_waiting_) {
        miss(now, out);
    }
    if (now >= next_) {
        ping(now, out);
    } else {
        wait_until(next_, now, out);
    }
}

void OptionsPing::miss(TimePoint now, Actions& out) {
    is_waiting_ = false;
    if (++missed_ >= setup_.fail_count && !is_down()) {
        state_ = State::Down;
        down_since_ = now;
        out.emplace_back(WentDown{missed_});
    }
}

bool OptionsPing::is_consistent() const {
    return (state_ != State::Idle || !is_waiting_) &&
           (state_ != State::Up || missed_ < setup_.fail_count) &&
           (!is_down() || missed_ >= setup_.fail_count);
}

}  // namespace ringwall::sip
