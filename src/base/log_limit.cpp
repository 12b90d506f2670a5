#include "base/log_limit.h"

#include <utility>

namespace ringwall::log {

std::optional<std::uint64_t> Limit::admit(TimePoint now) {
    if (now - second_ >= 1s) {
        second_ = now;
        written_ = 0;
    }
    if (written_ == lines_a_second_) {
        ++left_out_;
        return std::nullopt;
    }
    ++written_;
    return std::exchange(left_out_, 0);
}

}  // namespace ringwall::log
