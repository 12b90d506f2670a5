#include "net/tcp_stream.h"

#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "net/passing_error.h"
#include "net/socket_address.h"
#include "tls/session.h"

namespace ringwall::net {

namespace {

std::string message_of(int number) {
    return std::generic_category().message(number);
}

}  // namespace

TcpStream::TcpStream(FileDescriptor fd, Origin origin)
    : fd_(std::move(fd)), is_judged_(origin == Origin::Opened) {
    const int on = 1;
    setsockopt(fd_.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

namespace {

Result<FileDescriptor, SocketError> connect_by(const Endpoint& remote,
                                               const TcpStream::LocalEnd& local,
                                               std::uint16_t port) {
    FileDescriptor fd(
        socket(socket_family(remote.address), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return fail(SocketError::of("cannot create a socket", errno));
    if (local.type_of_service) {
        set_type_of_service(fd.number(), remote.address.family, *local.type_of_service);
    }
    if (local.address || port != 0) {
        const int on = 1;
        if (port == 0) {
            // The port is chosen for the pair of addresses, not for ours alone: there are more.
            setsockopt(fd.number(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        } else {
            // A connection of the last run to somebody else may still be remembered.
            setsockopt(fd.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        }
        const Endpoint ours{local.address.value_or(IpAddress{remote.address.family, {}}), port};
        const SocketAddress address(ours);
        if (::bind(fd.number(), address.get(), address.length) != 0) {
            return fail(SocketError::of("cannot bind " + ours.to_string(), errno));
        }
    }
    const SocketAddress address(remote);
    if (::connect(fd.number(), address.get(), address.length) != 0 && errno != EINPROGRESS) {
        return fail(SocketError::of("cannot connect to " + remote.to_string(), errno));
    }
    return fd;
}

}  // namespace

Result<FileDescriptor, SocketError> TcpStream::connect(const Endpoint& remote,
                                                       const LocalEnd& local) {
    const PortRange ports = local.ports.value_or(PortRange{});
    for (unsigned port = ports.first;; ++port) {
        auto fd = connect_by(remote, local, static_cast<std::uint16_t>(port));
        // The port is another's; or it was ours to the same place, a moment ago.
        const bool is_taken =
            !fd && (fd.error().number == EADDRINUSE || fd.error().number == EADDRNOTAVAIL);
        if (!is_taken || port >= ports.last) {
            return fd;
        }
    }
}

Endpoint TcpStream::local() const {
    return local_endpoint(fd_.number());
}

int TcpStream::connect_error() const {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(fd_.number(), SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

void TcpStream::receive(std::span<char> scratch, Now now, std::string& plaintext) {
    if (end_) return;
    const ssize_t length = read(fd_.number(), scratch.data(), scratch.size());
    if (length > 0) {
        take({scratch.data(), static_cast<std::size_t>(length)}, now, plaintext);
    } else if (length == 0) {
        end_with(CloseReason::PeerClosed, is_established() ? "" : "during the TLS handshake");
    } else if (!is_passing(errno)) {
        end_with(CloseReason::Reset, message_of(errno));
    }
}

bool TcpStream::drain(std::span<char> scratch) {
    const ssize_t length = read(fd_.number(), scratch.data(), scratch.size());
    return length > 0 || (length < 0 && is_passing(errno));
}

void TcpStream::flush() {
    encode_queued();
    const int error = outgoing_.flush(fd_.number());
    if (error != 0 && !end_) end_with(CloseReason::Reset, message_of(error));
}

void TcpStream::finish() {
    encode_queued();
    std::string().swap(plaintext_);
    if (is_established()) say_goodbye(outgoing());
}

void TcpStream::shut_down_writing() {
    shutdown(fd_.number(), SHUT_WR);
}

void TcpStream::take(std::string_view bytes, Now /*now*/, std::string& plaintext) {
    if (!has_received_) {
        has_received_ = true;
        if (tls::begins_tls_record(bytes.front())) {
            end_with(CloseReason::TlsOnPlain, "the peer speaks TLS");
            return;
        }
        is_judged_ = true;
    }
    plaintext.append(bytes);
}

void TcpStream::encode(std::string_view plaintext, std::string& outgoing) {
    outgoing.append(plaintext);
}

void TcpStream::encode_queued() {
    // A peer that has closed may still read; one that was refused gets nothing.
    const bool is_refused = end_ && end_->reason != CloseReason::PeerClosed;
    if (plaintext_.empty() || !is_established() || !is_judged_ || is_refused) return;
    outgoing_.forget_written();
    encode(plaintext_, outgoing());
    std::string().swap(plaintext_);
}

void TcpStream::end_with(CloseReason reason, std::string detail) {
    end_ = End{reason, std::move(detail)};
}

}  // namespace ringwall::net
