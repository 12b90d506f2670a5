#include "net/file_descriptor.h"

#include <unistd.h>

#include <system_error>

namespace ringwall::net {

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
        close();
        number_ = std::exchange(other.number_, -1);
    }
    return *this;
}

void FileDescriptor::close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
}

SocketError SocketError::of(std::string_view what, int number) {
    return {number, std::string(what) + ": " + std::generic_category().message(number)};
}

}  // namespace ringwall::net
