// Durations and their percentiles.
#pragma once

#include <vector>

#include "base/time.h"

namespace ringwall::bench {

class Latencies {
public:
    void add(Duration duration) { durations_.push_back(duration); }
    void add_all(const Latencies& other) {
        durations_.insert(durations_.end(), other.durations_.begin(), other.durations_.end());
    }
    void clear() { durations_.clear(); }
    std::size_t count() const { return durations_.size(); }
    // The smallest that `share` (0 to 1) of all do not exceed; 0 when there are none.
    Duration percentile(double share) const;

private:
    std::vector<Duration> durations_;
};

}  // namespace ringwall::bench
