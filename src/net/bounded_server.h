// The library's HTTP server with bounds of time: who sends a request slowly, or never, is heard for
// 5 s in all, and for a moment only while others wait, of whom there is a limited number. stop()
// waits for nobody.
#pragma once

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <cstddef>

namespace ringwall::net {

class BoundedServer final : public httplib::Server {
public:
    // So many requests at once.
    explicit BoundedServer(std::size_t threads);

    // Then listen_after_bind(), which some thread is in or about to enter, returns as soon as the
    // handlers have. Any thread.
    void stop_at_once();

private:
    class Connection;
    class Queue;

    bool process_and_close_socket(socket_t socket) override;
    // For a request that began then; it is less while others wait.
    bool has_time(std::chrono::steady_clock::time_point began) const;

    std::atomic<std::size_t> waiting_ = 0;  // connections that no thread has taken yet
    std::atomic<bool> has_begun_ = false;   // to listen
    std::atomic<bool> is_stopping_ = false;
};

}  // namespace ringwall::net
