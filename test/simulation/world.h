// One seed: a topology, a border controller, parties and plans, played to the end under watch.
#pragma once

#include <optional>
#include <ostream>

#include "simulation/watch.h"

namespace ringwall::simulation {

inline constexpr int calls_of_world = 40;

struct Outcome {
    std::optional<Violation> violation;
    Tally tally;
    std::size_t calls = 0;
    std::size_t packets = 0;
};

// `trace`: every packet, for somebody who looks for the reason; may be null.
Outcome run_world(std::uint64_t seed, std::ostream* trace);

}  // namespace ringwall::simulation
