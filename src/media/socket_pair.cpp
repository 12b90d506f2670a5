#include "media/socket_pair.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <ctime>

#include "net/bound_socket.h"

namespace ringwall::media {

namespace {

Result<void, std::string> prepare(int fd, const StreamOptions& options, IpAddress::Family family) {
    const int tos = options.type_of_service;
    const bool is_v4 = family == IpAddress::Family::V4;
    if (setsockopt(fd, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_TOS : IPV6_TCLASS, &tos,
                   sizeof tos) != 0) {
        return fail(net::SocketError::of("cannot set the type of service", errno).sentence);
    }
    const int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0) {
        return fail(net::SocketError::of("cannot have arrivals noted", errno).sentence);
    }
    return {};
}

// The monotonic time of a packet that the system noted by the wall clock, as long ago as that.
TimePoint arrival_of(msghdr& header, Now now, std::chrono::nanoseconds wall) {
    for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr;
         item = CMSG_NXTHDR(&header, item)) {
        if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_TIMESTAMPNS) continue;
        timespec noted{};
        std::memcpy(&noted, CMSG_DATA(item), sizeof noted);
        const auto age = std::chrono::duration_cast<Duration>(
            wall - std::chrono::seconds(noted.tv_sec) - std::chrono::nanoseconds(noted.tv_nsec));
        // A wall clock that was set meanwhile says nothing.
        if (age >= Duration{} && age < 1s) return now.monotonic - age;
    }
    return now.monotonic;
}

void send(int fd, OctetsView packet, const Endpoint& remote) {
    const net::SocketAddress address(remote);
    [[maybe_unused]] const auto sent =
        sendto(fd, packet.data(), packet.size(), MSG_DONTWAIT, address.get(), address.length);
}

}  // namespace

Result<SocketPair, std::string> SocketPair::open(const IpAddress& local,
                                                 const StreamOptions& options, Random& random) {
    const unsigned first = (options.first_port + 1U) / 2 * 2;
    const unsigned pairs = options.last_port > first ? (options.last_port - first + 1U) / 2 : 0;
    const std::string range =
        std::to_string(options.first_port) + " to " + std::to_string(options.last_port);
    if (pairs == 0)
        return fail("the range of RTP ports " + range + " has no even port and its next");
    const auto begin = static_cast<unsigned>(random.number() % pairs);
    std::string last_error;
    for (unsigned i = 0; i < pairs; ++i) {
        const Endpoint rtp{local, static_cast<std::uint16_t>(first + (begin + i) % pairs * 2)};
        const Endpoint rtcp{local, static_cast<std::uint16_t>(rtp.port + 1)};
        auto one = net::bound_socket(SOCK_DGRAM, rtp, net::PortSharing::Exclusive);
        auto other = one ? net::bound_socket(SOCK_DGRAM, rtcp, net::PortSharing::Exclusive)
                         : Result<net::FileDescriptor, net::SocketError>(fail(one.error()));
        if (!other) {
            last_error = other.error().sentence;
            if (other.error().number == EADDRINUSE) continue;
            return fail(last_error);
        }
        TRY(prepare(one->number(), options, local.family));
        TRY(prepare(other->number(), options, local.family));
        return SocketPair(std::move(*one), std::move(*other), rtp);
    }
    return fail("no pair of RTP ports is free from " + range + ": " + last_error);
}

void SocketPair::receive(int fd, ReceiveRoom& room, Now now) {
    std::array<mmsghdr, ReceiveRoom::max_count> messages{};
    std::array<iovec, ReceiveRoom::max_count> parts{};
    for (std::size_t i = 0; i < messages.size(); ++i) {
        parts[i] = {room.octets_[i].data(), room.octets_[i].size()};
        msghdr& header = messages[i].msg_hdr;
        header.msg_iov = &parts[i];
        header.msg_iovlen = 1;
        header.msg_name = room.remotes_[i].get();
        header.msg_namelen = sizeof(sockaddr_storage);
        header.msg_control = room.controls_[i].data();
        header.msg_controllen = room.controls_[i].size();
    }
    const int count = recvmmsg(fd, messages.data(), static_cast<unsigned>(messages.size()),
                               MSG_DONTWAIT, nullptr);
    room.count_ = count < 0 ? 0 : static_cast<std::size_t>(count);
    if (room.count_ == 0) return;
    const std::chrono::nanoseconds wall = std::chrono::system_clock::now().time_since_epoch();
    for (std::size_t i = 0; i < room.count_; ++i) {
        ReceiveRoom::Received& packet = room.packets_[i];
        packet.octets.assign(room.octets_[i].begin(),
                             room.octets_[i].begin() + messages[i].msg_len);
        packet.from = room.remotes_[i].endpoint();
        packet.arrival = arrival_of(messages[i].msg_hdr, now, wall);
    }
}

void SocketPair::send_rtp(OctetsView packet, const Endpoint& remote) const {
    send(rtp_.number(), packet, remote);
}

void SocketPair::send_rtcp(OctetsView packet, const Endpoint& remote) const {
    send(rtcp_.number(), packet, remote);
}

}  // namespace ringwall::media
