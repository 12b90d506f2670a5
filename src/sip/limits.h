// Every hard limit of the message layer, in one place. Octets unless a unit is named.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ringwall::sip::limits {

inline constexpr std::size_t message = 65'535;    // a whole message; above: 513
inline constexpr std::size_t head = 32'768;       // start line and header lines
inline constexpr std::size_t header_lines = 256;  // lines
inline constexpr std::size_t vias = 70;           // Via values
inline constexpr std::size_t list_values = 64;    // values of any other comma-separated header
inline constexpr std::size_t uri = 4'096;
inline constexpr std::size_t uri_parameters =
    64;  // and as many headers: comparing takes n * m steps
inline constexpr std::uint32_t cseq = 0x7fff'ffff;           // RFC 3261 §8.1.1.5: below 2**31
inline constexpr std::uint32_t max_forwards = 255;           // RFC 3261 §20.22
inline constexpr std::uint64_t delta_seconds = 0xffff'ffff;  // RFC 3261 §20.19

}  // namespace ringwall::sip::limits
