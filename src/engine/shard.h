// A shard: one share of the traffic with all its machines. It cuts streams into messages, parses,
// drives the transactions and their timers, and is the only courier between them and its user (the
// border controller, the phone). An object, not a thread: src/engine/worker runs one on sockets,
// the scenario tests run several on a simulated network.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "engine/flow.h"
#include "engine/port.h"
#include "engine/siblings.h"
#include "net/timer_wheel.h"
#include "sip/framing/stream_framer.h"
#include "sip/message.h"
#include "sip/transaction/layer.h"

namespace ringwall::engine {

enum class Direction : std::uint8_t { In, Out };

// What a shard tells its user. All calls come one at a time; from within one the user may call
// every function of the shard: effects are queued and performed in order.
class ShardUser {
public:
    virtual ~ShardUser() = default;
    // May this source speak to this UDP listener at all? False: silence, counted.
    virtual bool on_datagram_source(const Flow& flow, const Endpoint& remote) = 0;
    virtual AcceptDecision on_accept(ListenerId listener, const Endpoint& remote) = 0;
    // False closes the flow as IdentityMismatch with nothing sent.
    virtual bool on_established(const Flow& flow) = 0;
    virtual void on_flow_closed(const Flow& flow, CloseReason reason, std::string_view detail) = 0;
    // The peer of a connection answers our ping (RFC 5626 §4.4.1).
    virtual void on_pong(const Flow& /*flow*/) {}
    // A connection of a sibling that was used here is closed.
    virtual void on_flow_lost(const Flow& /*flow*/) {}

    // An ACK for a 2xx comes by on_ack; `cancelled`: see transaction::NewRequest.
    virtual void on_request(sip::transaction::ServerId id, const sip::Hop& from,
                            const sip::MessagePtr& request,
                            sip::transaction::ServerId cancelled) = 0;
    virtual void on_ack(const sip::Hop& from, const sip::MessagePtr& request) = 0;
    virtual void on_response(sip::transaction::ClientId id, const sip::Hop& from,
                             const sip::MessagePtr& response) = 0;
    virtual void on_client_failed(sip::transaction::ClientId id,
                                  sip::transaction::TerminationCause cause) = 0;
    virtual void on_client_ended(sip::transaction::ClientId id) = 0;
    // The flow that a response should go by is gone. Where it may go instead (RFC 3261 §18.2.2);
    // none: nowhere.
    virtual std::optional<sip::Hop> way_back(const sip::Hop& /*lost*/,
                                             const sip::Message& /*response*/) {
        return std::nullopt;
    }
    virtual void on_server_ended(sip::transaction::ServerId id,
                                 sip::transaction::TerminationCause cause) = 0;
    virtual void on_timer(std::uint64_t cookie) = 0;
    static constexpr std::string_view fault_tag = "rejected";  // the To tag of such an answer
    // A request that cannot be read: what it is answered with; null: silence is the answer. Nothing
    // of it is screened.
    virtual sip::MessagePtr on_fault(const sip::Hop& from, const sip::Message& request,
                                     const sip::ParseError& fault);
    // What query() asked for. Only who asks is answered.
    virtual void on_dns(const dns::Question& /*question*/, const dns::Answer& /*answer*/) {}
    // Octets by a socket of open_udp().
    virtual void on_octets(FlowId /*flow*/, const Endpoint& /*remote*/,
                           std::string_view /*bytes*/) {}
    // What was delivered in this turn had waited for so long, for there was other work.
    virtual void on_delay(Duration /*waited*/) {}
    // Every screened message that comes in for this shard or goes out, to be counted.
    virtual void on_message(Direction /*direction*/, const sip::Hop& /*hop*/,
                            const sip::Message& /*message*/) {}
    // The same, when trace is on.
    virtual void on_trace(Direction direction, const sip::Hop& hop,
                          const sip::Message& message) = 0;
};

struct ShardCounters {
    std::uint64_t messages_in = 0;
    std::uint64_t messages_out = 0;
    std::uint64_t sources_refused = 0;  // datagrams
    std::uint64_t not_sip = 0;          // datagrams without a start line of SIP
    std::uint64_t faults_answered = 0;
    std::uint64_t faults_dropped = 0;  // responses and ACKs that do not parse
    std::uint64_t strays = 0;          // responses that match nothing
    std::uint64_t handed_over = 0;     // to another shard
    std::array<std::uint64_t, close_reason_count> closed{};

    ShardCounters& operator+=(const ShardCounters& other);
};

class Shard final : public NetworkUser {
public:
    // `key`: of the transaction layer.
    Shard(Network& network, ShardUser& user, sip::transaction::Timers timers, Now start,
          Place place = {}, HashKey key = {});

