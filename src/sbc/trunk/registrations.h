// The registrations that adjacencies hold at their signaling-peers (`register`), each a
// sip::ClientRegistration, over the adjacency's own connection (RFC 5626 §4) or UDP socket. One
// worker has them all.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/shard.h"
#include "sbc/config/snapshot.h"
#include "sbc/connections.h"
#include "sbc/counters.h"
#include "sbc/locator.h"
#include "sbc/trunk/pings.h"
#include "sip/message_builder.h"
#include "sip/registration/client_registration.h"

namespace ringwall::sbc::trunk {

class Registrations {
public:
    Registrations(engine::Shard& shard, Connections& connections, Locator& locator, Random& random,
                  Counters& counters)
        : shard_(shard),
          connections_(connections),
          locator_(locator),
          random_(random),
          counters_(counters) {}

    // Those that this configuration wants are begun, in the next turn: sockets may still be
    // missing. Those that it does not want, or wants otherwise, are removed first. Timers are the
    // shard's, with these cookies.
    void take(const SnapshotPtr& snapshot);
    static bool is_cookie(std::uint64_t cookie) {
        return cookie != 0 && cookie < Pings::first_number;
    }
    void on_timer(std::uint64_t cookie);

    // False: it is none of ours.
    bool on_response(sip::transaction::ClientId id, const sip::Message& response);
    bool on_failed(sip::transaction::ClientId id);
    void on_ended(sip::transaction::ClientId id) { by_client_.erase(id); }
    void on_flow_lost(FlowId flow);
    static bool is_waiter(Locator::Waiter waiter) { return waiter < Pings::first_number; }
    // Where a peer is that a REGISTER waits for.
    void on_ways(const Locator::Found& found);

    // All are removed; is_quiet when the registrars have said so, or said nothing.
    void stop();
    bool is_quiet() const;
    // One is being removed there.
    bool is_leaving(AdjacencyIndex adjacency) const;
    // What is being removed there is forgotten, and nobody told.
    void drop(AdjacencyIndex adjacency);
    bool is_registered(AdjacencyIndex adjacency) const;
    bool is_consistent() const;

private:
    struct Trunk {
        AdjacencyIndex adjacency = 0;
        SnapshotPtr snapshot;  // by which it registers, and is removed
        sip::ClientRegistration registration;
        bool is_leaving = false;  // what the snapshot says of it does not hold any more
        FlowId flow;              // that the last REGISTER went over; none: UDP
        std::optional<sip::MessageBuilder> waiting;  // for its way
    };
    struct Request {
        std::size_t trunk = 0;
        sip::MessagePtr message;
        sip::locate::Way way;
        Locator::Ways others;  // servers that were not asked yet
    };
    Trunk begun(AdjacencyIndex adjacency) const;
    bool is_wanted(AdjacencyIndex adjacency) const;
    void take(std::size_t index);
    void begin_again(std::size_t index);
    template <class Event>
    void tell(std::size_t index, Event&& event);
    void send(std::size_t index, sip::MessageBuilder request);
    void send_by(std::size_t index, Locator::Ways ways, sip::MessageBuilder request);
    // To the first of these that can be reached. False: to none.
    bool send_by(std::size_t index, Locator::Ways ways, const sip::Message& request,
                 std::span<const sip::HeaderName> without);
    // RFC 3263 §4.3: a server that is not there, or busy with itself, is followed by the next.
    bool try_next(const Request& request, Duration rest);
    std::string new_via(const Trunk& trunk, sip::Transport transport);
    static const Adjacency& adjacency(const Trunk& trunk) {
        return trunk.snapshot->adjacencies[trunk.adjacency];
    }
    TimePoint now() const { return shard_.now().monotonic; }

    engine::Shard& shard_;
    Connections& connections_;
    Locator& locator_;
    Random& random_;
    Counters& counters_;
    SnapshotPtr snapshot_;
    std::vector<Trunk> trunks_;  // one for each adjacency that ever had one
    std::unordered_map<sip::transaction::ClientId, Request> by_client_;
    bool is_stopping_ = false;
};

}  // namespace ringwall::sbc::trunk
