// A UDP socket that reads and writes in batches (recvmmsg, sendmmsg).
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "base/time.h"
#include "net/file_descriptor.h"
#include "net/listen_options.h"
#include "net/socket_address.h"

namespace ringwall::net {

// Room for one batch. One for each thread: sockets take turns with it.
class DatagramBatch {
public:
    static constexpr std::size_t max_count = 32;
    static constexpr std::size_t max_size = 65'536;  // more than a datagram can hold

    DatagramBatch();
    struct Datagram {
        Endpoint remote;
        std::string_view bytes;
    };
    std::size_t count() const { return count_; }
    // When the kernel had the first of them, which is the oldest; none: it does not say, or there
    // is none.
    std::optional<WallTime> arrival() const { return arrival_; }
    // The kernel had no room for others that came since the batch of that socket before.
    bool has_lost() const { return has_lost_; }
    Datagram operator[](std::size_t index) const;

private:
    friend class UdpSocket;
    // Not a power of two, or the beginnings of all would fight for the same lines of the cache.
    static constexpr std::size_t stride = max_size + 1088;

    std::unique_ptr<char[]> room_;
    std::array<SocketAddress, max_count> remotes_;
    std::array<std::size_t, max_count> lengths_{};
    std::size_t count_ = 0;
    std::optional<WallTime> arrival_;
    bool has_lost_ = false;
};

class UdpSocket {
public:
    static Result<UdpSocket, SocketError> bind(const Endpoint& local, PortSharing sharing);

    int fd() const { return fd_.number(); }
    const Endpoint& local() const { return local_; }
    void set_type_of_service(std::uint8_t octet);

    // What has come, as far as one batch holds it. Waits for nothing.
    void receive(DatagramBatch& batch);
    // Kept for the next flush(). When much is kept already, flushes first.
    void queue(const Endpoint& remote, std::string_view bytes);
    // A datagram that the system does not take is lost.
    void flush();
    bool has_queued() const { return !queued_.empty(); }

private:
    struct Queued {
        SocketAddress remote;
        std::size_t offset = 0;
        std::size_t length = 0;
    };
    UdpSocket(FileDescriptor fd, const Endpoint& local) : fd_(std::move(fd)), local_(local) {}
    // How many of the batch from `first` on the system took.
    std::size_t send_batch(std::size_t first);

    FileDescriptor fd_;
    Endpoint local_;
    std::uint32_t lost_ = 0;  // so far, as the kernel counts
    std::string octets_;
    std::vector<Queued> queued_;
};

}  // namespace ringwall::net
