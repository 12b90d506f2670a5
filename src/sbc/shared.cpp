#include "sbc/shared.h"

namespace ringwall::sbc {

bool Strangers::admit(AdjacencyIndex adjacency, const IpAddress& source) {
    const std::lock_guard lock(mutex_);
    unsigned& open = open_[{adjacency, source}];
    if (open >= max_connections) {
        return false;
    }
    ++open;
    return true;
}

void Strangers::release(AdjacencyIndex adjacency, const IpAddress& source) {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find({adjacency, source});
    if (found != open_.end() && --found->second == 0) {
        open_.erase(found);
    }
}

bool Newcomers::admit(AdjacencyIndex adjacency, const Endpoint& source) {
    const std::lock_guard lock(mutex_);
    std::set<std::uint16_t>& ports = ports_[{adjacency, source.address}];
    if (ports.size() >= max_connections) {
        return false;
    }
    ports.insert(source.port);
    is_empty_ = false;
    return true;
}

bool Newcomers::contains(AdjacencyIndex adjacency, const Endpoint& source) {
    const std::lock_guard lock(mutex_);
    const auto found = ports_.find({adjacency, source.address});
    return found != ports_.end() && found->second.contains(source.port);
}

void Newcomers::remove(AdjacencyIndex adjacency, const Endpoint& source) {
    if (is_empty_) {
        return;
    }
    const std::lock_guard lock(mutex_);
    const auto found = ports_.find({adjacency, source.address});
    if (found != ports_.end()) {
        found->second.erase(source.port);
        if (found->second.empty()) {
            ports_.erase(found);
        }
    }
    is_empty_ = ports_.empty();
}

}  // namespace ringwall::sbc
