// What a socket call says when there is nothing wrong: try again when the socket is ready.
#pragma once

#include <cerrno>

namespace ringwall::net {

constexpr bool is_passing(int number) {
    return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

}  // namespace ringwall::net
