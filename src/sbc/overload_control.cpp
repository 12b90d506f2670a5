#include "sbc/overload_control.h"

#include <algorithm>

namespace ringwall::sbc {
namespace {

constexpr unsigned patience = 2;        // windows in a row
constexpr double steepest = 5;          // times step_up
constexpr int most_idle_windows = 100;  // after so many without work nothing is left of the share

}  // namespace

OverloadControl::Change OverloadControl::on_delay(Duration delay, TimePoint now) {
    const Change change = advance(now, now - delay);
    least_ = least_ ? std::min(*least_, delay) : delay;
    return change;
}

OverloadControl::Change OverloadControl::on_time(TimePoint now) {
    return advance(now, window_ends_.value_or(now));
}

// Nothing waited up to that point.
OverloadControl::Change OverloadControl::advance(TimePoint now, TimePoint idle_until) {
    const bool was_shedding = is_shedding();
    if (!window_ends_) {
        window_ends_ = now + setup_.window;
    }
    for (int i = 0; now >= *window_ends_ && i < most_idle_windows; ++i) {
        if (least_ || *window_ends_ <= idle_until) {
            close_window(least_.value_or(Duration::zero()));
            least_.reset();
        }
        *window_ends_ += setup_.window;
    }
    if (now >= *window_ends_) {
        window_ends_ = now + setup_.window;
    }
    return was_shedding == is_shedding() ? Change::None
           : was_shedding                ? Change::Ended
                                         : Change::Began;
}

void OverloadControl::close_window(Duration standing) {
    standing_ = standing;
    bad_windows_ = standing > setup_.target ? bad_windows_ + 1 : 0;
    if (bad_windows_ >= patience) {
        const double excess = std::chrono::duration<double>(standing) / setup_.target;
        share_ = std::min(1.0, share_ + setup_.step_up * std::min(excess, steepest));
    } else if (standing <= setup_.target / 2) {
        // What is left after so many steps is a rounding error.
        share_ = share_ - setup_.step_down < 1e-9 ? 0 : share_ - setup_.step_down;
    }
}

bool OverloadControl::is_consistent() const {
    return share_ >= 0 && share_ <= 1 && (bad_windows_ == 0 || standing_ > setup_.target);
}

}  // namespace ringwall::sbc
