#include "sbc/outages.h"

#include <algorithm>
#include <utility>

namespace ringwall::sbc {

void Outages::set(AdjacencyIndex adjacency, std::optional<State> state) {
    const std::lock_guard lock(mutex_);
    if (state) {
        states_[adjacency] = *state;
    } else {
        states_.erase(adjacency);
        silent_.erase(adjacency);
    }
    note_emptiness();
}

std::optional<Outages::State> Outages::state(AdjacencyIndex adjacency) const {
    const std::lock_guard lock(mutex_);
    const auto found = states_.find(adjacency);
    return found == states_.end() ? std::nullopt : std::optional(found->second);
}

bool Outages::is_down(AdjacencyIndex adjacency) const {
    if (!is_any_down_) {
        return false;
    }
    const auto known = state(adjacency);
    return known && known->peer == Peer::Down;
}

std::vector<AdjacencyIndex> Outages::down() const {
    std::vector<AdjacencyIndex> out;
    if (!is_any_down_) {
        return out;
    }
    const std::lock_guard lock(mutex_);
    for (const auto& [adjacency, state] : states_) {
        if (state.peer == Peer::Down) {
            out.push_back(adjacency);
        }
    }
    return out;
}

void Outages::set_silent(AdjacencyIndex adjacency, std::set<sip::locate::Way> servers) {
    const std::lock_guard lock(mutex_);
    if (servers.empty()) {
        silent_.erase(adjacency);
    } else {
        silent_[adjacency] = std::move(servers);
    }
    note_emptiness();
}

bool Outages::is_silent(AdjacencyIndex adjacency, const sip::locate::Way& server) const {
    if (!is_any_silent_) {
        return false;
    }
    const std::lock_guard lock(mutex_);
    const auto found = silent_.find(adjacency);
    return found != silent_.end() && found->second.contains(server);
}

void Outages::note_emptiness() {
    is_any_down_ = std::ranges::any_of(
        states_, [](const auto& each) { return each.second.peer == Peer::Down; });
    is_any_silent_ = !silent_.empty();
}

}  // namespace ringwall::sbc
