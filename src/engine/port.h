// The edge between the machines and the world: what a shard asks of the network, and what the
// network tells a shard. src/engine/worker.cpp does it with sockets, test/scenario with a simulated
// network. Both deliver one thing at a time, on the shard's own thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/close_reason.h"
#include "base/dns.h"
#include "base/endpoint.h"
#include "base/id.h"
#include "base/time.h"
#include "engine/flow.h"
#include "sip/transport.h"
#include "tls/context.h"
#include "tls/identity.h"

namespace ringwall::engine {

// What an accepted connection is to speak. Chosen before its first octet.
struct AcceptDecision {
    bool is_admitted = false;                 // false: closed at once (NotAdmitted)
    std::shared_ptr<const tls::Context> tls;  // null: plain TCP
    Duration handshake_timeout = 20s;         // in the clear: for the first octet
    Duration idle_timeout = 3600s;            // 0: none
};

struct ConnectSpec {
    sip::Transport transport = sip::Transport::Tcp;  // Tcp or Tls
    Endpoint remote;
    std::optional<IpAddress> local;                       // to bind to; none: the system's choice
    std::optional<PortRange> local_ports = std::nullopt;  // none: the system's choice
    std::optional<std::uint8_t> type_of_service = std::nullopt;  // the octet of the IP header
    std::shared_ptr<const tls::Context> tls;                     // Tls
    std::string server_name;                                     // SNI, when it is a name
    Duration connect_timeout = 10s;
    Duration handshake_timeout = 20s;
    Duration idle_timeout = 3600s;
    std::optional<std::uint32_t> purpose = std::nullopt;  // the user's, for it to find in the Flow
};

// What a shard asks.
class Network {
public:
    virtual ~Network() = default;
    // Over UDP through the socket of `flow`. A datagram that cannot be sent is lost, as any.
    virtual void send_datagram(FlowId flow, const Endpoint& remote, std::string_view bytes) = 0;
    // Over a connection; held back until it is established; in order. On a full queue the
    // connection is closed (WriteQueueFull).
    virtual void send(FlowId flow, std::string_view bytes) = 0;
    // A UDP socket of this user's own, for what is no SIP, on a port of the system's choice towards
    // `remote`: on_datagram with no listener brings what comes by it. None: it cannot be had.
    virtual FlowId open_udp(const Endpoint& /*remote*/) { return {}; }
    virtual void close_udp(FlowId /*flow*/) {}
    // Begins to open a connection. The id is good at once; on_established or on_closed follows.
    virtual FlowId connect(const ConnectSpec& spec) = 0;
    // The same, under an id that a sibling has chosen: a shard without siblings is never asked.
    virtual void connect_as(FlowId /*id*/, const ConnectSpec& /*spec*/) {}
    // Our end of a connection that stands.
    virtual Endpoint local_of(FlowId /*flow*/) const { return {}; }
    // The address of ours that packets to `remote` bear; none: there is no way there.
    virtual std::optional<IpAddress> source_towards(const Endpoint& /*remote*/) const {
        return std::nullopt;
    }
    // What was sent before goes out first. on_closed follows, with `reason`.
    virtual void close(FlowId flow, CloseReason reason) = 0;
    // One over TLS that this would not accept any more is closed (NotTrusted): `context` is of the
    // same role as that with which it began, which may still be at its handshake.
    virtual void judge_again(FlowId /*flow*/, const tls::Context& /*context*/) {}
    // Nothing new comes in by it. Connections that it accepted stay.
    virtual void remove(ListenerId /*listener*/) {}
    // Asks the DNS. on_dns with this question follows, never before this has returned.
    virtual void query(const dns::Question& question) = 0;
};

// What a shard is told. `now` is the turn of the loop.
class NetworkUser {
public:
    virtual ~NetworkUser() = default;
    // `flow` names the UDP socket: it stays the same for the life of the listener.
    virtual void on_datagram(ListenerId listener, FlowId flow, const Endpoint& remote,
                             std::string_view bytes, Now now) = 0;
    virtual AcceptDecision on_accept(ListenerId listener, const Endpoint& remote) = 0;
    // An accepted connection that may be used, or one that we opened: TCP connected, TLS
    // handshaken. `listener` is none for one that we opened. `identity` is null for plain TCP.
    // False closes it at once (IdentityMismatch): nothing held back for it was or will be sent.
    virtual bool on_established(FlowId flow, ListenerId listener, const Endpoint& remote,
                                const tls::PeerIdentity* identity, Now now) = 0;
    virtual void on_stream(FlowId flow, std::string_view bytes, Now now) = 0;
    // The last that is heard of a flow, also of one that was never established (then with its
    // listener, so that it can be counted). `detail` is for the log.
    virtual void on_closed(FlowId flow, ListenerId listener, const Endpoint& remote,
                           CloseReason reason, std::string_view detail, Now now) = 0;
    // Only who asks is answered.
    virtual void on_dns(const dns::Question& /*question*/, const dns::Answer& /*answer*/,
                        Now /*now*/) {}
    // What was told in this turn had waited for so long before it, at most.
    virtual void on_delay(Duration /*waited*/, Now /*now*/) {}
    // Called when next_deadline() has come, and at least once for each turn with events, after
    // them.
    virtual void on_time(Now now) = 0;
    // When on_time is to be called next; TimePoint::max(): never.
    virtual TimePoint next_deadline() const = 0;
};

}  // namespace ringwall::engine
