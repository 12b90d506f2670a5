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
    AcceptedSocket accepted = accept_from(fd_.number(), remote.get(), &remote.length);
    const bool is_accepted = accepted.outcome == Outcome::Accepted;
    return {accepted.outcome, std::move(accepted.fd), is_accepted ? remote.endpoint() : Endpoint{}};
}

}  // namespace ringwall::net
