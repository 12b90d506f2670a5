// A network that is not there: nodes, datagrams that may be lost, doubled or late, connections that
// carry TLS identities, and a clock that jumps from event to event. Real shards and whole border
// controllers run on it, one thread, no sockets, the same every time for the same seed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "engine/port.h"

namespace ringwall::test {

struct Weather {
    double loss = 0;       // share of datagrams
    double duplicate = 0;  // share of datagrams that come twice
    Duration latency = 5ms;
    std::size_t piece = 0;  // octets at a time that connections deliver; 0: as they were sent
    Duration jitter = 0ms;  // up to that much more, for datagrams: they overtake each other
};

// Whoever is spoken to in datagrams, and nothing else.
class DatagramUser : public engine::NetworkUser {
public:
    engine::AcceptDecision on_accept(engine::ListenerId, const Endpoint&) override { return {}; }
    bool on_established(FlowId, engine::ListenerId, const Endpoint&, const tls::PeerIdentity*,
                        Now) override {
        return false;
    }
    void on_stream(FlowId, std::string_view, Now) override {}
    void on_closed(FlowId, engine::ListenerId, const Endpoint&, CloseReason, std::string_view,
                   Now) override {}
    void on_time(Now) override {}
    TimePoint next_deadline() const override { return TimePoint::max(); }
};

class SimNetwork {
public:
    // What went over the wire, in the clear: who sent it to whom, when.
    struct Packet {
        TimePoint time;
        Endpoint from;
        Endpoint to;
        bool is_datagram = false;
        bool is_encrypted = false;
        std::string bytes;
    };

    class Node final : public engine::Network {
    public:
        struct Udp {
            engine::ListenerId id;
            FlowId flow;
        };
        Udp listen_udp(const Endpoint& local);
        engine::ListenerId listen_tcp(const Endpoint& local);
        void set_user(engine::NetworkUser& user) { user_ = &user; }
        // What its certificate says when it accepts, and when it connects.
        void set_server_identity(tls::PeerIdentity identity) { server_ = std::move(identity); }
        void set_client_identity(tls::PeerIdentity identity) { client_ = std::move(identity); }
        // From now on its connections get past the door of TLS without, and past a plain door with:
        // what stands behind the door is tested then.
        void force_doors() { forces_doors_ = true; }
        const IpAddress& address() const { return address_; }

        void send_datagram(FlowId flow, const Endpoint& remote, std::string_view bytes) override;
        FlowId open_udp(const Endpoint& remote) override;
        void close_udp(FlowId flow) override;
        void send(FlowId flow, std::string_view bytes) override;
        FlowId connect(const engine::ConnectSpec& spec) override;
        void connect_as(FlowId id, const engine::ConnectSpec& spec) override;
        void close(FlowId flow, CloseReason reason) override;
        void judge_again(FlowId flow, const tls::Context& context) override;
        void remove(engine::ListenerId listener) override;
        void query(const dns::Question& question) override;
        Endpoint local_of(FlowId flow) const override;
        std::optional<IpAddress> source_towards(const Endpoint& /*remote*/) const override {
            return address_;
        }
        // Cuts all connections, as a cable does: both ends learn of it.
        void cut();
        // It is there and says nothing any more: what comes is lost, and nobody is told.
        void freeze() { is_frozen_ = true; }
        // Its user ends: as cut, and it hears nothing any more.
        void leave();

    private:
        friend class SimNetwork;
        Node(SimNetwork& net, IpAddress address, engine::ShardNumber number)
            : net_(net),
              address_(address),
              number_(number),
              next_port_(static_cast<std::uint16_t>(40000 + 1000 * number)),
              next_udp_port_(static_cast<std::uint16_t>(20000 + 1000 * number)) {}
        SimNetwork& net_;
        IpAddress address_;
        engine::ShardNumber number_;
        engine::NetworkUser* user_ = nullptr;
        tls::PeerIdentity server_;
        tls::PeerIdentity client_;
        std::uint16_t next_port_;
        std::uint16_t next_udp_port_;
        bool forces_doors_ = false;
        bool is_frozen_ = false;
    };

    explicit SimNetwork(std::uint64_t seed = 1) : random_(seed) {}

