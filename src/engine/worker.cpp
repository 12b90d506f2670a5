#include "engine/worker.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <unordered_map>

#include "base/check.h"
#include "engine/stream_flow.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/resolver.h"
#include "net/socket_address.h"
#include "net/timer_wheel.h"
#include "net/tls_stream.h"

namespace ringwall::engine {

namespace {

constexpr std::size_t max_accepted_in_a_turn = 64;
constexpr Duration accept_pause = 100ms;
// Whatever was ready before a wait that was shorter than that has waited for the turn before it.
constexpr Duration no_wait = 1ms;
constexpr Duration delay_of_lost = 500ms;  // T1: what was lost comes again then at the earliest
constexpr Duration longest_delay = 10s;    // a clock that was set is no delay
// Timers bear the id of a flow, or of a listener with this bit.
constexpr std::uint64_t listener_timer = std::uint64_t{1} << 63;

// Binds a function of the worker to a descriptor.
class Source : public net::EventSource {
public:
    explicit Source(std::function<void(net::Readiness)> function)
        : function_(std::move(function)) {}
    void on_ready(net::Readiness readiness) override { function_(readiness); }

private:
    std::function<void(net::Readiness)> function_;
};

struct UdpFlow {
    UdpFlow(ListenerId its_listener, FlowId its_id, net::UdpSocket its_socket)
        : listener(its_listener), id(its_id), socket(std::move(its_socket)) {}

    ListenerId listener;
    FlowId id;
    net::UdpSocket socket;
    net::Loop::Watch watch = 0;
    std::unique_ptr<net::EventSource> source;
    bool is_removed = false;
    bool is_queued = false;
};

struct Listener {
    Listener(ListenerId its_id, net::TcpListener its_socket)
        : id(its_id), socket(std::move(its_socket)) {}

    ListenerId id;
    net::TcpListener socket;
    net::Loop::Watch watch = 0;
    std::unique_ptr<net::EventSource> source;
    bool is_removed = false;
    std::optional<TimePoint> full_since;  // in no turn since then was all accepted that waited
};

}  // namespace

struct Worker::Impl {
    using State = StreamFlow::State;

    Impl(WorkerOptions its_options, net::Loop its_loop, std::unique_ptr<net::Mailbox> its_mailbox)
        : options(std::move(its_options)),
          loop(std::move(its_loop)),
          mailbox(std::move(its_mailbox)),
          now(options.clock()),
          last_end(now.monotonic),
          wheel(now.monotonic) {}

    FlowId next_flow() { return make_flow_id(options.number, 0, ++last_flow); }
    StreamFlow* find(FlowId id);
    StreamFlow& add_flow(FlowId id, ListenerId listener, const Endpoint& remote);
    void connect(FlowId id, const ConnectSpec& spec);
    bool watch(StreamFlow& flow, net::Interest interest);
    using UdpFlows = std::unordered_map<FlowId, std::unique_ptr<UdpFlow>>;
    Result<UdpListener, net::SocketError> add(ListenerId id, FlowId flow, net::UdpSocket socket);
    void remove(UdpFlows::iterator udp);

    void on_datagrams(UdpFlow& udp);
    void on_acceptable(Listener& listener);
    void accept(Listener& listener, net::TcpListener::Accepted accepted);
    void on_connected(StreamFlow& flow);
    void on_ready(StreamFlow& flow, net::Readiness readiness);
    void on_readable(StreamFlow& flow);
    void on_timer(StreamFlow& flow);
    void on_timer_of_listener(ListenerId id);

    bool establish(StreamFlow& flow);
    void finish(StreamFlow& flow, CloseReason reason, std::string detail);
    void end(StreamFlow& flow, CloseReason reason, std::string detail);
    void set_timer(StreamFlow& flow, TimePoint deadline);
    void set_idle_timer(StreamFlow& flow);
    void queue_flush(StreamFlow& flow);
    void flush(StreamFlow& flow);
    void set_interest(StreamFlow& flow);

    void note_delay(TimePoint began);
    Duration time_to_wait(Duration max_wait) const;
    void expire_timers();
    bool tell_ended();
    bool tell_answers();
    void flush_queued();
    void turn(Duration max_wait);

