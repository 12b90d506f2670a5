#include "engine/shard.h"

#include <utility>
#include <variant>

#include "base/visitor.h"
#include "sip/message_builder.h"

namespace ringwall::engine {

using namespace sip::transaction;

namespace {

// How long a message that has begun on a stream may take to be whole.
constexpr Duration partial_message_limit = 32s;

bool has_several_vias(const sip::Message& message) {
    const bool is_plainly_one =
        message.count(sip::HeaderName::Via) == 1 &&
        message.header(sip::HeaderName::Via)->value.find(',') == std::string_view::npos;
    return !is_plainly_one && message.values(sip::HeaderName::Via).size() > 1;
}

}  // namespace

Shard::Shard(Network& network, ShardUser& user, Timers timers, Now start)
    : network_(network), user_(user), layer_(timers), wheel_(start.monotonic), now_(start) {}

void Shard::add_listener(ListenerId id, const Endpoint& local, sip::Transport transport,
                         FlowId udp_flow) {
    listeners_[id] = Listener{local, transport};
    if (transport == sip::Transport::Udp) {
        FlowState& state = flows_[udp_flow];
        state.flow = Flow{udp_flow, id, local, {}, transport, nullptr, true};
    }
}

// ---- services -----------------------------------------------------------------------------------

ClientId Shard::send_request(const sip::Hop& to, sip::MessagePtr request) {
    const ClientId id = layer_.send(to, std::move(request), fresh_);
    perform();
    return id;
}

void Shard::respond(ServerId id, sip::MessagePtr response) {
    layer_.respond(id, std::move(response), fresh_);
    perform();
}

ClientId Shard::cancel(ClientId invite) {
    const ClientId id = layer_.cancel(invite, fresh_);
    perform();
    return id;
}

void Shard::forget(ServerId id) {
    layer_.forget(id, fresh_);
    perform();
}

void Shard::send_ack(const sip::Hop& to, const sip::MessagePtr& ack) {
    put(to, *ack);
}

void Shard::start_timer(Duration after, std::uint64_t cookie) {
    arm(after, UserTimer{cookie});
}

FlowId Shard::connect(const ConnectSpec& spec) {
    const FlowId id = network_.connect(spec);
    FlowState& state = flows_[id];
    state.flow = Flow{id, {}, {}, spec.remote, spec.transport, nullptr, false};
    return id;
}

void Shard::close(FlowId flow, CloseReason reason) {
    if (const auto found = flows_.find(flow); found != flows_.end()) {
        found->second.is_closing = true;
    }
    network_.close(flow, reason);
}

const Flow* Shard::flow(FlowId id) const {
    const auto found = flows_.find(id);
    return found == flows_.end() ? nullptr : &found->second.flow;
}

// ---- the network --------------------------------------------------------------------------------

void Shard::on_datagram(ListenerId listener, FlowId flow, const Endpoint& remote,
                        std::string_view bytes, Now now) {
    (void)listener;
    now_ = now;
    const auto found = flows_.find(flow);
    if (found == flows_.end() || !user_.on_datagram_source(found->second.flow, remote)) {
        ++counters_.sources_refused;
        return;
    }
    if (bytes.find_first_not_of("\r\n") == std::string_view::npos) {
        return;  // keep-alive (RFC 5626 §3.5.1 leaves UDP to STUN; phones send CRLF all the same)
    }
    std::string octets;
    octets.reserve(bytes.size() + sip::Message::stamp_room);
    octets.append(bytes);
    receive(sip::Hop{flow, remote, sip::Transport::Udp}, std::move(octets), sip::Framing::Datagram);
}

AcceptDecision Shard::on_accept(ListenerId listener, const Endpoint& remote) {
    return user_.on_accept(listener, remote);
}

bool Shard::on_established(FlowId id, ListenerId listener, const Endpoint& remote,
                           const tls::PeerIdentity* identity, Now now) {
    now_ = now;
    FlowState& state = flows_[id];
    Flow& flow = state.flow;
    flow.id = id;
    flow.listener = listener;
    flow.remote = remote;
    if (const auto found = listeners_.find(listener); found != listeners_.end()) {
        flow.local = found->second.local;
    }
    flow.transport = identity != nullptr ? sip::Transport::Tls : sip::Transport::Tcp;
    flow.identity =
        identity != nullptr ? std::make_shared<const tls::PeerIdentity>(*identity) : nullptr;
    flow.is_established = true;
    return user_.on_established(flow);
}

void Shard::on_stream(FlowId id, std::string_view bytes, Now now) {
    now_ = now;
    const auto found = flows_.find(id);
    if (found == flows_.end() || found->second.is_closing) {
        return;
    }
    FlowState& state = found->second;
    state.framer.feed(bytes);
    while (!state.is_closing) {
        auto event = state.framer.next();
        if (!event) {
            break;
        }
        handle(state, std::move(*event));
    }
    const bool is_partial = !state.is_closing && state.framer.pending() > 0;
    if (is_partial && !state.is_partial) {
        arm(partial_message_limit, PartialWatch{id, ++state.partial_generation});
    }
    state.is_partial = is_partial;
}

void Shard::handle(FlowState& state, sip::StreamFramer::Event event) {
    const sip::Hop from{state.flow.id, state.flow.remote, state.flow.transport};
    std::visit(Visitor{[&](sip::StreamFramer::WholeMessage& whole) {
                           ++state.partial_generation;
                           state.is_partial = false;
                           if (!receive(from, std::move(whole.bytes), sip::Framing::Stream)) {
                               close(from.flow, CloseReason::Framing);
                           }
                       },
                       [&](sip::StreamFramer::Ping&) { network_.send(from.flow, "\r\n"); },
                       [](sip::StreamFramer::Pong&) {},
                       [&](sip::StreamFramer::Broken& broken) {
                           const auto parsed =
                               sip::Message::parse(std::move(broken.head), sip::Framing::Datagram);
                           if (parsed.message != nullptr && parsed.message->is_request()) {
                               answer_fault(from, *parsed.message, broken.error);
                           } else {
                               ++counters_.not_sip;
                           }
                           close(from.flow, CloseReason::Framing);
                       }},
               event);
}

void Shard::on_closed(FlowId id, ListenerId listener, const Endpoint& remote, CloseReason reason,
                      std::string_view detail, Now now) {
    now_ = now;
    ++counters_.closed.at(static_cast<std::size_t>(reason));
    const auto found = flows_.find(id);
    if (found == flows_.end()) {  // never established
        Flow flow{id, listener, {}, remote, sip::Transport::Tcp, nullptr, false};
        if (const auto known = listeners_.find(listener); known != listeners_.end()) {
            flow.local = known->second.local;
        }
        user_.on_flow_closed(flow, reason, detail);
        return;
    }
    const FlowState state = std::move(found->second);
    flows_.erase(found);
    tell([&] { user_.on_flow_closed(state.flow, reason, detail); });
    for (const AnyId& transaction : state.transactions) {
        layer_.on_transport_error(transaction, fresh_);
        perform();
    }
}

void Shard::on_dns(const dns::Question& question, const dns::Answer& answer, Now now) {
    now_ = now;
    tell([&] { user_.on_dns(question, answer); });
}

void Shard::on_time(Now now) {
    now_ = now;
    std::vector<std::uint64_t> expired;
    wheel_.advance(now.monotonic, expired);
    for (const std::uint64_t cookie : expired) {
        const auto slot = static_cast<std::uint32_t>(cookie);
        if (timers_[slot].generation != cookie >> 32) {
            continue;  // stopped by what fired before it in this turn
        }
        const TimerRecord record = timers_[slot].record;
        release(slot);
        std::visit(
            Visitor{[](std::monostate) {},
                    [&](const TransactionTimer& timer) {
                        armed_.erase(key_of(timer.transaction, timer.timer));
                        layer_.on_timer(timer.transaction, timer.timer, fresh_);
                        perform();
                    },
                    [&](const UserTimer& timer) { tell([&] { user_.on_timer(timer.cookie); }); },
                    [&](const PartialWatch& watch) {
                        const auto found = flows_.find(watch.flow);
                        if (found != flows_.end() && found->second.is_partial &&
                            found->second.partial_generation == watch.generation) {
                            close(watch.flow, CloseReason::Framing);
                        }
                    }},
            record);
    }
}

TimePoint Shard::next_deadline() const {
    return wheel_.next_deadline();
}

// ---- messages -----------------------------------------------------------------------------------

bool Shard::receive(const sip::Hop& from, std::string bytes, sip::Framing framing) {
    sip::Parsed parsed = sip::Message::parse(std::move(bytes), framing, from.remote);
    if (parsed.message == nullptr) {
        ++counters_.not_sip;
        return false;
    }
    ++counters_.messages_in;
    if (parsed.fault) {
        answer_fault(from, *parsed.message, *parsed.fault);
        return true;
    }
    if (trace_) {
        user_.on_trace(Direction::In, from, *parsed.message);
    }
    if (!parsed.message->is_request() && has_several_vias(*parsed.message)) {
        ++counters_.strays;  // RFC 3261 §8.1.3.3: it is not for us, and goes no further
        return true;
    }
    layer_.on_message(from, std::move(parsed.message), fresh_);
    perform();
    return true;
}

// RFC 3261 §16.3, §21.4.1: a request that cannot be read is answered without state, to where it
// came from. An ACK is never answered.
void Shard::answer_fault(const sip::Hop& from, const sip::Message& request,
                         const sip::ParseError& fault) {
    if (!request.is_request() || request.method() == sip::Method::Ack) {
        ++counters_.faults_dropped;
        return;
    }
    ++counters_.faults_answered;
    put(from, *sip::reply(request, fault.status(), "rejected", fault.reason()).build());
}

void Shard::perform() {
    for (Action& action : fresh_) {
        queue_.push_back(std::move(action));
    }
    fresh_.clear();
    if (is_performing_) {
        return;  // the outermost call goes on
    }
    is_performing_ = true;
    drain();
    is_performing_ = false;
}

// What the user does from within is queued and performed when it has returned: none of its
// functions is entered while another runs.
template <class Function>
void Shard::tell(Function&& function) {
    if (is_performing_) {
        function();
        return;
    }
    is_performing_ = true;
    function();
    for (Action& action : fresh_) {
        queue_.push_back(std::move(action));
    }
    fresh_.clear();
    drain();
    is_performing_ = false;
}

void Shard::drain() {
    while (!queue_.empty()) {
        Action action = std::move(queue_.front());
        queue_.pop_front();
        perform(action);
    }
}

void Shard::perform(Action& action) {
    std::visit(
        Visitor{
            [&](const Transmit& transmit_action) { transmit(transmit_action); },
            [&](const StartTimer& start) {
                stop(start.transaction, start.timer);
                armed_[key_of(start.transaction, start.timer)] =
                    arm(start.after, TransactionTimer{start.transaction, start.timer});
            },
            [&](const StopTimer& halt) { stop(halt.transaction, halt.timer); },
            [&](const NewRequest& request) {
                user_.on_request(request.id, request.from, request.request, request.cancelled);
            },
            [&](const Ack& ack) { user_.on_ack(ack.from, ack.request); },
            [&](const NewResponse& response) {
                user_.on_response(response.id, response.from, response.response);
            },
            [&](const ClientFailed& failed) { user_.on_client_failed(failed.id, failed.cause); },
            [&](const ServerEnded& ended) { user_.on_server_ended(ended.id, ended.cause); },
            [&](const ClientEnded& ended) { user_.on_client_ended(ended.id); },
            [&](const Stray&) { ++counters_.strays; }},
        action);
}

void Shard::transmit(const Transmit& action) {
    if (!put(action.hop, *action.message)) {
        layer_.on_transport_error(action.transaction, fresh_);
        for (Action& next : fresh_) {
            queue_.push_back(std::move(next));
        }
        fresh_.clear();
        return;
    }
    if (action.hop.transport != sip::Transport::Udp) {
        remember(flows_.at(action.hop.flow), action.transaction);
    }
}

// False when the flow is gone.
bool Shard::put(const sip::Hop& to, const sip::Message& message) {
    if (flows_.find(to.flow) == flows_.end()) {
        return false;
    }
    ++counters_.messages_out;
    if (trace_) {
        user_.on_trace(Direction::Out, to, message);
    }
    if (to.transport == sip::Transport::Udp) {
        network_.send_datagram(to.flow, to.remote, message.bytes());
    } else {
        network_.send(to.flow, message.bytes());
    }
    return true;
}

void Shard::remember(FlowState& state, const AnyId& transaction) {
    auto& list = state.transactions;
    if (!list.empty() && list.back() == transaction) {
        return;
    }
    if (list.size() == list.capacity()) {  // before it grows: those that ended go
        std::erase_if(list, [&](const AnyId& id) {
            return std::visit([&](const auto& one) { return layer_.hop(one) == nullptr; }, id);
        });
    }
    list.push_back(transaction);
}

Shard::Armed Shard::arm(Duration after, const TimerRecord& record) {
    if (free_timers_.empty()) {
        free_timers_.push_back(static_cast<std::uint32_t>(timers_.size()));
        timers_.emplace_back();
    }
    const std::uint32_t slot = free_timers_.back();
    free_timers_.pop_back();
    timers_[slot].record = record;
    const std::uint64_t cookie = std::uint64_t{timers_[slot].generation} << 32 | slot;
    return {wheel_.add(now_.monotonic + after, cookie), slot};
}

void Shard::release(std::uint32_t slot) {
    ++timers_[slot].generation;
    free_timers_.push_back(slot);
}

Shard::TimerKey Shard::key_of(const AnyId& transaction, Timer timer) {
    const std::uint64_t id = std::visit([](const auto& one) { return one.value; }, transaction);
    const bool is_client = std::holds_alternative<ClientId>(transaction);
    return {id, static_cast<std::uint8_t>(2 * static_cast<int>(timer) + (is_client ? 1 : 0))};
}

void Shard::stop(const AnyId& transaction, Timer timer) {
    const auto found = armed_.find(key_of(transaction, timer));
    if (found == armed_.end()) {
        return;
    }
    // It may have expired in this very turn: by its generation it does not fire any more.
    wheel_.cancel(found->second.handle);
    release(found->second.slot);
    armed_.erase(found);
}

}  // namespace ringwall::engine
