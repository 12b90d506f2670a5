// So many lines of one kind in a second, and no more: what strangers can cause is to cost neither
// the disk nor the reader. What is left out is counted, and told with the next line that is not.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace ringwall::log {

class Limit {
public:
    explicit Limit(std::uint32_t lines_a_second) : lines_a_second_(lines_a_second) {}

    // Before a line. None: leave it out. Else how many were left out since the last one that was
    // not.
    std::optional<std::uint64_t> admit(TimePoint now);

private:
    std::uint32_t lines_a_second_;
    std::uint32_t written_ = 0;  // in this second
    std::uint64_t left_out_ = 0;
    TimePoint second_{};  // when it began
};

}  // namespace ringwall::log
