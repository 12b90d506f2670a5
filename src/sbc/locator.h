// Where the signaling-peers are: names become ways (sip/locate) as they are needed, at once where
// the cache knows. What has failed of late is tried after what has not.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "engine/shard.h"
#include "sbc/config/snapshot.h"
#include "sbc/outages.h"
#include "sip/locate/cache.h"
#include "sip/locate/search.h"

namespace ringwall::sbc {

class Locator {
public:
    using Ways = std::vector<sip::locate::Way>;
    using Waiter = std::uint64_t;
    static constexpr Duration rest = 60s;  // of a server that failed
    // Of one that said 503: its Retry-After, within limits, else as any.
    static Duration rest_after(const sip::Message& response);
    struct Found {
        Waiter waiter = 0;
        AdjacencyIndex adjacency = 0;
        Ways ways;  // none: it is nowhere
    };

    Locator(engine::Shard& shard, Random& random, const Outages& outages)
        : shard_(shard), random_(random), outages_(outages) {}

    // None: not known, `waiter` hears of it when it is. Without a waiter nobody is asked.
    std::optional<Ways> find(const SnapshotPtr& snapshot, AdjacencyIndex index,
                             std::optional<Waiter> waiter);
    std::vector<Found> on_dns(const dns::Question& question, const dns::Answer& answer);
    // What was found last, though it may not hold any more: better than nothing for a dialog.
    const Ways& last_ways(const Snapshot& snapshot, AdjacencyIndex index) {
        return last_[peer_of(snapshot, index)];
    }
    // Nobody asks for what was known of it any more.
    void forget(AdjacencyIndex index);
    // May what proves our account at the peer of `index` go there? On a wire without certificates:
    // what the operator says is the peer's, else what its name was found to be.
    bool is_peers_own(const Snapshot& snapshot, AdjacencyIndex index, const IpAddress& address);

    // It did not answer, or asked for a rest.
    void avoid(AdjacencyIndex index, const sip::locate::Way& way, Duration time);
    void trust(AdjacencyIndex index, const sip::locate::Way& way);
    bool is_avoided(AdjacencyIndex index, const sip::locate::Way& way) const;

private:
    using Server = std::pair<AdjacencyIndex, sip::locate::Way>;
    // What a configuration says of where it is, so that what was found for one is not taken for
    // another's.
    using Peer = std::tuple<AdjacencyIndex, std::string, std::uint16_t>;
    struct Running {
        SnapshotPtr snapshot;
        sip::locate::Search search;
        std::vector<Waiter> waiters;
    };
    using Wanted = std::pair<AdjacencyIndex, std::uint64_t>;  // by which generation

    static Peer peer_of(const Snapshot& snapshot, AdjacencyIndex index) {
        const Adjacency& its = snapshot.adjacencies[index];
        return {index, its.signaling_peer, its.signaling_peer_port};
    }

    sip::locate::Search search_for(const Adjacency& adjacency) const;
    // Tells what the cache knows and asks for the rest.
    void feed(sip::locate::Search& search);
    Ways conclude(const Snapshot& snapshot, AdjacencyIndex index,
                  const sip::locate::Search& search);

    engine::Shard& shard_;
    Random& random_;
    const Outages& outages_;  // what any worker has found
    sip::locate::Cache cache_;
    std::set<dns::Question> asked_;
    std::map<Wanted, Running> running_;
    std::map<Peer, Ways> last_;
    std::set<AdjacencyIndex> lost_;  // said to be nowhere, in the log
    std::map<Server, TimePoint> avoided_;
};

// By which the peer of an adjacency may be reached, the preferred one first.
std::vector<sip::Transport> transports_of(const Adjacency& adjacency);
bool may_go_by(const Adjacency& adjacency, sip::Transport transport);

}  // namespace ringwall::sbc
