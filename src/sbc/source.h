// Whom an address stands for: an IPv4 address is one source, and so is a /64 of IPv6, of which one
// host has all addresses if it likes.
#pragma once

#include <algorithm>

#include "base/endpoint.h"

namespace ringwall::sbc {

inline IpAddress source_of(IpAddress address) {
    if (address.family == IpAddress::Family::V6) {
        std::fill(address.bytes.begin() + 8, address.bytes.end(), std::uint8_t{0});
    }
    return address;
}
inline Network network_of_source(const IpAddress& address) {
    return {source_of(address),
            address.family == IpAddress::Family::V6 ? std::uint8_t{64} : std::uint8_t{32}};
}

}  // namespace ringwall::sbc
