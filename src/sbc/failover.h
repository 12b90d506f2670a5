// Requests to signaling-peers, from one server to the next (RFC 3263 §4.3): after a transport
// failure, a 503 or no word at all within timer B or F the same request goes to the next way, in a
// new transaction with a new branch. Whoever sent it knows it by one id and hears the end only.
//
// Nobody waits longer than 64*T1 for the answer to a request that is no INVITE (RFC 4320 §4.2):
// when that is over, no further server is asked. Of an INVITE it is timer C that ends the search,
// by a CANCEL.
//
// It also takes a request that is too large for UDP to TCP and back (RFC 3261 §18.1.1). Within a
// dialog that is all: the server is settled there.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "sbc/b2bua/call_host.h"
#include "sbc/connections.h"
#include "sbc/locator.h"
#include "sbc/policy/permit.h"

namespace ringwall::sbc {

class Failover {
public:
    using ClientId = sip::transaction::ClientId;
    // A transaction that has begun for a request.
    struct Sent {
        b2bua::CallRef call;
        ClientId handle;  // the request's; of a way that is known at once, the first transaction's
        ClientId client;  // none: the way is being looked for
        AdjacencyIndex adjacency;
        sip::Hop hop;
        sip::MessagePtr message;
        std::optional<policy::Permit> permit;  // none: within a dialog
    };
    struct Given {
        b2bua::CallRef call;
        ClientId handle;
    };

    Failover(engine::Shard& shard, Connections& connections, Locator& locator, Random& random,
             const sip::transaction::Timers& timers)
        : shard_(shard),
          connections_(connections),
          locator_(locator),
          random_(random),
          limit_(64 * timers.t1) {}

    // `to` is a peer_hop, and the request is written for its transport.
    Sent send(b2bua::CallRef call, const policy::Permit& permit, const SnapshotPtr& snapshot,
              const sip::Hop& to, sip::MessagePtr request);
    // A request within a dialog whose hop is UDP. None: it may go there as it is.
    std::optional<Sent> send_large(b2bua::CallRef call, const SnapshotPtr& snapshot,
                                   AdjacencyIndex adjacency, const sip::Hop& to,
                                   const sip::MessagePtr& request);
    // The ways that `handle` waited for. None: there is none.
    std::optional<Sent> on_ways(const Locator::Found& found);

    // What a transaction has come to: the next one, or none: then it is for the sender, under
    // handle_of(client).
    std::optional<Sent> on_response(ClientId client, const sip::Message& response);
    std::optional<Sent> on_failed(ClientId client, sip::transaction::TerminationCause cause);
    void on_ended(ClientId client);
    // Its sender has heard the final response: no other server is asked, and where it went is
    // known.
    void on_told(ClientId client);
    // A challenge to it was answered by `next`: from now on that is the request.
    void replace(ClientId client, ClientId next, const sip::MessagePtr& message);

    ClientId handle_of(ClientId client) const;
    const sip::Hop* hop_of(ClientId handle) const;
    // No further server is tried. The transaction that may be cancelled; none: nothing was sent,
    // and the request is among take_given_up().
    ClientId cancel(b2bua::CallRef call, ClientId handle);
    std::vector<Given> take_given_up() { return std::exchange(given_up_, {}); }
    std::size_t size() const { return requests_.size() + handles_.size() + given_up_.size(); }

private:
    struct Request {
        b2bua::CallRef call;
        std::optional<policy::Permit> permit;
        SnapshotPtr snapshot;
        AdjacencyIndex adjacency = 0;
        sip::MessagePtr message;  // null once it is answered
        sip::Transport written_for = sip::Transport::Udp;
        Locator::Ways ways;
        std::size_t next = 0;  // of ways
        ClientId client;
        sip::Hop hop;
        TimePoint since;            // sent first
        bool is_heard = false;      // a provisional response
        bool is_cancelled = false;  // by its sender
    };

    void add_tcp_ways(Request& request) const;
    std::optional<Sent> try_next(ClientId handle, Request& request);
    std::optional<Sent> go_on(ClientId client, Duration avoid);
    // From now on it is named by its first transaction, as any request.
    void name(ClientId waiting, Sent& sent);
    Request* request_of(ClientId client);

    engine::Shard& shard_;
    Connections& connections_;
    Locator& locator_;
    Random& random_;
    Duration limit_;
    std::unordered_map<ClientId, Request> requests_;  // by handle
    std::unordered_map<ClientId, ClientId> handles_;  // by transaction
    std::vector<Given> given_up_;
    std::uint64_t waiting_ = 0;
};

}  // namespace ringwall::sbc
