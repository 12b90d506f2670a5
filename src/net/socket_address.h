// Endpoint to sockaddr and back.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>

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
// The octet of the IP header: DiffServ and ECN (RFC 2474).
void set_type_of_service(int fd, IpAddress::Family family, std::uint8_t octet);
// The address of ours that the system would send to `remote` from; none: it knows no way.
std::optional<IpAddress> source_towards(const Endpoint& remote);

}  // namespace ringwall::net
