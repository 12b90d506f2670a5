// Where a message came from or goes to, as far as the protocol layers care.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/endpoint.h"
#include "base/id.h"

namespace ringwall::sip {

enum class Transport : std::uint8_t { Udp, Tcp, Tls };

// RFC 3261 §17: over a reliable transport nothing is sent twice.
enum class Reliability : std::uint8_t { Unreliable, Reliable };

constexpr Reliability reliability(Transport transport) {
    return transport == Transport::Udp ? Reliability::Unreliable : Reliability::Reliable;
}

// "UDP", "TCP", "TLS": as in Via.
std::string_view to_string(Transport transport);

// One way to a peer: a connection that exists or is being opened, or a UDP socket and an address.
struct Hop {
    FlowId flow;
    Endpoint remote;
    Transport transport = Transport::Udp;
    bool operator==(const Hop&) const = default;
};

}  // namespace ringwall::sip
