// The two sockets of a stream: RTP on an even port, RTCP on the next (RFC 3550 §11).
//
// Nobody is woken by a packet: the media thread looks once every 20 ms, and the system has noted
// when each one came.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/endpoint.h"
#include "base/random.h"
#include "base/result.h"
#include "media/octets.h"
#include "media/port.h"
#include "net/file_descriptor.h"
#include "net/socket_address.h"

namespace ringwall::media {

// Room for what is read at once; one for all sockets of a thread.
class ReceiveRoom {
public:
    static constexpr std::size_t max_count = 16;
    // More than a packet of sound has; what is longer is cut, and then not genuine.
    static constexpr std::size_t max_size = 2048;

    struct Received {
        Octets octets;
        Endpoint from;
        TimePoint arrival;
    };
    std::size_t count() const { return count_; }
    Received& operator[](std::size_t index) { return packets_[index]; }

private:
    friend class SocketPair;
    std::array<std::array<std::uint8_t, max_size>, max_count> octets_{};
    std::array<std::array<char, 64>, max_count> controls_{};
    std::array<net::SocketAddress, max_count> remotes_;
    std::array<Received, max_count> packets_;
    std::size_t count_ = 0;
};

class SocketPair {
public:
    static Result<SocketPair, std::string> open(const IpAddress& local,
                                                const StreamOptions& options, Random& random);

    const Endpoint& rtp() const { return rtp_local_; }
    // What has come, up to the room there is. Waits for nothing.
    void receive_rtp(ReceiveRoom& room, Now now) const { receive(rtp_.number(), room, now); }
    void receive_rtcp(ReceiveRoom& room, Now now) const { receive(rtcp_.number(), room, now); }
    // A datagram that the system does not take is lost.
    void send_rtp(OctetsView packet, const Endpoint& remote) const;
    void send_rtcp(OctetsView packet, const Endpoint& remote) const;

private:
    SocketPair(net::FileDescriptor rtp, net::FileDescriptor rtcp, const Endpoint& rtp_local)
        : rtp_(std::move(rtp)), rtcp_(std::move(rtcp)), rtp_local_(rtp_local) {}
    static void receive(int fd, ReceiveRoom& room, Now now);

    net::FileDescriptor rtp_;
    net::FileDescriptor rtcp_;
    Endpoint rtp_local_;
};

}  // namespace ringwall::media
