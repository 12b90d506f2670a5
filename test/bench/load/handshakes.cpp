// By OpenSSL on blocking sockets: the client of src/tls keeps no session, and is not to be the
// measure of its own server.
#include "handshakes.h"

#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "ends.h"
#include "latencies.h"
#include "net/file_descriptor.h"
#include "net/socket_address.h"
#include "server_process.h"

namespace ringwall::bench {
namespace {

struct Freer {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* connection) const { SSL_free(connection); }
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using ContextPointer = std::unique_ptr<SSL_CTX, Freer>;
using ConnectionPointer = std::unique_ptr<SSL, Freer>;
using SessionPointer = std::unique_ptr<SSL_SESSION, Freer>;

net::FileDescriptor connected(const Endpoint& server) {
    net::FileDescriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval limit{2, 0};
    setsockopt(fd.number(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd.number(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    // The close_notify behind a handshake's last record is not to wait for its acknowledgement.
    const int on = 1;
    setsockopt(fd.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const net::SocketAddress address(server);
    if (connect(fd.number(), address.get(), address.length) != 0) return {};
    return fd;
}

class Client {
public:
    Client(const Options& options, SSL_CTX* context) : options_(options), context_(context) {}

    // True when the handshake was as it should be.
    bool handshake() {
        const TimePoint begun = clock_now();
        const net::FileDescriptor fd = connected(options_.server);
        const ConnectionPointer connection(SSL_new(context_));
        if (!fd || !connection) return false;
        if (options_.break_off) return break_off(fd.number(), connection.get());
        SSL_set_fd(connection.get(), fd.number());
        if (session_) SSL_set_session(connection.get(), session_.get());
        if (SSL_connect(connection.get()) != 1) return false;
        latencies.add(clock_now() - begun);
        if (SSL_session_reused(connection.get()) == 1) ++resumed;
        // The tickets come behind the handshake, and are read on the way to the close_notify.
        SSL_shutdown(connection.get());
        std::array<char, 256> rest{};
        while (SSL_read(connection.get(), rest.data(), rest.size()) > 0) {
        }
        if (options_.resume && !session_) session_.reset(SSL_get1_session(connection.get()));
        return true;
    }

    Latencies latencies;
    std::uint64_t resumed = 0;

private:
    static bool break_off(int fd, SSL* connection) {
        BIO* const in = BIO_new(BIO_s_mem());
        BIO* const out = BIO_new(BIO_s_mem());
        SSL_set_bio(connection, in, out);
        SSL_connect(connection);
        char* hello = nullptr;
        const long length = BIO_get_mem_data(out, &hello);
        if (length <= 0 || send(fd, hello, static_cast<std::size_t>(length), MSG_NOSIGNAL) <= 0) {
            return false;
        }
        std::array<char, 256> answer{};
        return recv(fd, answer.data(), answer.size(), 0) > 0;
    }

    const Options& options_;
    SSL_CTX* context_;
    SessionPointer session_;
};

}  // namespace

nlohmann::json run_handshakes(const Options& options) {
    const ContextPointer context(SSL_CTX_new(TLS_client_method()));
    const int version = options.tls_version == 12 ? TLS1_2_VERSION : TLS1_3_VERSION;
    if (!context || SSL_CTX_set_min_proto_version(context.get(), version) != 1 ||
        SSL_CTX_set_max_proto_version(context.get(), version) != 1 ||
        SSL_CTX_load_verify_file(context.get(), options.trust_anchors.c_str()) != 1) {
        return {{"error", "the client's TLS cannot be set up"}};
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);

    const ServerProcess server(options.server_pid);
    const std::uint64_t memory_before = server.memory();
    std::vector<Client> clients;
    for (std::uint32_t i = 0; i < options.window; ++i) clients.emplace_back(options, context.get());
    std::atomic<std::uint64_t> failed{0};
    // Each client's first gives it its session, and is not counted.
    for (Client& client : clients) {
        if (!client.handshake()) ++failed;
        client.latencies.clear();
        client.resumed = 0;
    }

    const Duration server_before = server.cpu();
    const Duration own_before = own_cpu();
    const TimePoint started = clock_now();
    const TimePoint limit = started + Duration(static_cast<Duration::rep>(options.seconds * 1e6));
    std::atomic<std::uint64_t> taken{0};
    std::atomic<std::uint64_t> good{0};
    std::vector<std::thread> threads;
    for (Client& client : clients) {
        threads.emplace_back([&] {
            while (taken++ < options.count && clock_now() < limit) {
                ++(client.handshake() ? good : failed);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    const Duration length = clock_now() - started;
    const Duration used = server.cpu() - server_before;
    const Duration own_used = own_cpu() - own_before;

    Latencies latencies;
    std::uint64_t resumed = 0;
    for (const Client& client : clients) {
        latencies.add_all(client.latencies);
        resumed += client.resumed;
    }
    const auto operations = static_cast<double>(std::max<std::uint64_t>(good + failed, 1));
    const auto elapsed = static_cast<double>(length.count());
    return {{"good", good.load()},
            {"failed", failed.load()},
            {"seconds", elapsed / 1e6},
            {"rate", static_cast<double>(good) * 1e6 / elapsed},
            {"resumed_share", static_cast<double>(resumed) / operations},
            {"server_cpu_us_per_op", static_cast<double>(used.count()) / operations},
            {"server_cpu_share", static_cast<double>(used.count()) / elapsed},
            {"own_cpu_us_per_op", static_cast<double>(own_used.count()) / operations},
            {"server_memory_growth",
             static_cast<std::int64_t>(server.memory()) - static_cast<std::int64_t>(memory_before)},
            {"latency_us",
             {{"handshake",
               {{"p50", latencies.percentile(0.5).count()},
                {"p99", latencies.percentile(0.99).count()}}}}}};
}

}  // namespace ringwall::bench
