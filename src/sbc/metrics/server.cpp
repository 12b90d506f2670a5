#include "sbc/metrics/server.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/text.h"
#include "net/bounded_server.h"

namespace ringwall::sbc::metrics {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t threads = 2;
constexpr auto freshness = 1s;  // a page is given to whoever asks for so long
constexpr auto patience = 3s;   // for a page, while the main thread has other things to do
constexpr int unavailable = 503;
constexpr const char* text_form = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace

std::optional<Endpoint> parse_admin_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    const auto port =
        parse_number(colon == std::string_view::npos ? text : text.substr(colon + 1), 65'535);
    const auto address = colon == std::string_view::npos ? IpAddress::v4(127, 0, 0, 1)
                                                         : IpAddress::parse(text.substr(0, colon));
    const bool is_bare_v6 =
        address && address->family == IpAddress::Family::V6 && text.front() != '[';
    if (!port || *port == 0 || !address || is_bare_v6) {
        return std::nullopt;
    }
    return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
    explicit Impl(Setup its_setup) : setup(std::move(its_setup)) {}

    Setup setup;
    net::BoundedServer server{threads};
    std::thread thread;
    Endpoint local;

    std::mutex mutex;  // of what follows
    std::condition_variable is_made;
    std::string text;
    std::optional<Clock::time_point> made;
    bool is_asked = false;  // and not made yet
    bool is_stopping = false;

    bool is_fresh() const { return made && Clock::now() - *made < freshness; }

    // None: it was not made in time.
    std::optional<std::string> get() {
        std::unique_lock lock(mutex);
        if (!is_fresh() && !std::exchange(is_asked, true)) {
            setup.post([self = weak_from_this()] {
                if (const auto impl = self.lock()) {
                    impl->make();
                }
            });
        }
        is_made.wait_for(lock, patience, [&] { return is_fresh() || is_stopping; });
        return is_fresh() ? std::optional(text) : std::nullopt;
    }

    void make() {
        {
            const std::lock_guard lock(mutex);
            if (is_stopping) {
                return;
            }
        }
        std::string page = setup.page();
        const std::lock_guard lock(mutex);
        text = std::move(page);
        made = Clock::now();
        is_asked = false;
        is_made.notify_all();
    }
};

Server::Server(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Server>, std::string> Server::listen(const Endpoint& local, Setup setup) {
    auto impl = std::make_shared<Impl>(std::move(setup));
    impl->server.Get("/metrics", [its = impl.get()](const auto&, auto& response) {
        if (auto page = its->get()) {
            response.set_content(std::move(*page), text_form);
        } else {
            response.status = unavailable;
        }
    });
    const std::string host = local.address.to_string();
    const int port = local.port != 0
                         ? (impl->server.bind_to_port(host.c_str(), local.port) ? local.port : -1)
                         : impl->server.bind_to_any_port(host.c_str());
    if (port <= 0) {
        return fail("cannot listen on " + local.to_string() +
                    " for metrics; end the program that has it, or choose another --metrics");
    }
    impl->local = {local.address, static_cast<std::uint16_t>(port)};
    impl->thread = std::thread([its = impl.get()] { its->server.listen_after_bind(); });
    return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::~Server() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->is_stopping = true;
    }
    impl_->is_made.notify_all();
    impl_->server.stop_at_once();
    impl_->thread.join();
}

Endpoint Server::local() const {
    return impl_->local;
}

}  // namespace ringwall::sbc::metrics
