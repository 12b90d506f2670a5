// The ways to the signaling-peers: for UDP the adjacency's own socket, else one connection for each
// (adjacency, target), opened when it is first needed and verified when it stands.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>

#include "engine/shard.h"
#include "sbc/config/snapshot.h"
#include "sip/locate/way.h"

namespace ringwall::sbc {

class Connections {
public:
    explicit Connections(engine::Shard& shard) : shard_(shard) {}

    void add_socket(const Endpoint& local, FlowId udp_flow) { sockets_[local] = udp_flow; }

    // None when there is no socket for it.
    std::optional<sip::Hop> hop_by(const Snapshot& snapshot, AdjacencyIndex index,
                                   const sip::locate::Way& way);
    // RFC 5923: the peer has proved who it is on a connection of its own, and lets us use that for
    // what we send to `target`, one of its servers.
    void add_alias(AdjacencyIndex index, const Endpoint& target, FlowId flow) {
        aliases_[{index, target}] = flow;
    }
    // The adjacency that a connection of ours was opened for.
    std::optional<AdjacencyIndex> adjacency_of(FlowId flow) const;
    // RFC 5922 §7.3: the certificate of the peer that we connected to bears the domain that we
    // wanted, or the connection is closed.
    static bool is_peer_genuine(const Adjacency& adjacency, const tls::PeerIdentity* identity);
    void drop(FlowId flow);

private:
    using Key = std::pair<AdjacencyIndex, Endpoint>;
    engine::Shard& shard_;
    std::map<Endpoint, FlowId> sockets_;
    std::map<std::pair<AdjacencyIndex, Endpoint>, FlowId> aliases_;  // good while the flow lives
    std::map<Key, FlowId> opened_;
    std::unordered_map<FlowId, Key> by_flow_;
};

}  // namespace ringwall::sbc
