// One thread's share of the network: a loop with its sockets, connections and timers, and the one
// NetworkUser that they belong to. Implements Network (engine/port.h) with real sockets.
//
// A turn: wait; read the clock, once; letters, sockets, timers; tell what has closed; on_time;
// write what the turn has produced, one sendmmsg for each UDP socket and one TLS write for each
// connection.
//
// All calls are for the worker's own thread, but post() and stop(). None of them calls back into
// the user before it returns: what it causes is told in the same or the next turn.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/port.h"
#include "net/clock.h"
#include "net/file_descriptor.h"
#include "net/listen_options.h"
#include "net/mailbox.h"
#include "net/tcp_listener.h"
#include "net/udp_socket.h"

namespace ringwall::engine {

struct WorkerOptions {
    std::size_t max_connections = 20'000;      // accepted and opened; more: TooMany
    std::size_t write_queue_limit = 1U << 20;  // octets of one connection that wait
    Duration flush_timeout = 5s;               // for what is to go out before a close
    Duration linger_timeout = 1s;              // after it, for the peer to close too
    net::PortSharing port_sharing = net::PortSharing::Exclusive;
    ShardNumber number = 0;  // of its shard, in the ids of connections
    net::Clock clock = net::system_clock;
};

class Worker final : public Network {
public:
    static Result<std::unique_ptr<Worker>, net::SocketError> create(WorkerOptions options = {});
    ~Worker() override;

    // Before the first turn. It must outlive the worker or the last turn.
    void set_user(NetworkUser& user);

    struct UdpListener {
        ListenerId id;
        FlowId flow;
        Endpoint bound;  // with the port that the system chose for port 0
    };
    struct TcpListener {
        ListenerId id;
        Endpoint bound;
    };
    Result<UdpListener, net::SocketError> add_udp(
        const Endpoint& local, std::optional<std::uint8_t> type_of_service = std::nullopt);
    Result<TcpListener, net::SocketError> add_tcp(
        const Endpoint& local, std::optional<std::uint8_t> type_of_service = std::nullopt);
    // Sockets that were bound elsewhere, under ids that the caller chooses: not both ways on one
    // worker. What lies in them already comes in.
    Result<UdpListener, net::SocketError> add(ListenerId id, net::UdpSocket socket);
    Result<TcpListener, net::SocketError> add(ListenerId id, net::TcpListener socket);
    void remove(ListenerId listener) override;

    void send_datagram(FlowId flow, const Endpoint& remote, std::string_view bytes) override;
    FlowId open_udp(const Endpoint& remote) override;
    void close_udp(FlowId flow) override;
    void send(FlowId flow, std::string_view bytes) override;
    FlowId connect(const ConnectSpec& spec) override;
    void connect_as(FlowId id, const ConnectSpec& spec) override;
    // A connection that is not established yet is abandoned: what it holds back is not sent.
    void close(FlowId flow, CloseReason reason) override;
    void judge_again(FlowId flow, const tls::Context& context) override;
    Endpoint local_of(FlowId flow) const override;
    std::optional<IpAddress> source_towards(const Endpoint& remote) const override;

    void query(const dns::Question& question) override;

    // One turn. Waits at most `max_wait`.
    void turn(Duration max_wait = Duration::max());
    // Turns until stop(); then closes all connections (Shutdown) and turns until they are gone.
    void run();

    // Any thread.
    void post(std::function<void()> function);
    void post(std::unique_ptr<net::Letter> letter);
    void stop();

    Now now() const;  // of the present turn
    std::size_t connections() const;

private:
    struct Impl;
    explicit Worker(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringwall::engine
