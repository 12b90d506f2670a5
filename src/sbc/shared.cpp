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

// True: it was one.
bool Newcomers::take(AdjacencyIndex adjacency, const Endpoint& source) {
    const auto found = open_.find({adjacency, source_of(source.address)});
    const bool was_one = found != open_.end() && found->second.erase(source) > 0;
    if (was_one && found->second.empty()) {
        open_.erase(found);
    }
    is_empty_ = open_.empty();
    return was_one;
}

void Newcomers::make_known(AdjacencyIndex adjacency, const Endpoint& source) {
    if (is_empty_) {
        return;
    }
    const std::lock_guard lock(mutex_);
    if (!take(adjacency, source)) {
        return;
    }
    const Who who(adjacency, source_of(source.address));
    if (const auto found = known_.find(who); found != known_.end()) {
        turns_.splice(turns_.begin(), turns_, found->second);
        return;
    }
    turns_.push_front(who);
    known_.emplace(who, turns_.begin());
    if (known_.size() > max_known_sources) {
        known_.erase(turns_.back());
        turns_.pop_back();
    }
}

void Newcomers::remove(AdjacencyIndex adjacency, const Endpoint& source) {
    if (is_empty_) {
        return;
    }
    const std::lock_guard lock(mutex_);
    take(adjacency, source);
}

bool Newcomers::has_known(AdjacencyIndex adjacency, const IpAddress& source) {
    const std::lock_guard lock(mutex_);
    return known_.contains({adjacency, source_of(source)});
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
