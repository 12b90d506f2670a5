// One connection over a UNIX socket: reads once when told to, holds back what it cannot write yet.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/file_descriptor.h"
#include "net/outgoing_buffer.h"

namespace ringwall::net {

class UnixStream {
public:
    explicit UnixStream(FileDescriptor fd) : fd_(std::move(fd)) {}
    // At once, or not at all; the socket does not block.
    static Result<UnixStream, SocketError> connect(const std::filesystem::path& path);

    int fd() const { return fd_.number(); }
    // Who was on the other side when it was connected: the system's word, not the peer's.
    std::optional<uid_t> peer_user() const;

    // Reads once, at most scratch.size() octets, and appends them. False: no more will come.
    bool receive(std::span<char> scratch, std::string& received);
    // Kept for the next flush().
    void queue(std::string_view octets);
    // Writes what may be written. False: the peer is gone.
    bool flush() { return outgoing_.flush(fd_.number()) == 0; }
    std::size_t waiting() const { return outgoing_.waiting(); }

private:
    FileDescriptor fd_;
    OutgoingBuffer outgoing_;
};

}  // namespace ringwall::net
