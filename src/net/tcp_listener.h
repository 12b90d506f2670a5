// A listening TCP socket.
#pragma once

#include <cstdint>

#include "base/endpoint.h"
#include "base/result.h"
#include "net/accept.h"
#include "net/file_descriptor.h"
#include "net/listen_options.h"

namespace ringwall::net {

class TcpListener {
public:
    static Result<TcpListener, SocketError> listen(const Endpoint& local, PortSharing sharing);

    int fd() const { return fd_.number(); }
    const Endpoint& local() const { return local_; }

    using Outcome = AcceptOutcome;
    struct Accepted {
        Outcome outcome = Outcome::Nothing;
        FileDescriptor fd;
        Endpoint remote;
    };
    // Of the connections that are accepted from here on.
    void set_type_of_service(std::uint8_t octet);
    Accepted accept();

private:
    TcpListener(FileDescriptor fd, const Endpoint& local) : fd_(std::move(fd)), local_(local) {}
    FileDescriptor fd_;
    Endpoint local_;
};

}  // namespace ringwall::net