    WorkerOptions options;
    NetworkUser* user = nullptr;
    net::Loop loop;
    std::unique_ptr<net::Mailbox> mailbox;
    std::unique_ptr<net::EventSource> mailbox_source;
    Now now;
    TimePoint last_end;  // of the turn before
    net::TimerWheel wheel;
    std::unique_ptr<net::Resolver> resolver;  // from the first question on
    std::atomic<bool> is_stopped{false};

    Duration turn_delay{};  // that what is handled in this turn had waited, at most
    std::uint64_t last_flow = 0;
    std::uint64_t last_listener = 0;
    std::size_t live = 0;  // flows with a descriptor
    std::unordered_map<FlowId, std::unique_ptr<StreamFlow>> flows;
    UdpFlows udp_flows;
    std::unordered_map<ListenerId, std::unique_ptr<Listener>> listeners;
    // Removed within a turn that may still be at work with them.
    std::vector<std::unique_ptr<UdpFlow>> removed_udp_flows;
    std::vector<std::unique_ptr<Listener>> removed_listeners;

    std::vector<FlowId> ended;   // to be told
    std::vector<FlowId> queued;  // to be flushed
    std::vector<FlowId> queued_udp;
    std::vector<std::uint64_t> expired;
    net::DatagramBatch batch;
    std::vector<char> scratch = std::vector<char>(64 * 1024);
    std::string plaintext;
};

StreamFlow* Worker::Impl::find(FlowId id) {
    const auto found = flows.find(id);
    return found == flows.end() || found->second->state == State::Ended ? nullptr
                                                                        : found->second.get();
}

StreamFlow& Worker::Impl::add_flow(FlowId id, ListenerId listener, const Endpoint& remote) {
    auto flow = std::make_unique<StreamFlow>();
    flow->id = id;
    flow->listener = listener;
    flow->remote = remote;
    flow->last_activity = now.monotonic;
    StreamFlow& added = *flow;
    flows.emplace(added.id, std::move(flow));
    return added;
}

bool Worker::Impl::watch(StreamFlow& flow, net::Interest interest) {
    ++live;
    flow.interest = interest;
    flow.source = std::make_unique<Source>(
        [this, &flow](net::Readiness readiness) { on_ready(flow, readiness); });
    flow.watch = loop.watch(flow.stream->fd(), interest, *flow.source);
    return flow.watch != 0;
}

void Worker::Impl::on_datagrams(UdpFlow& udp) {
    udp.socket.receive(batch);
    if (const auto arrival = batch.arrival()) {
        // The first is the oldest. The kernel's clock for it is that of the wall.
        turn_delay = std::clamp<Duration>(now.wall - *arrival, turn_delay, longest_delay);
    }
    if (batch.has_lost()) turn_delay = std::max(turn_delay, delay_of_lost);
    for (std::size_t i = 0; i < batch.count() && !udp.is_removed; ++i) {
        const auto datagram = batch[i];
        user->on_datagram(udp.listener, udp.id, datagram.remote, datagram.bytes, now);
    }
}

void Worker::Impl::on_acceptable(Listener& listener) {
    for (std::size_t i = 0; i < max_accepted_in_a_turn && !listener.is_removed; ++i) {
        net::TcpListener::Accepted accepted = listener.socket.accept();
        switch (accepted.outcome) {
            case net::TcpListener::Outcome::Accepted:
                accept(listener, std::move(accepted));
                break;
            case net::TcpListener::Outcome::Gone:
                break;
            case net::TcpListener::Outcome::Nothing:
                listener.full_since.reset();
                return;
            case net::TcpListener::Outcome::OutOfRoom:
                loop.change(listener.watch, net::Interest::None);
                wheel.add(now.monotonic + accept_pause, listener.id.value | listener_timer);
                return;
        }
    }
    // Others wait. The kernel does not say since when: it is since nobody did, at most.
    listener.full_since = listener.full_since.value_or(now.monotonic);
    turn_delay =
        std::clamp<Duration>(now.monotonic - *listener.full_since, turn_delay, longest_delay);
}

void Worker::Impl::accept(Listener& listener, net::TcpListener::Accepted accepted) {
    StreamFlow& flow = add_flow(next_flow(), listener.id, accepted.remote);
    if (live >= options.max_connections) {
        end(flow, CloseReason::TooMany, "");
        return;
    }
    const AcceptDecision decision = user->on_accept(listener.id, accepted.remote);
    if (!decision.is_admitted) {
        end(flow, CloseReason::NotAdmitted, "");
        return;
    }
    flow.handshake_timeout = decision.handshake_timeout;
    flow.idle_timeout = decision.idle_timeout;
    flow.stream = decision.tls ? net::TlsStream::accepted(std::move(accepted.fd), decision.tls)
                               : std::make_unique<net::TcpStream>(std::move(accepted.fd),
                                                                  net::Origin::Accepted);
    if (!watch(flow, net::Interest::Read)) {
        // Not TooMany: that says that the user was not asked, and this one may have counted it.
        end(flow, CloseReason::Reset, "the system watches no more descriptors");
        return;
    }
    flow.state = State::Handshaking;
    if (flow.stream->is_established()) {
        establish(flow);
    } else {
        set_timer(flow, now.monotonic + flow.handshake_timeout);
    }
}

void Worker::Impl::on_connected(StreamFlow& flow) {
    if (const int error = flow.stream->connect_error(); error != 0) {
        end(flow, CloseReason::ConnectFailed,
            net::SocketError::of("cannot connect to " + flow.remote.to_string(), error).sentence);
        return;
    }
    flow.state = State::Handshaking;
    flow.last_activity = now.monotonic;
    flow.stream->begin(now);
    if (flow.stream->is_established()) {
        if (!establish(flow)) return;
    } else {
        set_timer(flow, now.monotonic + flow.handshake_timeout);
    }
    queue_flush(flow);
}

void Worker::Impl::on_ready(StreamFlow& flow, net::Readiness readiness) {
    switch (flow.state) {
        case State::Connecting:
            on_connected(flow);
            return;
        case State::Handshaking:
        case State::Open:
            if (readiness.is_readable) on_readable(flow);
            break;
        case State::Flushing:
            if (readiness.is_readable && !flow.is_peer_done) {
                flow.is_peer_done = !flow.stream->drain(scratch);
            }
            break;
        case State::Lingering:
            if (!flow.stream->drain(scratch)) end(flow, flow.reason, std::move(flow.detail));
            return;
        case State::Ended:
            return;
    }
    if (flow.state != State::Ended) queue_flush(flow);
}

void Worker::Impl::on_readable(StreamFlow& flow) {
    plaintext.clear();
    flow.stream->receive(scratch, now, plaintext);
    flow.last_activity = now.monotonic;
    if (flow.state == State::Handshaking && flow.stream->is_established() && !establish(flow)) {
        return;
    }
    if (flow.state == State::Open && !plaintext.empty()) {
        if (std::exchange(flow.is_awaiting_first, false)) {
            set_idle_timer(flow);
        }
        user->on_stream(flow.id, plaintext, now);
    }
    if (flow.state != State::Handshaking && flow.state != State::Open) return;
    if (!flow.stream->end()) return;

    auto [reason, detail] = *flow.stream->end();
    const bool is_refused = reason == CloseReason::TlsOnPlain || reason == CloseReason::PlainOnTls;
    if (is_refused || reason == CloseReason::Reset) {
        end(flow, reason, std::move(detail));
    } else {
        // The alert of a failed handshake is to arrive, and so is our close_notify.
        finish(flow, reason, std::move(detail));
    }
}

// False if the user does not want it.
bool Worker::Impl::establish(StreamFlow& flow) {
    flow.state = State::Open;
    // A connection in the clear has no handshake; the same limit holds for its first octet.
    flow.is_awaiting_first = flow.listener && flow.stream->identity() == nullptr;
    if (flow.is_awaiting_first) {
        set_timer(flow, now.monotonic + flow.handshake_timeout);
    } else {
        set_idle_timer(flow);
    }
    const bool is_wanted =
        user->on_established(flow.id, flow.listener, flow.remote, flow.stream->identity(), now);
    // It may have closed the flow itself meanwhile.
    if (is_wanted) return true;
    if (flow.state != State::Ended) {
        end(flow, CloseReason::IdentityMismatch, "");
    }
    return false;
}

void Worker::Impl::finish(StreamFlow& flow, CloseReason reason, std::string detail) {
    flow.reason = reason;
    flow.detail = std::move(detail);
    flow.is_peer_done = reason == CloseReason::PeerClosed;
    flow.state = State::Flushing;
    flow.stream->finish();
    set_timer(flow, now.monotonic + options.flush_timeout);
    queue_flush(flow);
}

void Worker::Impl::end(StreamFlow& flow, CloseReason reason, std::string detail) {
    if (flow.state == State::Ended) return;
    flow.state = State::Ended;
    flow.reason = reason;
    flow.detail = std::move(detail);
    wheel.cancel(flow.timer);
    if (flow.stream) {
        loop.unwatch(flow.watch);
        --live;
    }
    // The stream stays until this is told: the user may be looking at its identity.
    ended.push_back(flow.id);
}

void Worker::Impl::set_timer(StreamFlow& flow, TimePoint deadline) {
    wheel.cancel(flow.timer);
    flow.timer = wheel.add(deadline, flow.id.value);
}

void Worker::Impl::set_idle_timer(StreamFlow& flow) {
    if (flow.idle_timeout > Duration(0)) {
        set_timer(flow, flow.last_activity + flow.idle_timeout);
    } else {
        wheel.cancel(flow.timer);
    }
}

void Worker::Impl::on_timer(StreamFlow& flow) {
    switch (flow.state) {
        case State::Connecting:
            end(flow, CloseReason::ConnectFailed, "no answer in time");
            return;
        case State::Handshaking:
            end(flow, CloseReason::HandshakeTimeout, "");
            return;
        case State::Open:
            // Set once and not for each message: activity is looked at when it has run out.
            if (flow.is_awaiting_first) {
                finish(flow, CloseReason::Idle, "no octet in time");
            } else if (flow.last_activity + flow.idle_timeout > now.monotonic) {
                set_idle_timer(flow);
            } else {
                finish(flow, CloseReason::Idle, "");
            }
            return;
        case State::Flushing:
        case State::Lingering:
            end(flow, flow.reason, std::move(flow.detail));
            return;
        case State::Ended:
            return;
    }
}

void Worker::Impl::on_timer_of_listener(ListenerId id) {
    const auto found = listeners.find(id);
    if (found != listeners.end()) loop.change(found->second->watch, net::Interest::Read);
}

void Worker::Impl::queue_flush(StreamFlow& flow) {
    if (!std::exchange(flow.is_queued, true)) queued.push_back(flow.id);
}

void Worker::Impl::flush(StreamFlow& flow) {
    flow.is_queued = false;
    if (flow.state == State::Connecting) return;
    if (flow.stream->waiting() > 0) flow.last_activity = now.monotonic;
    const bool was_over = flow.stream->end().has_value();
    flow.stream->flush();
    if (!was_over && flow.stream->end()) {
        auto [reason, detail] = *flow.stream->end();
        if (flow.state == State::Flushing) reason = flow.reason;
        end(flow, reason, std::move(detail));
        return;
    }
    if (flow.state == State::Flushing && !flow.stream->is_blocked()) {
        if (flow.is_peer_done) {
            end(flow, flow.reason, std::move(flow.detail));
            return;
        }
        flow.stream->shut_down_writing();
        flow.state = State::Lingering;
        set_timer(flow, now.monotonic + options.linger_timeout);
    }
    set_interest(flow);
}

void Worker::Impl::set_interest(StreamFlow& flow) {
    const bool is_reading = !flow.is_peer_done;
    net::Interest wanted = is_reading ? net::Interest::Read : net::Interest::None;
    if (flow.stream->is_blocked()) {
        wanted = is_reading ? net::Interest::ReadAndWrite : net::Interest::Write;
    }
    if (wanted == flow.interest) return;
    flow.interest = wanted;
    loop.change(flow.watch, wanted);
}

void Worker::Impl::flush_queued() {
    // Flushing calls nobody back, so nothing is added meanwhile.
    for (const FlowId id : queued) {
        if (StreamFlow* const flow = find(id)) flush(*flow);
    }
    queued.clear();
    for (const FlowId id : queued_udp) {
        const auto found = udp_flows.find(id);
        if (found == udp_flows.end()) continue;
        found->second->is_queued = false;
        found->second->socket.flush();
    }
    queued_udp.clear();
}

Duration Worker::Impl::time_to_wait(Duration max_wait) const {
    if (!ended.empty() || !queued.empty() || !queued_udp.empty()) return Duration(0);
    if (resolver != nullptr) max_wait = std::min(max_wait, resolver->time_to_wait());
    const TimePoint deadline = std::min(wheel.next_deadline(), user->next_deadline());
    if (deadline == TimePoint::max()) return max_wait;
    return std::clamp(deadline - options.clock().monotonic, Duration(0), max_wait);
}

void Worker::Impl::expire_timers() {
    expired.clear();
    wheel.advance(now.monotonic, expired);
    for (const std::uint64_t cookie : expired) {
        if ((cookie & listener_timer) != 0) {
            on_timer_of_listener({cookie & ~listener_timer});
        } else if (StreamFlow* const flow = find({cookie})) {
            flow->timer = {};
            on_timer(*flow);
        }
    }
}

// What ends while this tells is told in the next turn: a user that connects again at once to an
// address that is refused at once must not keep us here.
bool Worker::Impl::tell_ended() {
    const std::vector<FlowId> told = std::exchange(ended, {});
    for (const FlowId id : told) {
        const auto found = flows.find(id);
        const std::unique_ptr<StreamFlow> flow = std::move(found->second);
        flows.erase(found);
        flow->stream.reset();
        user->on_closed(id, flow->listener, flow->remote, flow->reason, flow->detail, now);
    }
    return !told.empty();
}

bool Worker::Impl::tell_answers() {
    if (resolver == nullptr) return false;
    resolver->on_time();
    const auto answers = resolver->take_answers();
    for (const auto& [question, answer] : answers) user->on_dns(question, answer, now);
    return !answers.empty();
}

// Where nothing was waited for, what is ready was so while the turn before went on, which began
// then: at worst for all of it.
void Worker::Impl::note_delay(TimePoint began) {
    const bool was_idle = now.monotonic - last_end >= no_wait;
    turn_delay = was_idle ? Duration(0) : std::min(now.monotonic - began, longest_delay);
}

void Worker::Impl::turn(Duration max_wait) {
    const Duration timeout = time_to_wait(max_wait);
    const TimePoint began = now.monotonic;
    bool has_events = loop.turn(timeout, [this, began] {
        now = options.clock();
        note_delay(began);
    }) > 0;
    expire_timers();
    has_events = !expired.empty() || has_events;
    has_events = tell_ended() || has_events;
    has_events = tell_answers() || has_events;
    if (has_events) user->on_delay(turn_delay, now);
    if (has_events || user->next_deadline() <= now.monotonic) user->on_time(now);
    flush_queued();
    removed_udp_flows.clear();
    removed_listeners.clear();
    last_end = options.clock().monotonic;
}

Worker::Worker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Worker::~Worker() = default;

Result<std::unique_ptr<Worker>, net::SocketError> Worker::create(WorkerOptions options) {
    net::Loop loop = TRY(net::Loop::create());
    std::unique_ptr<net::Mailbox> mailbox = TRY(net::Mailbox::create());
    auto impl = std::make_unique<Impl>(std::move(options), std::move(loop), std::move(mailbox));
    impl->mailbox_source =
        std::make_unique<Source>([box = impl->mailbox.get()](net::Readiness) { box->open_all(); });
    if (impl->loop.watch(impl->mailbox->fd(), net::Interest::Read, *impl->mailbox_source) == 0) {
        return fail(net::SocketError::of("cannot watch the mailbox", errno));
    }
    return std::unique_ptr<Worker>(new Worker(std::move(impl)));
}

void Worker::set_user(NetworkUser& user) {
    impl_->user = &user;
}

Result<Worker::UdpListener, net::SocketError> Worker::add_udp(
    const Endpoint& local, std::optional<std::uint8_t> type_of_service) {
    net::UdpSocket socket = TRY(net::UdpSocket::bind(local, impl_->options.port_sharing));
    if (type_of_service) socket.set_type_of_service(*type_of_service);
    return add({++impl_->last_listener}, std::move(socket));
}

Result<Worker::UdpListener, net::SocketError> Worker::add(ListenerId id, net::UdpSocket socket) {
    return impl_->add(id, udp_flow_id(id), std::move(socket));
}

Result<Worker::UdpListener, net::SocketError> Worker::Impl::add(ListenerId id, FlowId flow,
                                                                net::UdpSocket socket) {
    auto udp = std::make_unique<UdpFlow>(id, flow, std::move(socket));
    UdpFlow& added = *udp;
    added.source =
        std::make_unique<Source>([this, &added](net::Readiness) { on_datagrams(added); });
    added.watch = loop.watch(added.socket.fd(), net::Interest::Read, *added.source);
    if (added.watch == 0) return fail(net::SocketError::of("cannot watch a socket", errno));
    udp_flows.emplace(added.id, std::move(udp));
    return UdpListener{id, added.id, added.socket.local()};
}

FlowId Worker::open_udp(const Endpoint& remote) {
    const auto local = source_towards(remote);
    if (!local) return {};
    auto socket = net::UdpSocket::bind({*local, 0}, net::PortSharing::Exclusive);
    const FlowId id = impl_->next_flow();
    return socket && impl_->add({}, id, std::move(*socket)) ? id : FlowId{};
}

void Worker::close_udp(FlowId flow) {
    const auto found = impl_->udp_flows.find(flow);
    if (found == impl_->udp_flows.end()) return;
    impl_->remove(found);
}

Result<Worker::TcpListener, net::SocketError> Worker::add_tcp(
    const Endpoint& local, std::optional<std::uint8_t> type_of_service) {
    net::TcpListener socket = TRY(net::TcpListener::listen(local, impl_->options.port_sharing));
    if (type_of_service) socket.set_type_of_service(*type_of_service);
    return add({++impl_->last_listener}, std::move(socket));
}

Result<Worker::TcpListener, net::SocketError> Worker::add(ListenerId id, net::TcpListener socket) {
    auto listener = std::make_unique<Listener>(id, std::move(socket));
    Listener& added = *listener;
    added.source = std::make_unique<Source>(
        [impl = impl_.get(), &added](net::Readiness) { impl->on_acceptable(added); });
    added.watch = impl_->loop.watch(added.socket.fd(), net::Interest::Read, *added.source);
    if (added.watch == 0) return fail(net::SocketError::of("cannot watch a socket", errno));
    impl_->listeners.emplace(id, std::move(listener));
    return TcpListener{id, added.socket.local()};
}

void Worker::remove(ListenerId listener) {
    if (const auto found = impl_->listeners.find(listener); found != impl_->listeners.end()) {
        found->second->is_removed = true;
        impl_->loop.unwatch(found->second->watch);
        impl_->removed_listeners.push_back(std::move(found->second));
        impl_->listeners.erase(found);
        return;
    }
    for (auto it = impl_->udp_flows.begin(); it != impl_->udp_flows.end(); ++it) {
        if (it->second->listener != listener) continue;
        impl_->remove(it);
        return;
    }
}

void Worker::Impl::remove(UdpFlows::iterator udp) {
    udp->second->is_removed = true;
    udp->second->socket.flush();
    loop.unwatch(udp->second->watch);
    removed_udp_flows.push_back(std::move(udp->second));
    udp_flows.erase(udp);
}

void Worker::send_datagram(FlowId flow, const Endpoint& remote, std::string_view bytes) {
    const auto found = impl_->udp_flows.find(flow);
    if (found == impl_->udp_flows.end()) return;
    UdpFlow& udp = *found->second;
    udp.socket.queue(remote, bytes);
    if (!std::exchange(udp.is_queued, true)) impl_->queued_udp.push_back(flow);
}

void Worker::send(FlowId id, std::string_view bytes) {
    StreamFlow* const flow = impl_->find(id);
    if (flow == nullptr) return;
    if (flow->state == StreamFlow::State::Flushing || flow->state == StreamFlow::State::Lingering) {
        return;
    }
    if (flow->stream->waiting() + bytes.size() > impl_->options.write_queue_limit) {
        impl_->end(*flow, CloseReason::WriteQueueFull, "");
        return;
    }
    flow->stream->queue(bytes);
    impl_->queue_flush(*flow);
}

FlowId Worker::connect(const ConnectSpec& spec) {
    const FlowId id = impl_->next_flow();
    impl_->connect(id, spec);
    return id;
}

void Worker::connect_as(FlowId id, const ConnectSpec& spec) {
    impl_->connect(id, spec);
}

void Worker::Impl::connect(FlowId id, const ConnectSpec& spec) {
    CHECK((spec.transport == sip::Transport::Tls) == (spec.tls != nullptr));
    StreamFlow& flow = add_flow(id, {}, spec.remote);
    if (live >= options.max_connections) {
        end(flow, CloseReason::TooMany, "");
        return;
    }
    auto fd =
        net::TcpStream::connect(spec.remote, {spec.local, spec.local_ports, spec.type_of_service});
    if (!fd) {
        end(flow, CloseReason::ConnectFailed, std::move(fd.error().sentence));
        return;
    }
    flow.handshake_timeout = spec.handshake_timeout;
    flow.idle_timeout = spec.idle_timeout;
    flow.stream = spec.tls ? net::TlsStream::opened(std::move(*fd), spec.tls, spec.server_name)
                           : std::make_unique<net::TcpStream>(std::move(*fd), net::Origin::Opened);
    set_timer(flow, now.monotonic + spec.connect_timeout);
    if (!watch(flow, net::Interest::Write)) {
        end(flow, CloseReason::TooMany, "the system watches no more descriptors");
    }
}

void Worker::judge_again(FlowId id, const tls::Context& context) {
    StreamFlow* const flow = impl_->find(id);
    if (flow == nullptr || flow->stream == nullptr) return;
    const bool is_known = flow->state == StreamFlow::State::Open;
    if (!is_known || !flow->stream->would_be_trusted_by(context, now())) {
        close(id, CloseReason::NotTrusted);
    }
}

void Worker::close(FlowId id, CloseReason reason) {
    StreamFlow* const flow = impl_->find(id);
    if (flow == nullptr) return;
    switch (flow->state) {
        case StreamFlow::State::Connecting:
        case StreamFlow::State::Handshaking:
            impl_->end(*flow, reason, "");
            return;
        case StreamFlow::State::Open:
            impl_->finish(*flow, reason, "");
            return;
        case StreamFlow::State::Flushing:
        case StreamFlow::State::Lingering:
        case StreamFlow::State::Ended:
            return;
    }
}

Endpoint Worker::local_of(FlowId id) const {
    const StreamFlow* const flow = impl_->find(id);
    return flow == nullptr || flow->stream == nullptr ? Endpoint{} : flow->stream->local();
}

std::optional<IpAddress> Worker::source_towards(const Endpoint& remote) const {
    return net::source_towards(remote);
}

void Worker::query(const dns::Question& question) {
    if (impl_->resolver == nullptr) {
        impl_->resolver = std::make_unique<net::Resolver>(impl_->loop);
    }
    impl_->resolver->query(question);
}

void Worker::turn(Duration max_wait) {
    CHECK(impl_->user != nullptr);
    impl_->turn(max_wait);
}

void Worker::run() {
    while (!impl_->is_stopped.load(std::memory_order_acquire)) turn();
    while (!impl_->listeners.empty()) remove(impl_->listeners.begin()->first);
    impl_->now = impl_->options.clock();
    const TimePoint deadline =
        impl_->now.monotonic + impl_->options.flush_timeout + impl_->options.linger_timeout;
    while (!impl_->flows.empty() && impl_->now.monotonic < deadline) {
        for (const auto& [id, flow] : impl_->flows) close(id, CloseReason::Shutdown);
        turn(100ms);
    }
}

void Worker::post(std::function<void()> function) {
    impl_->mailbox->post(std::move(function));
}

void Worker::post(std::unique_ptr<net::Letter> letter) {
    impl_->mailbox->post(std::move(letter));
}

void Worker::stop() {
    impl_->is_stopped.store(true, std::memory_order_release);
    post([] {});
}

Now Worker::now() const {
    return impl_->now;
}
std::size_t Worker::connections() const {
    return impl_->live;
}

}  // namespace ringwall::engine
