#include "sbc/connections.h"

#include <algorithm>

namespace ringwall::sbc {

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
    const Key key{index, remote};
    if (const auto open = opened_.find(key); open != opened_.end()) {
        return sip::Hop{open->second, remote, transport};
    }
    if (const auto alias = aliases_.find(key); alias != aliases_.end()) {
        if (shard_.flow(alias->second) != nullptr) {
            return sip::Hop{alias->second, remote, transport};
        }
        aliases_.erase(alias);
    }
    engine::ConnectSpec spec;
    spec.transport = transport;
    spec.remote = remote;
    spec.local = adjacency.signaling_address;
    spec.handshake_timeout = adjacency.tls_handshake_timeout;
    if (transport == sip::Transport::Tls) {
        spec.tls = adjacency.tls_client;
        spec.server_name = adjacency.tls_peer_domains.empty() ? adjacency.signaling_peer
                                                              : adjacency.tls_peer_domains.front();
    }
    const FlowId flow = shard_.connect(spec);
    opened_[key] = flow;
    by_flow_[flow] = key;
    return sip::Hop{flow, remote, transport};
}

std::optional<AdjacencyIndex> Connections::adjacency_of(FlowId flow) const {
    const auto found = by_flow_.find(flow);
    return found == by_flow_.end() ? std::nullopt : std::optional(found->second.first);
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

void Connections::drop(FlowId flow) {
    if (const auto found = by_flow_.find(flow); found != by_flow_.end()) {
        opened_.erase(found->second);
        by_flow_.erase(found);
    }
}

}  // namespace ringwall::sbc
