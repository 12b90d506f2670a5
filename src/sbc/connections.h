// The ways to the signaling-peers: for UDP the adjacency's own socket, else one connection for each
// (adjacency, target), opened when it is first needed and verified when it stands.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>

#include "engine/shard.h"
#include "sbc/config/snapshot.h"

namespace ringwall::sbc {

class Connections {
public:
    explicit Connections(engine::Shard& shard) : shard_(shard) {}

    void add_socket(const Endpoint& local, FlowId udp_flow) { sockets_[local] = udp_flow; }

    // None when the adjacency is detached, has no peer, or its peer has no address.
    std::optional<sip::Hop> hop_to(const Snapshot& snapshot, AdjacencyIndex index);
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
    std::map<Key, FlowId> opened_;
    std::unordered_map<FlowId, Key> by_flow_;
};

}  // namespace ringwall::sbc
