#include "latencies.h"

#include <algorithm>
#include <cmath>

namespace ringwall::bench {

Duration Latencies::percentile(double share) const {
    if (durations_.empty()) return Duration(0);
    std::vector<Duration> ordered = durations_;
    const auto rank =
        static_cast<std::ptrdiff_t>(std::ceil(share * static_cast<double>(ordered.size())));
    const auto at = ordered.begin() + std::max<std::ptrdiff_t>(rank, 1) - 1;
    std::nth_element(ordered.begin(), at, ordered.end());
    return *at;
}

}  // namespace ringwall::bench
