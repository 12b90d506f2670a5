// What waits to be written to a stream socket, and is written as the socket takes it.
#pragma once

#include <cstddef>
#include <string>

namespace ringwall::net {

class OutgoingBuffer {
public:
    // What is appended here goes out behind what waits.
    std::string& octets() { return octets_; }
    // Written octets are kept until all are; call it before more is appended, or the buffer grows
    // with a peer that reads slowly.
    void forget_written();

    // Writes what the socket takes now. The error that has ended the connection (nothing waits any
    // more), or 0.
    int flush(int fd);
    void discard();

    std::size_t waiting() const { return octets_.size() - written_; }

private:
    std::string octets_;
    std::size_t written_ = 0;
};

}  // namespace ringwall::net
