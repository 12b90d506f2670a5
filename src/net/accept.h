// Takes the next connection of a listening stream socket.
#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "net/file_descriptor.h"

namespace ringwall::net {

enum class AcceptOutcome : std::uint8_t {
    Accepted,
    Nothing,    // nobody waits
    Gone,       // who waited has given up: try again
    OutOfRoom,  // of descriptors or memory: stays readable, so pause
};

struct AcceptedSocket {
    AcceptOutcome outcome = AcceptOutcome::Nothing;
    FileDescriptor fd;
};

// Who it is goes to `remote`, unless that is null.
AcceptedSocket accept_from(int listening, sockaddr* remote, socklen_t* length);

}  // namespace ringwall::net
