// A file descriptor that closes itself, and what a system call said when it failed.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace ringwall::net {

class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int number) : number_(number) {}
    FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept;
    ~FileDescriptor() { close(); }

    explicit operator bool() const { return number_ >= 0; }
    int number() const { return number_; }
    void close();

private:
    int number_ = -1;
};

struct SocketError {
    int number = 0;        // errno
    std::string sentence;  // "cannot bind 192.0.2.1:5060: Address already in use"

    // "WHAT: what errno says".
    static SocketError of(std::string_view what, int number);
};

}  // namespace ringwall::net
