// A listening UNIX stream socket: a name in the file system, which goes with it.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/result.h"
#include "net/accept.h"
#include "net/file_descriptor.h"

namespace ringwall::net {

class UnixListener {
public:
    // The folder must be there. A socket that a dead process left is replaced; what else stands at
    // `path`, or a process that listens there, is an error. The error is a sentence.
    static Result<UnixListener, SocketError> listen(const std::filesystem::path& path, mode_t mode);
    UnixListener(UnixListener&&) noexcept = default;
    UnixListener& operator=(UnixListener&&) = delete;
    // The name is removed, unless somebody else has it by now.
    ~UnixListener();

    int fd() const { return fd_.number(); }
    // Out of descriptors, it turns away who waits (Gone), so that the socket is not ready for ever.
    AcceptedSocket accept();

private:
    UnixListener(FileDescriptor fd, std::filesystem::path path);

    FileDescriptor fd_;
    FileDescriptor spare_;  // given up for the moment in which somebody is turned away
    std::filesystem::path path_;
    dev_t device_ = 0;  // of what is ours at path_
    ino_t inode_ = 0;
};

}  // namespace ringwall::net
