#include "sbc/policy/adjacency_selection.h"

namespace ringwall::sbc::policy {

namespace {

bool listens_on(const Adjacency& adjacency, const Endpoint& local) {
    return !adjacency.is_removed && adjacency.signaling_port == local.port &&
           (adjacency.signaling_address == local.address ||
            adjacency.signaling_address.is_unspecified());
}

// How closely `remote-address` fits: the longest prefix, -1 for an adjacency that takes any source,
// none for one that does not take this one.
std::optional<int> closeness(const Adjacency& adjacency, const IpAddress& remote) {
    if (adjacency.remote_addresses.empty()) {
        return -1;
    }
    std::optional<int> closest;
    for (const Network& network : adjacency.remote_addresses) {
        if (network.contains(remote) && (!closest || network.prefix_length > *closest)) {
            closest = network.prefix_length;
        }
    }
    return closest;
}

}  // namespace

bool takes_source(const Adjacency& adjacency, const IpAddress& source) {
    return closeness(adjacency, source).has_value();
}

std::optional<AdjacencyIndex> find_adjacency(const Snapshot& snapshot, const Endpoint& local,
                                             const IpAddress& remote) {
    std::optional<AdjacencyIndex> best;
    int best_closeness = 0;
    for (AdjacencyIndex index = 0; index < snapshot.adjacencies.size(); ++index) {
        const Adjacency& adjacency = snapshot.adjacencies[index];
        if (!listens_on(adjacency, local)) {
            continue;
        }
        const auto fit = closeness(adjacency, remote);
        if (!fit) {
            continue;
        }
        const bool is_better = !best || *fit > best_closeness ||
                               (*fit == best_closeness && adjacency.is_attached &&
                                !snapshot.adjacencies[*best].is_attached);
        if (is_better) {
            best = index;
            best_closeness = *fit;
        }
    }
    return best;
}

}  // namespace ringwall::sbc::policy
