// What an adjacency is doing, as the operator is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sbc/outages.h"

namespace ringwall::sbc {

enum class AdjacencyState : std::uint8_t {
    Attached,
    GoingDown,  // detached, and something of its calls is left
    Detached,
};

struct AdjacencyStatus {
    AdjacencyState state = AdjacencyState::Detached;
    std::size_t calls = 0;
    std::size_t registrations = 0;       // of phones that registered here
    bool is_registered_at_peer = false;  // as a phone would (`register`)
    // As its pings say; none: it is not pinged.
    std::optional<Outages::State> peer = std::nullopt;
};

// What becomes of the calls on an adjacency that was detached, if they are not to be waited for.
enum class ForcedDetach : std::uint8_t {
    Normal,  // BYE; where nobody has answered yet CANCEL, and 480 to the caller
    Abort,   // nobody is told
};

}  // namespace ringwall::sbc