    // `udp_flow` for a UDP listener.
    void add_listener(ListenerId id, const Endpoint& local, sip::Transport transport,
                      FlowId udp_flow);
    // Nothing new comes in by it, and over a UDP socket nothing goes out any more.
    void remove_listener(ListenerId id);
    void set_trace(bool on) { trace_ = on; }

    // For the user. Ids of what is gone do nothing.
    sip::transaction::ClientId send_request(const sip::Hop& to, sip::MessagePtr request);
    void respond(sip::transaction::ServerId id, sip::MessagePtr response);
    // See transaction::Layer.
    void respond_once(sip::transaction::ServerId id, sip::MessagePtr response);
    // What is still to be answered goes there: its own connection is gone.
    void rebind(sip::transaction::ServerId id, const sip::Hop& to);
    sip::transaction::ClientId cancel(sip::transaction::ClientId invite,
                                      const sip::transaction::Reasons& reasons = {});
    // Ends a server transaction without an answer: silence is the answer.
    void forget(sip::transaction::ServerId id);
    void forget(sip::transaction::ClientId id);
    void send_ack(const sip::Hop& to, const sip::MessagePtr& ack);
    // on_timer(cookie) after that time. Who does not stop it ignores it when it is out of date.
    using TimerId = Id<struct UserTimerTag>;
    TimerId start_timer(Duration after, std::uint64_t cookie);
    void stop_timer(TimerId id);
    bool is_running(TimerId id) const;
    // The connection is had by `owner`, who may be another.
    FlowId connect(const ConnectSpec& spec, ShardNumber owner);
    FlowId connect(const ConnectSpec& spec) { return connect(spec, place_.number); }
    // Before a connection is used that the user was told of by a sibling: one that is to be opened
    // here may be known sooner than the letter that asks for it has come, and is opened now. False:
    // it was had here, and is gone.
    bool assure(FlowId flow, const ConnectSpec& spec);
    void close(FlowId flow, CloseReason reason);
    // Of a flow of its own, as Network says.
    void judge_again(FlowId flow, const tls::Context& context) {
        network_.judge_again(flow, context);
    }
    // RFC 5626 §4.4.1: on_pong follows, if the peer is there.
    void ping(FlowId flow);
    // Octets that are no SIP over a UDP socket: a keep-alive.
    void send_octets(const sip::Hop& to, std::string_view bytes) {
        network_.send_datagram(to.flow, to.remote, bytes);
    }
    std::optional<IpAddress> source_towards(const Endpoint& remote) const {
        return network_.source_towards(remote);
    }
    // A socket for what is no SIP: see Network.
    FlowId open_udp(const Endpoint& remote);
    void close_udp(FlowId flow);
    void send_octets(FlowId flow, const Endpoint& remote, std::string_view bytes) {
        network_.send_datagram(flow, remote, bytes);
    }
    const Place& place() const { return place_; }
    void query(const dns::Question& question) { network_.query(question); }

    // Null when it is gone. One of a sibling's is known as soon as it was used.
    const Flow* flow(FlowId id) const;
    // Flow::purpose of one that was accepted here; to be said in on_established.
    void mark(FlowId id, std::uint32_t purpose) { flows_.at(id).flow.purpose = purpose; }
    // The connections that are had here and not being closed already.
    std::vector<Flow> connections() const;
    template <class Function>
    void for_each_connection(Function&& function) const {
        for (const auto& [id, state] : flows_) {
            if (state.flow.transport != sip::Transport::Udp && !state.is_closing) {
                function(state.flow);
            }
        }
    }
    std::size_t flow_count() const { return flows_.size(); }
    std::size_t timer_count() const { return wheel_.size(); }
    // What time it is for what no event of the network brought.
    void wake(Now now) { now_ = now; }
    // The same, for what may send: none of the user's functions is entered before it has returned.
    template <class Function>
    void work(Now now, Function&& function) {
        now_ = now;
        tell(function);
    }
    // From a sibling.
    void open(Letter letter, Now now);
    const sip::transaction::Layer& transactions() const { return layer_; }
    const ShardCounters& counters() const { return counters_; }
    Now now() const { return now_; }

