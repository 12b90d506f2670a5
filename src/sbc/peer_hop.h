// A hop that names an adjacency's signaling-peer and no way to it yet: the way is found when
// something is sent. It looks like any other, so that what is handed a hop need not care.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/flow.h"
#include "sbc/config/snapshot.h"
#include "sip/transport.h"

namespace ringwall::sbc {

// No socket or connection has such an id (engine::make_flow_id): a worker's number stands there,
// and there are not as many, or that of all workers.
inline constexpr std::uint64_t no_worker = 0xfffe;
static_assert(no_worker != engine::every_shard);

// `transport`: how the request is to be written; `remote` as far as it is known.
inline sip::Hop peer_hop(AdjacencyIndex adjacency, sip::Transport transport,
                         const Endpoint& remote) {
    return {FlowId{no_worker << 48 | adjacency}, remote, transport};
}

inline std::optional<AdjacencyIndex> peer_of(const sip::Hop& hop) {
    return hop.flow.value >> 48 == no_worker
               ? std::optional(static_cast<AdjacencyIndex>(hop.flow.value & 0xffffffffU))
               : std::nullopt;
}

}  // namespace ringwall::sbc
