// What the workers of one border controller share. Everything here may be used from any thread;
// nothing else of a border controller may.
#pragma once

#include <map>
#include <mutex>

#include "base/endpoint.h"
#include "sbc/config/snapshot.h"
#include "sbc/connections.h"
#include "sbc/registrar/location.h"
#include "sbc/vouchers.h"

namespace ringwall::sbc {

// How many connections a source has open towards an untrusted adjacency: so that one stranger does
// not take the descriptors that phones and trunks need.
class Strangers {
public:
    static constexpr unsigned max_connections = 100;

    // False: it has enough of them.
    bool admit(AdjacencyIndex adjacency, const IpAddress& source);
    void release(AdjacencyIndex adjacency, const IpAddress& source);

private:
    std::mutex mutex_;
    std::map<std::pair<AdjacencyIndex, IpAddress>, unsigned> open_;
};

struct Shared {
    registrar::Location location;
    OpenedConnections connections;
    Strangers strangers;
    Vouchers vouchers;
};

}  // namespace ringwall::sbc
