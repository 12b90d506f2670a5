// Which signaling-peers are down, and which of their servers miss what they are sent, as pings have
// found (trunk/pings). One worker finds it, all know it: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "base/time.h"
#include "sbc/config/snapshot.h"
#include "sip/locate/way.h"

namespace ringwall::sbc {

class Outages {
public:
    enum class Peer : std::uint8_t { Unknown, Up, Down };
    struct State {
        Peer peer = Peer::Unknown;
        WallTime since{};  // Unknown: none
    };

    // None: it is not pinged (any more).
    void set(AdjacencyIndex adjacency, std::optional<State> state);
    std::optional<State> state(AdjacencyIndex adjacency) const;
    bool is_down(AdjacencyIndex adjacency) const;
    std::vector<AdjacencyIndex> down() const;

    // Of the servers of that adjacency's peer the ones that did not answer; all others did, or are
    // its servers no more.
    void set_silent(AdjacencyIndex adjacency, std::set<sip::locate::Way> servers);
    bool is_silent(AdjacencyIndex adjacency, const sip::locate::Way& server) const;

private:
    void note_emptiness();

    mutable std::mutex mutex_;
    std::map<AdjacencyIndex, State> states_;
    std::map<AdjacencyIndex, std::set<sip::locate::Way>> silent_;
    std::atomic<bool> is_any_down_ = false;  // so that nobody waits for the mutex while all are up
    std::atomic<bool> is_any_silent_ = false;
};

}  // namespace ringwall::sbc
