#include "net/accept.h"

#include <cerrno>

namespace ringwall::net {

AcceptedSocket accept_from(int listening, sockaddr* remote, socklen_t* length) {
    FileDescriptor fd(accept4(listening, remote, length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) return {AcceptOutcome::Accepted, std::move(fd)};
    switch (errno) {
        case EAGAIN:
            return {AcceptOutcome::Nothing, {}};
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case ENOBUFS:
            return {AcceptOutcome::OutOfRoom, {}};
        default:
            return {AcceptOutcome::Gone, {}};
    }
}

}  // namespace ringwall::net
