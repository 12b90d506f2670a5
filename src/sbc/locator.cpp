#include "sbc/locator.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "sip/header/retry_after.h"

namespace ringwall::sbc {

using sip::locate::Search;
using sip::locate::Way;

namespace {

constexpr std::size_t max_avoided = 1024;
constexpr Duration longest_rest = 600s;  // whatever a Retry-After says

// Whoever answers for the DNS must not lead calls of an unencrypted link out of the network that
// the operator trusts. Elsewhere the certificate says who is there.
bool may_be_server(const Adjacency& adjacency, const Way& way) {
    const auto& trusted = adjacency.remote_addresses;
    return adjacency.is_encrypted() || adjacency.signaling_peer_address || trusted.empty() ||
           std::ranges::any_of(
               trusted, [&](const Network& each) { return each.contains(way.remote.address); });
}

}  // namespace

Duration Locator::rest_after(const sip::Message& response) {
    return std::min(sip::retry_after(response).value_or(rest), longest_rest);
}

std::vector<sip::Transport> transports_of(const Adjacency& adjacency) {
    if (adjacency.is_encrypted()) {
        return {sip::Transport::Tls};
    }
    if (adjacency.mandated_transport) {
        return {*adjacency.mandated_transport};
    }
    if (adjacency.preferred_transport == sip::Transport::Tcp) {
        return {sip::Transport::Tcp, sip::Transport::Udp};
    }
    return {sip::Transport::Udp, sip::Transport::Tcp};
}

bool may_go_by(const Adjacency& adjacency, sip::Transport transport) {
    const auto allowed = transports_of(adjacency);
    return std::ranges::find(allowed, transport) != allowed.end();
}

Search Locator::search_for(const Adjacency& adjacency) const {
    return {{sip::Scheme::Sip, adjacency.signaling_peer, adjacency.signaling_peer_port, {}},
            {transports_of(adjacency), adjacency.signaling_address.family}};
}

std::optional<Locator::Ways> Locator::find(const SnapshotPtr& snapshot, AdjacencyIndex index,
                                           std::optional<Waiter> waiter) {
    const Wanted wanted{index, snapshot->generation};
    if (const auto known = running_.find(wanted); known != running_.end()) {
        if (waiter) {
            known->second.waiters.push_back(*waiter);
        }
        return std::nullopt;
    }
    Search search = search_for(snapshot->adjacencies[index]);
    for (bool is_new = true; is_new && !search.is_over();) {
        is_new = false;
        const std::vector<dns::Question> open = search.open_questions();
        for (const dns::Question& question : open) {
            if (const auto* answer = cache_.find(question, shard_.now().monotonic)) {
                search.on_answer(question, *answer);
                is_new = true;
            }
        }
    }
    if (search.is_over()) {
        return conclude(*snapshot, index, search);
    }
    if (waiter) {
        Running& running =
            running_.emplace(wanted, Running{snapshot, std::move(search), {*waiter}}).first->second;
        feed(running.search);
    }
    return std::nullopt;
}

bool Locator::is_peers_own(const Snapshot& snapshot, AdjacencyIndex index,
                           const IpAddress& address) {
    const Adjacency& adjacency = snapshot.adjacencies[index];
    return adjacency.is_encrypted() ||
           std::ranges::any_of(adjacency.remote_addresses,
                               [&](const Network& each) { return each.contains(address); }) ||
           std::ranges::any_of(last_ways(snapshot, index),
                               [&](const Way& way) { return way.remote.address == address; });
}

void Locator::feed(Search& search) {
    for (const dns::Question& question : search.open_questions()) {
        if (asked_.insert(question).second) {
            shard_.query(question);
        }
    }
}

std::vector<Locator::Found> Locator::on_dns(const dns::Question& question,
                                            const dns::Answer& answer) {
    std::vector<Found> out;
    if (asked_.erase(question) == 0) {
        return out;
    }
    cache_.put(question, answer, shard_.now().monotonic);
    for (auto at = running_.begin(); at != running_.end();) {
        auto& [wanted, running] = *at;
        const AdjacencyIndex index = wanted.first;
        running.search.on_answer(question, answer);
        feed(running.search);
        if (!running.search.is_over()) {
            ++at;
            continue;
        }
        for (const Waiter waiter : running.waiters) {
            out.push_back({waiter, index, conclude(*running.snapshot, index, running.search)});
        }
        at = running_.erase(at);
    }
    return out;
}

// What is avoided comes last, but it comes: there may be nothing else.
Locator::Ways Locator::conclude(const Snapshot& snapshot, AdjacencyIndex index,
                                const Search& search) {
    Ways ways = search.ways(random_);
    const Adjacency& adjacency = snapshot.adjacencies[index];
    std::erase_if(ways, [&](const Way& way) { return !may_be_server(adjacency, way); });
    if (ways.empty()) {
        if (lost_.insert(index).second) {
            log::warning("peer.unknown", {{"adjacency", adjacency.name},
                                          {"signaling-peer", adjacency.signaling_peer},
                                          {"reason", "no address found"}});
        }
        return ways;
    }
    if (lost_.erase(index) != 0) {
        log::info("peer.found",
                  {{"adjacency", adjacency.name}, {"signaling-peer", adjacency.signaling_peer}});
    }
    std::stable_partition(ways.begin(), ways.end(),
                          [&](const Way& way) { return !is_avoided(index, way); });
    last_[peer_of(snapshot, index)] = ways;
    return ways;
}

void Locator::forget(AdjacencyIndex index) {
    std::erase_if(last_, [&](const auto& each) { return std::get<0>(each.first) == index; });
    std::erase_if(avoided_, [&](const auto& each) { return each.first.first == index; });
    lost_.erase(index);
}

void Locator::avoid(AdjacencyIndex index, const Way& way, Duration time) {
    const TimePoint now = shard_.now().monotonic;
    if (avoided_.size() >= max_avoided) {
        std::erase_if(avoided_, [&](const auto& each) { return each.second <= now; });
    }
    if (avoided_.size() < max_avoided) {
        avoided_[{index, way}] = now + time;
    }
}

void Locator::trust(AdjacencyIndex index, const Way& way) {
    if (!avoided_.empty()) {
        avoided_.erase({index, way});
    }
}

bool Locator::is_avoided(AdjacencyIndex index, const Way& way) const {
    const auto found = avoided_.find({index, way});
    return (found != avoided_.end() && found->second > shard_.now().monotonic) ||
           outages_.is_silent(index, way);
}

}  // namespace ringwall::sbc
