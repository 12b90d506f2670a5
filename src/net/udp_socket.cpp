#include "net/udp_socket.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "net/bound_socket.h"

namespace ringwall::net {

namespace {

constexpr std::size_t send_batch_size = 64;
constexpr std::size_t max_queued_octets = 1U << 20;
// What may wait while a worker is at something else; the system gives as much of it as it likes.
constexpr int receive_buffer = 4 << 20;

// What the kernel says beside a datagram: when it had it, and how many it had no room for before.
struct Notes {
    std::optional<WallTime> arrival;
    std::optional<std::uint32_t> lost;
};
constexpr std::size_t room_for_notes =
    CMSG_SPACE(sizeof(timespec)) + CMSG_SPACE(sizeof(std::uint32_t));

Notes notes_of(msghdr& message) {
    Notes out;
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr;
         each = CMSG_NXTHDR(&message, each)) {
        if (each->cmsg_level == SOL_SOCKET && each->cmsg_type == SO_TIMESTAMPNS) {
            timespec time{};
            std::memcpy(&time, CMSG_DATA(each), sizeof time);
            out.arrival = WallTime(std::chrono::duration_cast<WallTime::duration>(
                std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec)));
        } else if (each->cmsg_level == SOL_SOCKET && each->cmsg_type == SO_RXQ_OVFL) {
            std::memcpy(&out.lost.emplace(), CMSG_DATA(each), sizeof(std::uint32_t));
        }
    }
    return out;
}

}  // namespace

DatagramBatch::DatagramBatch()
    // Not initialised: what is not used is never touched, and so takes no memory.
    : room_(new char[max_count * stride]) {}

DatagramBatch::Datagram DatagramBatch::operator[](std::size_t index) const {
    return {remotes_[index].endpoint(), {room_.get() + index * stride, lengths_[index]}};
}

Result<UdpSocket, SocketError> UdpSocket::bind(const Endpoint& local, PortSharing sharing) {
    FileDescriptor fd = TRY(bound_socket(SOCK_DGRAM, local, sharing));
    setsockopt(fd.number(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const int yes = 1;  // for DatagramBatch::arrival and has_lost
    setsockopt(fd.number(), SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
    setsockopt(fd.number(), SOL_SOCKET, SO_RXQ_OVFL, &yes, sizeof yes);
    const Endpoint bound = local_endpoint(fd.number());
    return UdpSocket(std::move(fd), bound);
}

void UdpSocket::set_type_of_service(std::uint8_t octet) {
    net::set_type_of_service(fd_.number(), local_.address.family, octet);
}

void UdpSocket::receive(DatagramBatch& batch) {
    std::array<mmsghdr, DatagramBatch::max_count> messages{};
    std::array<iovec, DatagramBatch::max_count> parts{};
    for (std::size_t i = 0; i < messages.size(); ++i) {
        parts[i] = {batch.room_.get() + i * DatagramBatch::stride, DatagramBatch::max_size};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
        messages[i].msg_hdr.msg_name = batch.remotes_[i].get();
        messages[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    }
    // How it is with what waits is asked of the first alone.
    alignas(cmsghdr) std::array<char, room_for_notes> control{};
    messages[0].msg_hdr.msg_control = control.data();
    messages[0].msg_hdr.msg_controllen = control.size();
    const int count = recvmmsg(fd_.number(), messages.data(),
                               static_cast<unsigned>(messages.size()), MSG_DONTWAIT, nullptr);
    batch.count_ = count < 0 ? 0 : static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < batch.count_; ++i) batch.lengths_[i] = messages[i].msg_len;
    const Notes notes = count > 0 ? notes_of(messages[0].msg_hdr) : Notes();
    batch.arrival_ = notes.arrival;
    batch.has_lost_ = notes.lost && *notes.lost != std::exchange(lost_, *notes.lost);
}

void UdpSocket::queue(const Endpoint& remote, std::string_view bytes) {
    if (octets_.size() + bytes.size() > max_queued_octets) flush();
    queued_.push_back({SocketAddress(remote), octets_.size(), bytes.size()});
    octets_.append(bytes);
}

void UdpSocket::flush() {
    std::size_t done = 0;
    while (done < queued_.size()) {
        const std::size_t taken = send_batch(done);
        if (taken == 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)) break;
        // Otherwise the first one is not to be had: a wrong family, no route. The others may be.
        done += std::max<std::size_t>(taken, 1);
    }
    queued_.clear();
    octets_.clear();
}

std::size_t UdpSocket::send_batch(std::size_t first) {
    std::array<mmsghdr, send_batch_size> messages{};
    std::array<iovec, send_batch_size> parts{};
    const std::size_t count = std::min(queued_.size() - first, send_batch_size);
    for (std::size_t i = 0; i < count; ++i) {
        Queued& queued = queued_[first + i];
        parts[i] = {octets_.data() + queued.offset, queued.length};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
        messages[i].msg_hdr.msg_name = queued.remote.get();
        messages[i].msg_hdr.msg_namelen = queued.remote.length;
    }
    const int sent =
        sendmmsg(fd_.number(), messages.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

}  // namespace ringwall::net
