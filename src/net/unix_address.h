// A path as sockaddr_un.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>

#include "base/result.h"
#include "net/file_descriptor.h"

namespace ringwall::net {

class UnixAddress {
public:
    // An error for a path that does not fit (107 octets), or is empty.
    static Result<UnixAddress, SocketError> of(const std::filesystem::path& path);

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
    socklen_t length() const { return sizeof address_; }

private:
    sockaddr_un address_{};
};

}  // namespace ringwall::net
