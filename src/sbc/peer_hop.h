// A hop that names an adjacency's signaling-peer and no way to it yet: the way is found when
// something is sent. It looks like any other, so that what is handed a hop need not care.
#pragma once

#include <optional>

#include "sbc/config/snapshot.h"
#include "sip/transport.h"

namespace ringwall::sbc {

// No socket or connection has such an id: a worker's number stands there, and there are not as
// many.
inline constexpr std::uint64_t peer_flow = std::uint64_t{0xffff} << 48;

// `transport`: how the request is to be written; `remote` as far as it is known.
inline sip::Hop peer_hop(AdjacencyIndex adjacency, sip::Transport transport,
                         const Endpoint& remote) {
    return {FlowId{peer_flow | adjacency}, remote, transport};
}

inline std::optional<AdjacencyIndex> peer_of(const sip::Hop& hop) {
    return (hop.flow.value & peer_flow) == peer_flow
               ? std::optional(static_cast<AdjacencyIndex>(hop.flow.value & 0xffffffffU))
               : std::nullopt;
}

}  // namespace ringwall::sbc
