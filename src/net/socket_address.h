// Endpoint to sockaddr and back.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/endpoint.h"

namespace ringwall::net {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = sizeof(sockaddr_storage);

    SocketAddress() = default;
    explicit SocketAddress(const Endpoint& endpoint);

    // 0.0.0.0:0 for a family that is neither IPv4 nor IPv6.
    Endpoint endpoint() const;
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

int socket_family(const IpAddress& address);
// What the socket is bound to, as the system chose it.
Endpoint local_endpoint(int fd);

}  // namespace ringwall::net