    // Several nodes may listen on the same addresses, as workers do with SO_REUSEPORT: who gets
    // what a peer sends is chosen by a hash of the peer's address and port.
    Node& add_node(const IpAddress& address, engine::ShardNumber number = 0);
    // Whoever shows it is not trusted any more, by those who look again.
    void revoke(const std::string& fingerprint) { revoked_.insert(fingerprint); }
    // Which of so many.
    static std::size_t chosen(const Endpoint& peer, std::size_t count);
    // After that time, or as soon as possible.
    void at(Duration after, std::function<void()> run);
    // What the DNS answers to this from now on, and after how long. What nobody has told it: no
    // records.
    void answer(const dns::Question& question, dns::Answer answer, Duration after = 20ms) {
        names_[question] = {std::move(answer), after};
    }
    // Every question that was asked, in order.
    const std::vector<dns::Question>& questions() const { return questions_; }
    // Datagrams for which this is true are lost, besides what the weather takes.
    void lose(std::function<bool(const Packet&)> loses) { loses_ = std::move(loses); }
    bool is_listening(const Endpoint& local, sip::Transport transport) const {
        const auto& those = transport == sip::Transport::Udp ? udp_ : tcp_;
        const auto found = those.find(local);
        return found != those.end() && !found->second.empty();
    }
    // Connections to it are refused from now on.
    void refuse_connections(const Endpoint& to) { tcp_.erase(to); }
    void set_weather(const Weather& weather) { weather_ = weather; }

    Now now() const { return now_; }
    void run_for(Duration duration);
    // As who sets the clock of the wall.
    void put_clock_forward(std::chrono::milliseconds by) { now_.wall += by; }
    // True as soon as `condition` holds; false when it does not within `limit`.
    bool run_until(const std::function<bool()>& condition, Duration limit);
    // Nothing under way and no timer that is due before `limit`.
    void settle(Duration limit = 300s) { run_for(limit); }
    // Called after every event: for invariants.
    void on_step(std::function<void()> check) { check_ = std::move(check); }

    const std::vector<Packet>& packets() const { return packets_; }
    // Packets that went to or from this address.
    std::vector<Packet> packets_of(const IpAddress& address) const;

private:
    friend class Node;
    struct Event {
        TimePoint at;
        std::uint64_t order;
        std::function<void()> run;
        bool operator>(const Event& other) const {
            return at != other.at ? at > other.at : order > other.order;
        }
    };
    struct Listener {
        Node* node = nullptr;
        Endpoint local;
        engine::ListenerId id;
        FlowId flow;  // UDP
    };
    using Listeners = std::vector<Listener>;
    struct End {
        Node* node = nullptr;
        FlowId flow;
        engine::ListenerId listener;
        Endpoint local;
        bool is_told = false;  // on_established was called
    };
    struct Connection {
        End client;
        End server;
        engine::ConnectSpec spec;
        bool client_tls = false;
        bool server_tls = false;
        bool is_open = false;
        bool is_forced = false;
        std::string held;  // what the client sent before it stood
        End& end(FlowId flow) { return client.flow == flow ? client : server; }
        End& other(FlowId flow) { return client.flow == flow ? server : client; }
    };

    Duration delay();
    void arrive(Connection& connection);
    void establish(Connection& connection);
    void deliver(const std::shared_ptr<Connection>& connection, FlowId from, std::string bytes);
    void tear(const std::shared_ptr<Connection>& connection, CloseReason client,
              CloseReason server);
    bool step(TimePoint limit);

    SeededRandom random_;
    std::set<std::string> revoked_;  // fingerprints
    Weather weather_;
    Now now_{TimePoint{} + 1h, WallTime{} + std::chrono::years(56)};
    std::uint64_t order_ = 0;
    std::uint64_t last_id_ = 0;
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
    std::vector<std::unique_ptr<Node>> nodes_;
    static Listeners& others_at(Listeners& listeners, engine::ShardNumber number);
    // The one that a peer speaks to; null: nobody listens there.
    static const Listener* choose(const std::map<Endpoint, Listeners>& listeners,
                                  const Endpoint& local, const Endpoint& remote);

    std::map<Endpoint, Listeners> udp_;
    std::map<Endpoint, Listeners> tcp_;
    std::map<std::uint64_t, Endpoint> udp_by_flow_;
    std::map<std::uint64_t, std::shared_ptr<Connection>> connections_;  // by either flow
    std::vector<Packet> packets_;
    std::map<dns::Question, std::pair<dns::Answer, Duration>> names_;
    std::vector<dns::Question> questions_;
    std::function<void()> check_;
    std::function<bool(const Packet&)> loses_;
};

// A certificate's identity with these DNS names, verified.
tls::PeerIdentity certificate_of(const std::string& domain);
// A phone's: SAN URI sip:user@domain.
tls::PeerIdentity certificate_of_user(const std::string& address_of_record);

// Answers that hold for `lifetime`; no_answer: no server knows.
dns::Answer addresses(const std::vector<IpAddress>& list, Duration lifetime = 3600s);
dns::Answer services(const std::vector<dns::Srv>& list, Duration lifetime = 3600s);
dns::Answer no_records(Duration lifetime = 30s);
dns::Answer no_answer();

}  // namespace ringwall::test
