// How a local address is bound.
#pragma once

#include <cstdint>

namespace ringwall::net {

// Shared: every worker binds the same address (SO_REUSEPORT). Exclusive: a second program on the
// address is an error that the operator hears of.
enum class PortSharing : std::uint8_t { Exclusive, Shared };

}  // namespace ringwall::net
