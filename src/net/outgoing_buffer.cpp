#include "net/outgoing_buffer.h"

#include <sys/socket.h>

#include "net/passing_error.h"

namespace ringwall::net {

void OutgoingBuffer::forget_written() {
    octets_.erase(0, written_);
    written_ = 0;
}

int OutgoingBuffer::flush(int fd) {
    while (waiting() != 0) {
        const ssize_t length =
            ::send(fd, octets_.data() + written_, waiting(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (length >= 0) {
            written_ += static_cast<std::size_t>(length);
        } else if (is_passing(errno)) {
            return 0;
        } else {
            const int error = errno;
            discard();
            return error;
        }
    }
    discard();  // all written: an idle connection keeps no buffer
    return 0;
}

void OutgoingBuffer::discard() {
    std::string().swap(octets_);
    written_ = 0;
}

}  // namespace ringwall::net
