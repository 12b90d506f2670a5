// So many of something at once, and as many again over a period, evenly: the generic cell rate
// algorithm (ITU-T I.371), which keeps one instant and nothing else. Pure: time is a parameter.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace ringwall {

class TokenBucket {
public:
    struct Rate {
        std::uint32_t size = 0;  // that fit in; 0: there is never one
        Duration period{};       // in which an empty one is full again
        bool operator==(const Rate&) const = default;
    };

    // How long it takes until there is one; 0: there is. Meaningless with size 0.
    Duration wait(const Rate& rate, TimePoint now) const {
        const Duration used = std::max(full_at_ - now, Duration::zero());
        return std::max(used + rate.period / std::max(rate.size, 1U) - rate.period,
                        Duration::zero());
    }
    bool has(const Rate& rate, TimePoint now) const {
        return rate.size > 0 && wait(rate, now) == Duration::zero();
    }
    // Whether there is one or not.
    void take(const Rate& rate, TimePoint now) {
        full_at_ = std::min(std::max(full_at_, now) + rate.period / std::max(rate.size, 1U),
                            now + rate.period);
    }
    bool is_full(TimePoint now) const { return full_at_ <= now; }

private:
    TimePoint full_at_{};
};

}  // namespace ringwall
