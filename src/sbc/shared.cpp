#include "sbc/shared.h"

#include "sbc/source.h"

namespace ringwall::sbc {

bool BySource::admit(AdjacencyIndex adjacency, const IpAddress& source) {
    const std::lock_guard lock(mutex_);
    unsigned& open = open_[{adjacency, source_of(source)}];
    if (open >= most_) {
        return false;
    }
    ++open;
    return true;
}

void BySource::release(AdjacencyIndex adjacency, const IpAddress& source) {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find({adjacency, source_of(source)});
    if (found != open_.end() && --found->second == 0) {
        open_.erase(found);
    }
}

bool Newcomers::admit(AdjacencyIndex adjacency, const Endpoint& source) {
    const std::lock_guard lock(mutex_);
    std::set<Endpoint>& open = open_[{adjacency, source_of(source.address)}];
    if (open.size() >= max_connections) {
        return false;
    }
    open.insert(source);
    is_empty_ = false;
    return true;
}

bool Newcomers::contains(AdjacencyIndex adjacency, const Endpoint& source) {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find({adjacency, source_of(source.address)});
    return found != open_.end() && found->second.contains(source);
}

void Newcomers::remove(AdjacencyIndex adjacency, const Endpoint& source) {
    if (is_empty_) {
        return;
    }
    const std::lock_guard lock(mutex_);
    const auto found = open_.find({adjacency, source_of(source.address)});
    if (found != open_.end()) {
        found->second.erase(source);
        if (found->second.empty()) {
            open_.erase(found);
        }
    }
    is_empty_ = open_.empty();
}

void Departures::set(AdjacencyIndex adjacency, engine::ShardNumber worker, bool is_busy) {
    const std::lock_guard lock(mutex_);
    if (is_busy) {
        busy_[adjacency].insert(worker);
    } else if (const auto found = busy_.find(adjacency); found != busy_.end()) {
        found->second.erase(worker);
        if (found->second.empty()) {
            busy_.erase(found);
        }
    }
}

bool Departures::is_busy(AdjacencyIndex adjacency) const {
    const std::lock_guard lock(mutex_);
    return busy_.contains(adjacency);
}

}  // namespace ringwall::sbc
