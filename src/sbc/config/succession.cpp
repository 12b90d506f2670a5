#include "sbc/config/succession.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace ringwall::sbc {
namespace {

// What the connections and calls that are left may still ask of it. Nothing is let in by it, no
// domain is served, and no secret is kept.
Adjacency remains_of(const Adjacency& gone) {
    Adjacency left = gone;
    left.is_attached = false;
    left.is_removed = true;
    left.domains.clear();
    left.outbound_accounts.clear();
    left.registration.reset();
    left.tls_server.reset();
    left.tls_client.reset();
    return left;
}

}  // namespace

SnapshotPtr succeed(const Snapshot& running, Snapshot next) {
    std::vector<Adjacency> named = std::exchange(next.adjacencies, {});
    std::vector<AdjacencyIndex> place(named.size());  // of what was at that index
    const auto take = [&](std::size_t from, std::size_t to) {
        place[from] = static_cast<AdjacencyIndex>(to);
        next.adjacencies[to] = std::move(named[from]);
    };
    for (const Adjacency& each : running.adjacencies) {
        next.adjacencies.push_back(remains_of(each));
    }
    for (std::size_t i = 0; i < named.size(); ++i) {
        const auto old = std::ranges::find(running.adjacencies, named[i].name, &Adjacency::name);
        if (old == running.adjacencies.end()) {
            next.adjacencies.emplace_back();
            take(i, next.adjacencies.size() - 1);
        } else {
            take(i, static_cast<std::size_t>(old - running.adjacencies.begin()));
        }
    }
    for (std::size_t i = 0; i < named.size(); ++i) {
        if (auto& target = next.adjacencies[place[i]].registration_target) {
            target = place[*target];
        }
    }
    if (next.call_policy) {
        for (RoutingTable& table : next.call_policy->tables) {
            for (RoutingEntry& entry : table.entries) {
                if (entry.destination) {
                    entry.destination = place[*entry.destination];
                }
            }
        }
    }
    if (next.cac_policy) {
        for (CacTable& table : next.cac_policy->tables) {
            for (CacEntry& entry : table.entries) {
                if (entry.adjacency) {
                    entry.adjacency = place[*entry.adjacency];
                }
            }
        }
    }
    next.stored_subscribers = running.stored_subscribers;  // which no configuration changes
    next.generation = running.generation + 1;
    return std::make_shared<const Snapshot>(std::move(next));
}

}  // namespace ringwall::sbc
