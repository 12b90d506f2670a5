#include "net/tcp_listener.h"

#include <cerrno>

#include "net/bound_socket.h"
#include "net/socket_address.h"

namespace ringwall::net {

Result<TcpListener, SocketError> TcpListener::listen(const Endpoint& local, PortSharing sharing) {
    FileDescriptor fd = TRY(bound_socket(SOCK_STREAM, local, sharing));
    if (::listen(fd.number(), SOMAXCONN) != 0) {
        return fail(SocketError::of("cannot listen on " + local.to_string(), errno));
    }
    const Endpoint bound = local_endpoint(fd.number());
    return TcpListener(std::move(fd), bound);
}

void TcpListener::set_type_of_service(std::uint8_t octet) {
    net::set_type_of_service(fd_.number(), local_.address.family, octet);
}

TcpListener::Accepted TcpListener::accept() {
    SocketAddress remote;
    FileDescriptor fd(
        accept4(fd_.number(), remote.get(), &remote.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) return {Outcome::Accepted, std::move(fd), remote.endpoint()};
    switch (errno) {
        case EAGAIN:
            return {Outcome::Nothing, {}, {}};
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case ENOBUFS:
            return {Outcome::OutOfRoom, {}, {}};
        default:
            return {Outcome::Gone, {}, {}};
    }
}

}  // namespace ringwall::net
