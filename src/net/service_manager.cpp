#include "net/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>

#include "base/text.h"
#include "net/clock.h"
#include "net/file_descriptor.h"

namespace ringwall::net {

namespace {

std::string take_variable(const char* name) {
    const char* const value = std::getenv(name);
    std::string out = value == nullptr ? "" : value;
    ::unsetenv(name);
    return out;
}

constexpr std::uint64_t longest_patience = 86'400'000'000;  // a day, in microseconds

}  // namespace

ServiceManager ServiceManager::from_environment() {
    ServiceManager manager;
    manager.socket_ = take_variable("NOTIFY_SOCKET");
    const std::string patience = take_variable("WATCHDOG_USEC");
    const std::string process = take_variable("WATCHDOG_PID");
    const auto microseconds = parse_number(patience, longest_patience);
    const bool is_for_us = process.empty() || process == std::to_string(::getpid());
    if (microseconds && *microseconds > 0 && is_for_us) {
        manager.watchdog_patience_ = std::chrono::microseconds(*microseconds);
    }
    return manager;
}

void ServiceManager::reloading() const {
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
        system_clock().monotonic.time_since_epoch());
    tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
}

void ServiceManager::extend(Duration patience) const {
    const auto count = std::chrono::duration_cast<std::chrono::microseconds>(patience).count();
    tell("EXTEND_TIMEOUT_USEC=" + std::to_string(count));
}

// A manager that does not listen is no reason to stop.
void ServiceManager::tell(std::string_view state) const {
    sockaddr_un address{};
    if (socket_.empty() || socket_.size() >= sizeof address.sun_path) {
        return;
    }
    address.sun_family = AF_UNIX;
    std::ranges::copy(socket_, address.sun_path);
    if (socket_.front() == '@') {
        address.sun_path[0] = '\0';
    }
    const FileDescriptor fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (fd) {
        ::sendto(fd.number(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&address),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size()));
    }
}

}  // namespace ringwall::net
