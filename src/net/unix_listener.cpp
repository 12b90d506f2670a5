#include "net/unix_listener.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "net/unix_address.h"
#include "net/unix_stream.h"

namespace ringwall::net {

namespace {

FileDescriptor open_spare() {
    return FileDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

// What stands in the way of a new socket at `path`, unless it may be replaced.
Result<void, SocketError> check_stale(const std::filesystem::path& path) {
    struct stat found {};
    if (lstat(path.c_str(), &found) != 0) return {};  // gone meanwhile
    if (!S_ISSOCK(found.st_mode)) {
        return fail(SocketError{EEXIST, path.string() +
                                            ": there is something else than a socket; remove it, "
                                            "or name another place"});
    }
    const auto other = UnixStream::connect(path);
    if (!other && other.error().number == ECONNREFUSED) return {};
    return fail(SocketError{EADDRINUSE, path.string() +
                                            ": another process listens there; end it, or name "
                                            "another place"});
}

}  // namespace

Result<UnixListener, SocketError> UnixListener::listen(const std::filesystem::path& path,
                                                       mode_t mode) {
    const UnixAddress address = TRY(UnixAddress::of(path));
    FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return fail(SocketError::of("cannot create a socket", errno));
    // Before it has a name, so that nobody else finds it open for a moment.
    fchmod(fd.number(), mode);
    const auto bind_it = [&] { return ::bind(fd.number(), address.get(), address.length()); };
    int status = bind_it();
    if (status != 0 && errno == EADDRINUSE) {
        TRY(check_stale(path));
        unlink(path.c_str());
        status = bind_it();
    }
    if (status != 0) return fail(SocketError::of(path.string(), errno));
    UnixListener out(std::move(fd), path);
    // What the umask took.
    if (chmod(path.c_str(), mode) != 0 || ::listen(out.fd(), SOMAXCONN) != 0) {
        return fail(SocketError::of(path.string(), errno));
    }
    return out;
}

UnixListener::UnixListener(FileDescriptor fd, std::filesystem::path path)
    : fd_(std::move(fd)), spare_(open_spare()), path_(std::move(path)) {
    struct stat made {};
    if (lstat(path_.c_str(), &made) == 0) {
        device_ = made.st_dev;
        inode_ = made.st_ino;
    }
}

UnixListener::~UnixListener() {
    struct stat found {};
    const bool is_ours = fd_ && lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ &&
                         found.st_ino == inode_;
    if (is_ours) unlink(path_.c_str());
}

AcceptedSocket UnixListener::accept() {
    AcceptedSocket accepted = accept_from(fd_.number(), nullptr, nullptr);
    if (accepted.outcome != AcceptOutcome::OutOfRoom || !spare_) return accepted;
    spare_.close();
    accepted = accept_from(fd_.number(), nullptr, nullptr);
    if (accepted.outcome == AcceptOutcome::Accepted) accepted = {AcceptOutcome::Gone, {}};
    spare_ = open_spare();
    return accepted;
}

}  // namespace ringwall::net
