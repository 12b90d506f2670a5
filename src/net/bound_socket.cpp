#include "net/bound_socket.h"

#include <cerrno>

#include "net/socket_address.h"

namespace ringwall::net {

Result<FileDescriptor, SocketError> bound_socket(int type, const Endpoint& local,
                                                 PortSharing sharing) {
    FileDescriptor fd(socket(socket_family(local.address), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return fail(SocketError::of("cannot create a socket", errno));
    const int on = 1;
    if (local.address.family == IpAddress::Family::V6) {
        // So that 0.0.0.0 and :: may be bound side by side, and no address comes in disguise.
        setsockopt(fd.number(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    }
    if (type == SOCK_STREAM) {
        // A restart need not wait for the connections of the last run to be forgotten.
        setsockopt(fd.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    if (sharing == PortSharing::Shared) {
        setsockopt(fd.number(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    }
    const SocketAddress address(local);
    if (::bind(fd.number(), address.get(), address.length) != 0) {
        return fail(SocketError::of("cannot bind " + local.to_string(), errno));
    }
    return fd;
}

}  // namespace ringwall::net
