#include "net/clock.h"

namespace ringwall::net {

Now system_clock() {
    const auto steady = std::chrono::steady_clock::now().time_since_epoch();
    const auto wall = std::chrono::system_clock::now();
    return {TimePoint(std::chrono::duration_cast<Duration>(steady)),
            std::chrono::time_point_cast<WallTime::duration>(wall)};
}

}  // namespace ringwall::net
