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

}  // namespace ringwall::sbc