    // NetworkUser
    void on_datagram(ListenerId listener, FlowId flow, const Endpoint& remote,
                     std::string_view bytes, Now now) override;
    AcceptDecision on_accept(ListenerId listener, const Endpoint& remote) override;
    bool on_established(FlowId flow, ListenerId listener, const Endpoint& remote,
                        const tls::PeerIdentity* identity, Now now) override;
    void on_stream(FlowId flow, std::string_view bytes, Now now) override;
    void on_closed(FlowId flow, ListenerId listener, const Endpoint& remote, CloseReason reason,
                   std::string_view detail, Now now) override;
    void on_dns(const dns::Question& question, const dns::Answer& answer, Now now) override;
    void on_delay(Duration waited, Now now) override;
    void on_time(Now now) override;
    TimePoint next_deadline() const override;

private:
    struct Listener {
        Endpoint local;
        sip::Transport transport = sip::Transport::Udp;
        FlowId udp_flow;
    };
    struct FlowState {
        Flow flow;
        sip::StreamFramer framer;
        std::vector<sip::transaction::AnyId> transactions;  // to be told when the flow dies
        std::uint64_t partial_generation = 0;  // counts messages begun: tells a stale watch
        bool is_partial = false;
        bool is_closing = false;     // what still comes is not looked at
        bool is_pinged = false;      // a pong is under way
        std::uint64_t watchers = 0;  // siblings to be told when it is gone: a bit for each
    };
    // A connection of a sibling's.
    struct DistantFlow {
        Flow flow;
        std::vector<sip::transaction::AnyId> transactions;
    };
    struct TransactionTimer {
        sip::transaction::AnyId transaction;
        sip::transaction::Timer timer;
    };
    struct UserTimer {
        std::uint64_t cookie = 0;
    };
    struct PartialWatch {  // a message begun on a stream must be whole in time
        FlowId flow;
        std::uint64_t generation = 0;
    };
    using TimerRecord = std::variant<std::monostate, TransactionTimer, UserTimer, PartialWatch>;
    struct TimerSlot {
        TimerRecord record;
        net::TimerWheel::Handle handle;
        std::uint32_t generation = 0;
        std::uint32_t next = no_timer;  // of the same transaction
    };
    static constexpr std::uint32_t no_timer = UINT32_MAX;

    // False: it is no SIP.
    bool receive(const sip::Hop& from, std::string bytes, sip::Framing framing);
    void take(const sip::Hop& from, sip::MessagePtr message);
    bool hand_over(const sip::Hop& from, sip::MessagePtr& message);
    HandedOver packed(const sip::Hop& from, sip::MessagePtr message, ShardNumber to);
    void open(HandedOver letter);
    void open(Search letter);
    void open(const Octets& letter) { network_.send(letter.flow, letter.bytes); }
    void open(const Watch& letter);
    void open(FlowKnown letter);
    void open(const FlowGone& letter);
    void open(const Open& letter);
    void open(const Close& letter) { close(letter.flow, letter.reason); }
    bool is_distant(FlowId flow) const;
    void begin(FlowId flow, const ConnectSpec& spec);
    DistantFlow& distant(const sip::Hop& to);
    bool is_gone(FlowId flow) const;
    void tell_watchers(std::uint64_t watchers, const Letter& letter);
    void answer_fault(const sip::Hop& from, const sip::Message& request,
                      const sip::ParseError& fault);
    void handle(FlowState& state, sip::StreamFramer::Event event);
    bool take_pong(FlowState& state);
    // What the user does from within is queued and performed when it has returned: none of its
    // functions is entered while another runs.
    template <class Function>
    void tell(Function&& function) {
        if (is_performing_) {
            function();
            return;
        }
        is_performing_ = true;
        function();
        queue_fresh();
        drain();
        is_performing_ = false;
    }
    void queue_fresh();
    void drain();
    void perform();
    void perform(sip::transaction::Action& action);
    void transmit(const sip::transaction::Transmit& action);
    bool put(const sip::Hop& to, const sip::Message& message);
    void remember(std::vector<sip::transaction::AnyId>& list,
                  const sip::transaction::AnyId& transaction);
    std::uint32_t arm(Duration after, const TimerRecord& record);
    void release(std::uint32_t slot);
    void start(const sip::transaction::StartTimer& timer);
    void stop(const sip::transaction::AnyId& transaction, sip::transaction::Timer timer);
    std::uint32_t& first_timer(const sip::transaction::AnyId& transaction);
    std::uint32_t unlink(const sip::transaction::AnyId& transaction, sip::transaction::Timer timer);

    Network& network_;
    ShardUser& user_;
    Place place_;
    sip::transaction::Layer layer_;
    net::TimerWheel wheel_;
    std::vector<TimerSlot> timers_;  // by the wheel's cookie: generation and slot
    std::vector<std::uint32_t> free_timers_;
    // By side and slot of a transaction: the first of its timers, of which a few run at most. A
    // table by name would cost an allocation for each.
    std::array<std::vector<std::uint32_t>, 2> first_timers_;
    std::unordered_map<ListenerId, Listener> listeners_;
    std::unordered_map<FlowId, FlowState> flows_;
    std::unordered_map<FlowId, DistantFlow> distant_flows_;
    std::unordered_set<FlowId> own_sockets_;   // of open_udp()
    std::unordered_set<FlowId> opened_early_;  // until the letter comes that asks for it
    std::uint64_t last_asked_flow_ = 0;
    sip::transaction::Actions queue_;  // what is to be performed, in this order
    sip::transaction::Actions fresh_;
    bool is_performing_ = false;
    bool trace_ = false;
    Now now_{};
    ShardCounters counters_;
};

}  // namespace ringwall::engine
