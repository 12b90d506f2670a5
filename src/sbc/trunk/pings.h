// The OPTIONS pings of adjacencies with `ping-enable`: each a sip::OptionsPing, over the
// adjacency's own connection or UDP socket. A ping goes to every server that the signaling-peer has
// (RFC 3263), and one answer is enough: then the peer is there. Any final response is an answer but
// 503, which says that nothing is taken. One worker has them all; what they find is in Outages.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/shard.h"
#include "sbc/config/snapshot.h"
#include "sbc/connections.h"
#include "sbc/counters.h"
#include "sbc/locator.h"
#include "sbc/outages.h"
#include "sip/ping/options_ping.h"

namespace ringwall::sbc::trunk {

class Pings {
public:
    Pings(engine::Shard& shard, Connections& connections, Locator& locator, Random& random,
          Counters& counters, Outages& outages)
        : shard_(shard),
          connections_(connections),
          locator_(locator),
          random_(random),
          counters_(counters),
          outages_(outages) {}

    // Those that this configuration wants begin, in the next turn: sockets may still be missing.
    // Those that it does not want, or wants otherwise, end. Timers are the shard's, and questions
    // the locator's, with these numbers.
    void take(const SnapshotPtr& snapshot);
    static constexpr std::uint64_t first_number = std::uint64_t{1} << 31;
    static bool is_number(std::uint64_t number) {
        return number >= first_number && number <= UINT32_MAX;
    }
    void on_timer(std::uint64_t cookie);
    void on_ways(const Locator::Found& found);

    // False: it is none of ours.
    bool on_response(sip::transaction::ClientId id, const sip::Message& response);
    bool on_failed(sip::transaction::ClientId id);
    void on_ended(sip::transaction::ClientId id) { by_client_.erase(id); }

    // Nobody is asked any more.
    void stop();
    bool is_consistent() const;

private:
    struct Peer {
        AdjacencyIndex adjacency = 0;
        SnapshotPtr snapshot;  // by which it is pinged
        sip::OptionsPing ping;
        std::uint64_t sent = 0;             // the number of the last one
        bool is_waiting = false;            // that one, for its ways
        std::size_t open = 0;               // of its requests
        std::set<sip::locate::Way> silent;  // that did not answer when they were asked last
        std::string call_id;
        std::uint32_t cseq = 0;
    };
    struct Request {
        std::size_t peer = 0;
        std::uint64_t number = 0;
        sip::locate::Way way;
    };

    bool is_wanted(AdjacencyIndex adjacency) const;
    static bool is_same(const Adjacency& one, const Adjacency& other);
    void begin(std::size_t index);
    void end(std::size_t index);
    template <class Event>
    void tell(std::size_t index, Event&& event);
    void send(std::size_t index, std::uint64_t number);
    void send_by(std::size_t index, const Locator::Ways& ways);
    sip::MessagePtr request_for(Peer& peer, const sip::locate::Way& way);
    void note_silent(std::size_t index, const sip::locate::Way& way, bool is_silent);
    void on_missed(const Request& request);
    void note(const Peer& peer, const sip::OptionsPing::Action& action);
    static const Adjacency& adjacency(const Peer& peer) {
        return peer.snapshot->adjacencies[peer.adjacency];
    }
    TimePoint now() const { return shard_.now().monotonic; }

    engine::Shard& shard_;
    Connections& connections_;
    Locator& locator_;
    Random& random_;
    Counters& counters_;
    Outages& outages_;
    SnapshotPtr snapshot_;
    std::vector<Peer> peers_;  // one for each adjacency that ever was pinged
    std::unordered_map<sip::transaction::ClientId, Request> by_client_;
    bool is_stopping_ = false;
};

}  // namespace ringwall::sbc::trunk
