#include "net/bounded_server.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <utility>

namespace ringwall::net {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto limit = 5s;           // of a request, and of each write
constexpr auto crowd_limit = 200ms;  // while somebody waits
constexpr auto look_again = 50ms;
constexpr std::size_t max_request = 65'536;  // octets of a connection
constexpr std::size_t max_waiting = 16;      // the next are the kernel's

}  // namespace

// One request and its response.
class BoundedServer::Connection final : public httplib::Stream {
public:
    Connection(const BoundedServer& server, socket_t socket) : server_(server), socket_(socket) {}

    bool is_readable() const override { return at_ < end_ || is_ready(POLLIN, Clock::now()); }
    // And whether there is still somebody: who sends a request has nothing to say after it, but may
    // hang up.
    bool is_writable() const override {
        pollfd one{socket_, POLLRDHUP, 0};
        return ::poll(&one, 1, 0) == 0 && is_ready(POLLOUT, Clock::now());
    }

    ssize_t read(char* out, std::size_t size) override {
        if (at_ == end_ && !fill()) {
            return -1;
        }
        const std::size_t count = std::min(size, end_ - at_);
        std::copy_n(buffer_.data() + at_, count, out);
        at_ += count;
        return static_cast<ssize_t>(count);
    }

    ssize_t write(const char* octets, std::size_t size) override {
        if (!is_ready(POLLOUT, Clock::now())) {
            return -1;
        }
        return ::send(socket_, octets, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    }

    void get_remote_ip_and_port(std::string& ip, int& port) const override {
        get_local_ip_and_port(ip, port);
    }
    // Nobody asks which port.
    void get_local_ip_and_port(std::string& ip, int& port) const override {
        ip = "127.0.0.1";
        port = 0;
    }
    socket_t socket() const override { return socket_; }

private:
    bool fill() {
        if (total_ >= max_request || !is_ready(POLLIN, began_)) {
            return false;
        }
        const ssize_t count = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        at_ = 0;
        end_ = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
        total_ += end_;
        return end_ != 0;
    }

    // What is ready is taken, whatever the time.
    bool is_ready(short events, Clock::time_point began) const {
        pollfd one{socket_, events, 0};
        for (;;) {
            const int found = ::poll(&one, 1, static_cast<int>(look_again / 1ms));
            if (found > 0) {
                return true;
            }
            if ((found < 0 && errno != EINTR) || !server_.has_time(began)) {
                return false;
            }
        }
    }

    const BoundedServer& server_;
    socket_t socket_;
    Clock::time_point began_ = Clock::now();
    std::array<char, 4096> buffer_{};
    std::size_t at_ = 0, end_ = 0, total_ = 0;
};

// While it is full nobody is accepted.
class BoundedServer::Queue final : public httplib::ThreadPool {
public:
    Queue(BoundedServer& server, std::size_t threads)
        : httplib::ThreadPool(threads), server_(server) {}

    void enqueue(std::function<void()> job) override {
        for (std::size_t now = waiting(); now >= max_waiting; now = waiting()) {
            server_.waiting_.wait(now);
        }
        ++server_.waiting_;
        httplib::ThreadPool::enqueue([this, job = std::move(job)] {
            --server_.waiting_;
            server_.waiting_.notify_all();
            job();
        });
    }

private:
    std::size_t waiting() const { return server_.waiting_; }

    BoundedServer& server_;
};

BoundedServer::BoundedServer(std::size_t threads) {
    new_task_queue = [this, threads] {
        has_begun_ = true;
        has_begun_.notify_all();
        return new Queue(*this, threads);
    };
    // The library's own choice is SO_REUSEPORT: two programs would share one port.
    set_socket_options([](socket_t socket) {
        const int yes = 1;
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
}

void BoundedServer::stop_at_once() {
    is_stopping_ = true;
    has_begun_.wait(false);  // before that stop() does nothing
    stop();
}

bool BoundedServer::has_time(Clock::time_point began) const {
    const Clock::duration patience = waiting_ > 0 ? Clock::duration(crowd_limit) : limit;
    return !is_stopping_ && Clock::now() - began < patience;
}

bool BoundedServer::process_and_close_socket(socket_t socket) {
    Connection connection(*this, socket);
    bool is_closed = false;
    const bool is_answered = process_request(connection, true, is_closed, nullptr);
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    return is_answered;
}

}  // namespace ringwall::net
