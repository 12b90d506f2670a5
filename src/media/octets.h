// Octets of packets, in network order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ringwall::media {

// A packet as it is built, protected and sent; reused, so that it stops allocating.
using Octets = std::vector<std::uint8_t>;
using OctetsView = std::span<const std::uint8_t>;

inline std::uint16_t get_16(OctetsView at) {
    return static_cast<std::uint16_t>((at[0] << 8) | at[1]);
}
inline std::uint32_t get_32(OctetsView at) {
    return (std::uint32_t{get_16(at)} << 16) | get_16(at.subspan(2));
}
inline void put_16(std::uint32_t value, Octets& out) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}
inline void put_32(std::uint32_t value, Octets& out) {
    put_16(value >> 16, out);
    put_16(value & 0xffff, out);
}

}  // namespace ringwall::media
