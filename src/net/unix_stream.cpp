#include "net/unix_stream.h"

#include <unistd.h>

#include "net/passing_error.h"
#include "net/unix_address.h"

namespace ringwall::net {

Result<UnixStream, SocketError> UnixStream::connect(const std::filesystem::path& path) {
    const UnixAddress address = TRY(UnixAddress::of(path));
    FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return fail(SocketError::of("cannot create a socket", errno));
    if (::connect(fd.number(), address.get(), address.length()) != 0) {
        return fail(SocketError::of(path.string(), errno));
    }
    return UnixStream(std::move(fd));
}

std::optional<uid_t> UnixStream::peer_user() const {
    ucred peer{};
    socklen_t length = sizeof peer;
    const bool is_known = getsockopt(fd_.number(), SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0;
    return is_known ? std::optional(peer.uid) : std::nullopt;
}

bool UnixStream::receive(std::span<char> scratch, std::string& received) {
    const ssize_t length = read(fd_.number(), scratch.data(), scratch.size());
    if (length > 0) received.append(scratch.data(), static_cast<std::size_t>(length));
    return length > 0 || (length < 0 && is_passing(errno));
}

void UnixStream::queue(std::string_view octets) {
    outgoing_.forget_written();
    outgoing_.octets().append(octets);
}

}  // namespace ringwall::net
