// The ways to the signaling-peers: for UDP the adjacency's own socket, else one connection for each
// (adjacency, target), opened when it is first needed and verified when it stands. One worker has
// it, by the target's hash; the others send over it too.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "engine/shard.h"
#include "sbc/config/snapshot.h"
#include "sip/locate/way.h"

namespace ringwall::sbc {

// Which connections of ours there are. One table for all workers, from any thread.
class OpenedConnections {
public:
    using Key = std::pair<AdjacencyIndex, Endpoint>;

    // The one to `key`, or what `open` makes: that is called with the table locked, so that whoever
    // finds the connection here posts to its owner behind whoever had it opened.
    template <class Open>
    FlowId find_or_open(const Key& key, Open&& open) {
        const std::lock_guard lock(mutex_);
        FlowId& flow = opened_[key];
        if (!flow) {
            flow = open();
            by_flow_.emplace(flow, key);
        }
        return flow;
    }
    void drop(FlowId flow);

private:
    std::mutex mutex_;
    std::map<Key, FlowId> opened_;
    std::unordered_multimap<FlowId, Key> by_flow_;  // an alias may serve several targets
};

class Connections {
public:
    Connections(engine::Shard& shard, OpenedConnections& opened) : shard_(shard), opened_(opened) {}

    void add_socket(const Endpoint& local, FlowId udp_flow) { sockets_[local] = udp_flow; }
    FlowId socket(const Endpoint& local) const {
        const auto found = sockets_.find(local);
        return found == sockets_.end() ? FlowId{} : found->second;
    }
    void remove_socket(const Endpoint& local) { sockets_.erase(local); }

    // None when there is no socket for it.
    std::optional<sip::Hop> hop_by(const Snapshot& snapshot, AdjacencyIndex index,
                                   const sip::locate::Way& way);
    // RFC 5923: the peer has proved who it is on a connection of its own, and lets us use that for
    // what we send to `target`, one of its servers.
    void add_alias(AdjacencyIndex index, const Endpoint& target, FlowId flow) {
        aliases_[{index, target}] = flow;
    }
    // The adjacency that a connection was opened for, or accepted on.
    std::optional<AdjacencyIndex> adjacency_of(FlowId flow) const;
    // RFC 5922 §7.3: the certificate of the peer that we connected to bears the domain that we
    // wanted, or the connection is closed.
    static bool is_peer_genuine(const Adjacency& adjacency, const tls::PeerIdentity* identity);
    // It is gone.
    void drop(FlowId flow);
    // Nothing is kept of what is gone.
    bool is_consistent() const;

private:
    static engine::ConnectSpec spec_of(const Adjacency& adjacency, AdjacencyIndex index,
                                       const sip::locate::Way& way);

    engine::Shard& shard_;
    OpenedConnections& opened_;
    std::map<Endpoint, FlowId> sockets_;
    std::map<OpenedConnections::Key, FlowId> aliases_;
    std::map<OpenedConnections::Key, FlowId> known_;  // what this worker used
};

}  // namespace ringwall::sbc
