#include "net/socket_address.h"

#include <arpa/inet.h>
#include <netinet/ip.h>

#include <cstring>

#include "net/file_descriptor.h"

namespace ringwall::net {

SocketAddress::SocketAddress(const Endpoint& endpoint) {
    if (endpoint.address.family == IpAddress::Family::V4) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(endpoint.port);
        std::memcpy(&v4.sin_addr, endpoint.address.bytes.data(), sizeof v4.sin_addr);
        std::memcpy(&storage, &v4, sizeof v4);
        length = sizeof v4;
    } else {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(endpoint.port);
        std::memcpy(&v6.sin6_addr, endpoint.address.bytes.data(), sizeof v6.sin6_addr);
        std::memcpy(&storage, &v6, sizeof v6);
        length = sizeof v6;
    }
}

Endpoint SocketAddress::endpoint() const {
    Endpoint endpoint;
    if (storage.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &storage, sizeof v4);
        endpoint.port = ntohs(v4.sin_port);
        std::memcpy(endpoint.address.bytes.data(), &v4.sin_addr, sizeof v4.sin_addr);
    } else if (storage.ss_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &storage, sizeof v6);
        endpoint.address.family = IpAddress::Family::V6;
        endpoint.port = ntohs(v6.sin6_port);
        std::memcpy(endpoint.address.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    }
    return endpoint;
}

int socket_family(const IpAddress& address) {
    return address.family == IpAddress::Family::V4 ? AF_INET : AF_INET6;
}

Endpoint local_endpoint(int fd) {
    SocketAddress address;
    if (getsockname(fd, address.get(), &address.length) != 0) return {};
    return address.endpoint();
}

void set_type_of_service(int fd, IpAddress::Family family, std::uint8_t octet) {
    const int value = octet;
    if (family == IpAddress::Family::V4) {
        setsockopt(fd, IPPROTO_IP, IP_TOS, &value, sizeof value);
    } else {
        setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof value);
    }
}

// Connecting a UDP socket sends nothing, and the system chooses the address.
std::optional<IpAddress> source_towards(const Endpoint& remote) {
    const FileDescriptor fd(socket(socket_family(remote.address), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const SocketAddress address(remote);
    if (!fd || ::connect(fd.number(), address.get(), address.length) != 0) {
        return std::nullopt;
    }
    return local_endpoint(fd.number()).address;
}

}  // namespace ringwall::net
