// Which adjacency speaks to a peer. Asked for every request, and by whoever accepts a connection,
// before the handshake: the adjacency says which certificate to show.
#pragma once

#include <optional>

#include "base/endpoint.h"
#include "sbc/config/snapshot.h"

namespace ringwall::sbc::policy {

// `local` is our socket: it is always part of the match, so that a forged source address on another
// socket gains nothing. Among the adjacencies of that socket the longest `remote-address` around
// `remote` wins; one without `remote-address` takes the rest. Between equals an attached one, then
// the first. The result may be detached: then the peer is refused, it does not fall to a wider one;
// to one that is removed it does.
// Encryption is no part of it: adjacencies on one address and port agree on that.
std::optional<AdjacencyIndex> find_adjacency(const Snapshot& snapshot, const Endpoint& local,
                                             const IpAddress& remote);

// Does its `remote-address` take what comes from there? One without takes all.
bool takes_source(const Adjacency& adjacency, const IpAddress& source);

}  // namespace ringwall::sbc::policy
