#include "sbc/connections.h"

#include <algorithm>

namespace ringwall::sbc {
namespace {

engine::ShardNumber owner_of(const OpenedConnections::Key& key, engine::ShardNumber workers) {
    const std::size_t hash = std::hash<std::string>{}(key.second.to_string()) + key.first;
    return static_cast<engine::ShardNumber>(hash % workers);
}

}  // namespace

std::optional<sip::Hop> Connections::hop_by(const Snapshot& snapshot, AdjacencyIndex index,
                                            const sip::locate::Way& way) {
    const Adjacency& adjacency = snapshot.adjacencies[index];
    const auto [transport, remote] = way;
    if (transport == sip::Transport::Udp) {
        const auto socket =
            sockets_.find(Endpoint{adjacency.signaling_address, adjacency.signaling_port});
        if (socket == sockets_.end()) {
            return std::nullopt;
        }
        return sip::Hop{socket->second, remote, transport};
    }
    const OpenedConnections::Key key{index, remote};
    if (const auto known = known_.find(key);
        known != known_.end() && shard_.flow(known->second) != nullptr) {
        return sip::Hop{known->second, remote, transport};
    }
    const engine::ConnectSpec spec = spec_of(adjacency, index, way);
    const auto alias = aliases_.extract(key);
    const auto open = [&] {  // from now on it is the one, for all workers
        const bool is_alias = !alias.empty() && shard_.flow(alias.mapped()) != nullptr;
        return is_alias ? alias.mapped()
                        : shard_.connect(spec, owner_of(key, shard_.place().count()));
    };
    FlowId flow = opened_.find_or_open(key, open);
    if (!shard_.assure(flow, spec)) {  // a sibling put it there after its end: an alias
        opened_.drop(flow);
        flow = opened_.find_or_open(key, open);
        shard_.assure(flow, spec);
    }
    known_[key] = flow;
    return sip::Hop{flow, remote, transport};
}

engine::ConnectSpec Connections::spec_of(const Adjacency& adjacency, AdjacencyIndex index,
                                         const sip::locate::Way& way) {
    const auto [transport, remote] = way;
    engine::ConnectSpec spec;
    spec.transport = transport;
    spec.remote = remote;
    spec.local = adjacency.signaling_address;
    spec.handshake_timeout = adjacency.tls_handshake_timeout;
    spec.purpose = index;
    if (transport == sip::Transport::Tls) {
        spec.tls = adjacency.tls_client;
        spec.server_name = adjacency.tls_peer_domains.empty() ? adjacency.signaling_peer
                                                              : adjacency.tls_peer_domains.front();
    }
    return spec;
}

std::optional<AdjacencyIndex> Connections::adjacency_of(FlowId flow) const {
    const engine::Flow* const known = shard_.flow(flow);
    return known == nullptr ? std::nullopt : known->purpose;
}

bool Connections::is_peer_genuine(const Adjacency& adjacency, const tls::PeerIdentity* identity) {
    if (!adjacency.is_encrypted()) {
        return identity == nullptr;
    }
    if (identity == nullptr || !identity->is_verified) {
        return false;
    }
    const auto wildcards =
        adjacency.tls_allow_wildcard ? tls::Wildcards::Allow : tls::Wildcards::Refuse;
    if (adjacency.tls_peer_domains.empty()) {
        return tls::matches_domain(*identity, adjacency.signaling_peer, wildcards);
    }
    return std::any_of(adjacency.tls_peer_domains.begin(), adjacency.tls_peer_domains.end(),
                       [&](const std::string& domain) {
                           return tls::matches_domain(*identity, domain, wildcards);
                       });
}

// Most that come to an end are phones', and lead to no target of ours: the tables are as small as
// the number of trunks.
void Connections::drop(FlowId flow) {
    opened_.drop(flow);
    const auto is_it = [flow](const auto& entry) { return entry.second == flow; };
    std::erase_if(known_, is_it);
    std::erase_if(aliases_, is_it);
}

bool Connections::is_consistent() const {
    const auto is_up = [this](const auto& entry) { return shard_.flow(entry.second) != nullptr; };
    return std::ranges::all_of(known_, is_up) && std::ranges::all_of(aliases_, is_up);
}

void OpenedConnections::drop(FlowId flow) {
    const std::lock_guard lock(mutex_);
    const auto [first, last] = by_flow_.equal_range(flow);
    for (auto each = first; each != last; ++each) {
        opened_.erase(each->second);
    }
    by_flow_.erase(first, last);
}

}  // namespace ringwall::sbc
