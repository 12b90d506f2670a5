// Where Prometheus finds the metrics: GET /metrics, over HTTP, for whoever reaches the port. A page
// is made at most once in a second, whoever asks and however often, and never while somebody reads
// slowly: who asks waits for it, and who makes it waits for nobody.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "base/result.h"

namespace ringwall::sbc::metrics {

// "9101": of the loopback address. "192.0.2.1:9101", "[2001:db8::1]:9101". None: it is neither.
std::optional<Endpoint> parse_admin_address(std::string_view text);

class Server {
public:
    struct Setup {
        // Called on threads of this server: `make` is to be called on the thread whose it is.
        std::function<void(std::function<void()> make)> post;
        std::function<std::string()> page;
    };
    // The error is a sentence.
    static Result<std::unique_ptr<Server>, std::string> listen(const Endpoint& local, Setup setup);
    // On the thread that makes the pages. What was posted may still be called after it.
    ~Server();

    Endpoint local() const;  // with the port that the system chose for port 0

private:
    struct Impl;
    explicit Server(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace ringwall::sbc::metrics
