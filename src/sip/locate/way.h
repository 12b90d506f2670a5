// One place to send to, and how.
#pragma once

#include <compare>

#include "base/endpoint.h"
#include "sip/transport.h"

namespace ringwall::sip::locate {

struct Way {
    Transport transport = Transport::Udp;
    Endpoint remote;
    bool operator==(const Way&) const = default;
    auto operator<=>(const Way&) const = default;  // NOLINT(modernize-use-nullptr)
};

// RFC 3261 §19.1.2.
constexpr std::uint16_t default_port(Transport transport) {
    return transport == Transport::Tls ? 5061 : 5060;
}

}  // namespace ringwall::sip::locate
