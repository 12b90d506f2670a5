#include "engine/shard.h"

#include <algorithm>
#include <iterator>
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

ShardCounters& ShardCounters::operator+=(const ShardCounters& other) {
    messages_in += other.messages_in;
    messages_out += other.messages_out;
    sources_refused += other.sources_refused;
    not_sip += other.not_sip;
    faults_answered += other.faults_answered;
    faults_dropped += other.faults_dropped;
    strays += other.strays;
    handed_over += other.handed_over;
    for (std::size_t i = 0; i < closed.size(); ++i) {
        closed[i] += other.closed[i];
    }
    return *this;
}

Shard::Shard(Network& network, ShardUser& user, Timers timers, Now start, Place place, HashKey key)
    : network_(network),
      user_(user),
      place_(place),
      layer_(timers, key),
      wheel_(start.monotonic),
      now_(start) {}

void Shard::add_listener(ListenerId id, const Endpoint& local, sip::Transport transport,
                         FlowId udp_flow) {
    listeners_[id] = Listener{local, transport, udp_flow};
    if (transport == sip::Transport::Udp) {
        FlowState& state = flows_[udp_flow];
        state.flow = Flow{udp_flow, id, local, {}, transport, nullptr, true};
    }
}

void Shard::remove_listener(ListenerId id) {
    const auto found = listeners_.find(id);
    if (found == listeners_.end()) {
        return;
    }
    if (found->second.transport == sip::Transport::Udp) {
        flows_.erase(found->second.udp_flow);
    }
    listeners_.erase(found);
    network_.remove(id);
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

void Shard::respond_once(ServerId id, sip::MessagePtr response) {
    layer_.respond_once(id, std::move(response), fresh_);
    perform();
}

void Shard::rebind(ServerId id, const sip::Hop& to) {
    if (is_distant(to.flow)) {
        distant(to);
    }
    layer_.rebind(id, to);
}

ClientId Shard::cancel(ClientId invite, const Reasons& reasons) {
    const ClientId id = layer_.cancel(invite, reasons, fresh_);
    perform();
    return id;
}

void Shard::forget(ServerId id) {
    layer_.forget(id, fresh_);
    perform();
}

void Shard::forget(ClientId id) {
    layer_.forget(id, fresh_);
    perform();
}

void Shard::send_ack(const sip::Hop& to, const sip::MessagePtr& ack) {
    put(to, *ack);
}

Shard::TimerId Shard::start_timer(Duration after, std::uint64_t cookie) {
    const std::uint32_t slot = arm(after, UserTimer{cookie});
    return {std::uint64_t{timers_[slot].generation} << 32 | slot};
}

void Shard::stop_timer(TimerId id) {
    if (is_running(id)) {
        const auto slot = static_cast<std::uint32_t>(id.value);
        wheel_.cancel(timers_[slot].handle);
        release(slot);
    }
}

bool Shard::is_running(TimerId id) const {
    const auto slot = static_cast<std::uint32_t>(id.value);
    return slot < timers_.size() && timers_[slot].generation == id.value >> 32;
}

FlowId Shard::open_udp(const Endpoint& remote) {
    const FlowId flow = network_.open_udp(remote);
    if (flow) {
        own_sockets_.insert(flow);
    }
    return flow;
}

void Shard::close_udp(FlowId flow) {
    if (own_sockets_.erase(flow) > 0) {
        network_.close_udp(flow);
    }
}

FlowId Shard::connect(const ConnectSpec& spec, ShardNumber owner) {
    if (owner == place_.number) {
        const FlowId id = network_.connect(spec);
        flows_[id].flow =
            Flow{id, {}, {}, spec.remote, spec.transport, nullptr, false, spec.purpose};
        return id;
    }
    const auto mine = static_cast<ShardNumber>(place_.number + 1);  // 0: the network's own choice
    const FlowId id = make_flow_id(owner, mine, ++last_asked_flow_);
    distant_flows_[id].flow =
        Flow{id, {}, {}, spec.remote, spec.transport, nullptr, false, spec.purpose};
    place_.siblings->post_now(owner, Open{id, spec, place_.number});
    return id;
}

bool Shard::assure(FlowId flow, const ConnectSpec& spec) {
    if (is_distant(flow)) {
        Flow& known = distant({flow, spec.remote, spec.transport}).flow;
        if (!known.is_established) {  // else its owner has said what it is
            known.purpose = spec.purpose;
        }
        return true;
    }
    if (flows_.contains(flow)) {
        return true;
    }
    // What died before the letter came is not opened twice.
    if (is_owners_choice(flow) || !opened_early_.insert(flow).second) {
        return false;
    }
    begin(flow, spec);
    return true;
}

void Shard::begin(FlowId flow, const ConnectSpec& spec) {
    flows_[flow].flow =
        Flow{flow, {}, {}, spec.remote, spec.transport, nullptr, false, spec.purpose};
    network_.connect_as(flow, spec);
}

void Shard::close(FlowId flow, CloseReason reason) {
    if (is_distant(flow)) {
        place_.siblings->post(owner_of(flow), Close{flow, reason});
        return;
    }
    if (const auto found = flows_.find(flow); found != flows_.end()) {
        found->second.is_closing = true;
    }
    network_.close(flow, reason);
}

const Flow* Shard::flow(FlowId id) const {
    if (const auto found = flows_.find(id); found != flows_.end()) {
        return &found->second.flow;
    }
    const auto distant = distant_flows_.find(id);
    return distant == distant_flows_.end() ? nullptr : &distant->second.flow;
}

std::vector<Flow> Shard::connections() const {
    std::vector<Flow> out;
    for_each_connection([&](const Flow& flow) { out.push_back(flow); });
    return out;
}

// ---- the network --------------------------------------------------------------------------------

void Shard::on_datagram(ListenerId listener, FlowId flow, const Endpoint& remote,
                        std::string_view bytes, Now now) {
    (void)listener;
    now_ = now;
    if (own_sockets_.contains(flow)) {
        tell([&] { user_.on_octets(flow, remote, bytes); });
        return;
    }
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
    } else {
        flow.local = network_.local_of(id);
    }
    flow.transport = identity != nullptr ? sip::Transport::Tls : sip::Transport::Tcp;
    flow.identity =
        identity != nullptr ? std::make_shared<const tls::PeerIdentity>(*identity) : nullptr;
    flow.is_established = true;
    if (!user_.on_established(flow)) {
        return false;
    }
    tell_watchers(state.watchers, FlowKnown{flow});
    return true;
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
                       [&](sip::StreamFramer::Ping&) {
                           if (!take_pong(state)) {
                               network_.send(from.flow, "\r\n");
                           }
                       },
                       [&](sip::StreamFramer::Pong&) { take_pong(state); },
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

void Shard::ping(FlowId flow) {
    if (const auto found = flows_.find(flow); found != flows_.end()) {
        found->second.is_pinged = true;
        network_.send(flow, "\r\n\r\n");
    }
}

// The answers to two pings look like one of the peer's: what we asked for is what we get.
bool Shard::take_pong(FlowState& state) {
    if (!std::exchange(state.is_pinged, false)) {
        return false;
    }
    tell([&] { user_.on_pong(state.flow); });
    return true;
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
        tell([&] { user_.on_flow_closed(flow, reason, detail); });
        return;
    }
    const FlowState state = std::move(found->second);
    flows_.erase(found);
    tell([&] { user_.on_flow_closed(state.flow, reason, detail); });
    tell_watchers(state.watchers, FlowGone{id});
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
                        unlink(timer.transaction, timer.timer);
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
    if (place_.siblings != nullptr) {
        place_.siblings->flush();
    }
}

void Shard::on_delay(Duration waited, Now now) {
    now_ = now;
    user_.on_delay(waited);
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
    if (!parsed.message->is_request() && has_several_vias(*parsed.message)) {
        ++counters_.strays;  // RFC 3261 §8.1.3.3: it is not for us, and goes no further
        return true;
    }
    if (place_.siblings == nullptr || !hand_over(from, parsed.message)) {
        take(from, std::move(parsed.message));
    }
    return true;
}

void Shard::take(const sip::Hop& from, sip::MessagePtr message) {
    user_.on_message(Direction::In, from, *message);
    if (trace_) {
        user_.on_trace(Direction::In, from, *message);
    }
    layer_.on_message(from, std::move(message), fresh_);
    perform();
}

// ---- siblings -----------------------------------------------------------------------------------

// Is the flow a sibling's?
bool Shard::is_distant(FlowId flow) const {
    const ShardNumber owner = owner_of(flow);
    return place_.siblings != nullptr && owner != place_.number && owner != every_shard;
}

// One that a request came by was known here as long as it stood.
bool Shard::is_gone(FlowId flow) const {
    return is_distant(flow) && !distant_flows_.contains(flow);
}

// What is sent over a sibling's connection is to learn when that is closed, as over our own.
Shard::DistantFlow& Shard::distant(const sip::Hop& to) {
    const auto [entry, is_new] = distant_flows_.try_emplace(to.flow);
    if (is_new) {
        entry->second.flow = Flow{to.flow, {}, {}, to.remote, to.transport, nullptr, false};
        place_.siblings->post(owner_of(to.flow), Watch{to.flow, place_.number});
    }
    return entry->second;
}

HandedOver Shard::packed(const sip::Hop& from, sip::MessagePtr message, ShardNumber to) {
    HandedOver letter{{}, from, std::move(message)};
    if (const auto own = flows_.find(from.flow); own != flows_.end()) {
        letter.flow = own->second.flow;
        own->second.watchers |= std::uint64_t{1} << to;
    }
    return letter;
}

// True when it is another's business. `message` is moved away: no shard looks at what another has.
bool Shard::hand_over(const sip::Hop& from, sip::MessagePtr& message) {
    const auto bucket = owner_named_by(*message);
    const ShardNumber owner = bucket ? place_.owner(*bucket) : place_.number;
    if (owner != place_.number) {
        ++counters_.handed_over;
        place_.siblings->post(owner, packed(from, std::move(message), owner));
        return true;
    }
    // A CANCEL outside a dialog bears nothing of ours. It came as its INVITE came, or has to be
    // looked for.
    if (message->is_request() && message->method() == sip::Method::Cancel &&
        message->to_tag().empty() && !layer_.knows(*message)) {
        const auto next = static_cast<ShardNumber>((place_.number + 1) % place_.count());
        place_.siblings->post(next, Search{packed(from, std::move(message), next), place_.number});
        return true;
    }
    return false;
}

void Shard::open(Letter letter, Now now) {
    now_ = now;
    std::visit([this](auto& each) { open(std::move(each)); }, letter);
}

void Shard::open(HandedOver letter) {
    if (letter.flow.id && is_distant(letter.flow.id)) {
        distant_flows_[letter.flow.id].flow = std::move(letter.flow);
    }
    take(letter.from, std::move(letter.message));
}

void Shard::open(Search letter) {
    if (letter.asker == place_.number || layer_.knows(*letter.cancel.message)) {
        if (letter.cancel.flow.id && is_distant(letter.cancel.flow.id)) {
            // It watches no sibling yet but the one next to the asker.
            distant(letter.cancel.from).flow = letter.cancel.flow;
        }
        take(letter.cancel.from, std::move(letter.cancel.message));
        return;
    }
    const auto next = static_cast<ShardNumber>((place_.number + 1) % place_.count());
    place_.siblings->post(next, std::move(letter));
}

void Shard::open(const Watch& letter) {
    const auto found = flows_.find(letter.flow);
    if (found == flows_.end()) {
        place_.siblings->post(letter.by, FlowGone{letter.flow});
        return;
    }
    found->second.watchers |= std::uint64_t{1} << letter.by;
    if (found->second.flow.is_established) {
        place_.siblings->post(letter.by, FlowKnown{found->second.flow});
    }
}

void Shard::open(FlowKnown letter) {
    if (const auto found = distant_flows_.find(letter.flow.id); found != distant_flows_.end()) {
        found->second.flow = std::move(letter.flow);
    }
}

void Shard::open(const FlowGone& letter) {
    const auto found = distant_flows_.find(letter.flow);
    if (found == distant_flows_.end()) {
        return;
    }
    const DistantFlow gone = std::move(found->second);
    distant_flows_.erase(found);
    tell([&] { user_.on_flow_lost(gone.flow); });
    for (const AnyId& transaction : gone.transactions) {
        layer_.on_transport_error(transaction, fresh_);
        perform();
    }
}

void Shard::open(const Open& letter) {
    if (opened_early_.erase(letter.flow) == 0) {
        begin(letter.flow, letter.spec);
    }
    open(Watch{letter.flow, letter.by});
}

void Shard::tell_watchers(std::uint64_t watchers, const Letter& letter) {
    for (ShardNumber each = 0; watchers != 0; ++each, watchers >>= 1) {
        if ((watchers & 1) != 0) {
            place_.siblings->post(each, letter);
        }
    }
}

// ---- messages that cannot be read ---------------------------------------------------------------

// RFC 3261 §16.3, §21.4.1: a request that cannot be read is answered without state, to where it
// came from. An ACK is never answered.
void Shard::answer_fault(const sip::Hop& from, const sip::Message& request,
                         const sip::ParseError& fault) {
    if (!request.is_request() || request.method() == sip::Method::Ack) {
        ++counters_.faults_dropped;
        return;
    }
    const sip::MessagePtr answer = user_.on_fault(from, request, fault);
    if (answer == nullptr) {
        ++counters_.faults_dropped;
        return;
    }
    ++counters_.faults_answered;
    put(from, *answer);
}

sip::MessagePtr ShardUser::on_fault(const sip::Hop& /*from*/, const sip::Message& request,
                                    const sip::ParseError& fault) {
    return sip::reply(request, fault.status(), fault_tag, fault.reason()).build();
}

void Shard::perform() {
    queue_fresh();
    if (is_performing_) {
        return;  // the outermost call goes on
    }
    is_performing_ = true;
    drain();
    is_performing_ = false;
}

void Shard::queue_fresh() {
    if (queue_.empty()) {
        queue_.swap(fresh_);
        return;
    }
    std::ranges::move(fresh_, std::back_inserter(queue_));
    fresh_.clear();
}

void Shard::drain() {
    for (std::size_t i = 0; i < queue_.size(); ++i) {  // it grows meanwhile
        Action action = std::move(queue_[i]);
        perform(action);
    }
    queue_.clear();
}

void Shard::perform(Action& action) {
    std::visit(
        Visitor{
            [&](const Transmit& transmit_action) { transmit(transmit_action); },
            [&](const StartTimer& timer) { start(timer); },
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
    const auto* server = std::get_if<ServerId>(&action.transaction);
    if ((server != nullptr && is_gone(action.hop.flow)) || !put(action.hop, *action.message)) {
        const auto other =
            server != nullptr ? user_.way_back(action.hop, *action.message) : std::nullopt;
        if (other && *other != action.hop) {
            layer_.rebind(*server, *other);
            transmit(Transmit{action.transaction, *other, action.message});
            return;
        }
        layer_.on_transport_error(action.transaction, fresh_);
        queue_fresh();
        return;
    }
    if (action.hop.transport == sip::Transport::Udp) {
        return;
    }
    const auto own = flows_.find(action.hop.flow);
    remember(own != flows_.end() ? own->second.transactions
                                 : distant_flows_.at(action.hop.flow).transactions,
             action.transaction);
}

// False when the flow is gone.
bool Shard::put(const sip::Hop& to, const sip::Message& message) {
    const bool is_far = is_distant(to.flow);
    if (is_far) {
        distant(to);
    } else if (flows_.find(to.flow) == flows_.end()) {
        return false;
    }
    ++counters_.messages_out;
    user_.on_message(Direction::Out, to, message);
    if (trace_) {
        user_.on_trace(Direction::Out, to, message);
    }
    if (to.transport == sip::Transport::Udp) {
        network_.send_datagram(to.flow, to.remote, message.bytes());
    } else if (is_far) {
        place_.siblings->post(owner_of(to.flow), Octets{to.flow, std::string(message.bytes())});
    } else {
        network_.send(to.flow, message.bytes());
    }
    return true;
}

void Shard::remember(std::vector<AnyId>& list, const AnyId& transaction) {
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

std::uint32_t Shard::arm(Duration after, const TimerRecord& record) {
    if (free_timers_.empty()) {
        free_timers_.push_back(static_cast<std::uint32_t>(timers_.size()));
        timers_.emplace_back();
    }
    const std::uint32_t slot = free_timers_.back();
    free_timers_.pop_back();
    TimerSlot& timer = timers_[slot];
    timer.record = record;
    timer.handle = wheel_.add(now_.monotonic + after, std::uint64_t{timer.generation} << 32 | slot);
    return slot;
}

void Shard::release(std::uint32_t slot) {
    ++timers_[slot].generation;
    free_timers_.push_back(slot);
}

void Shard::start(const StartTimer& timer) {
    stop(timer.transaction, timer.timer);
    const std::uint32_t slot = arm(timer.after, TransactionTimer{timer.transaction, timer.timer});
    std::uint32_t& first = first_timer(timer.transaction);
    timers_[slot].next = first;
    first = slot;
}

void Shard::stop(const AnyId& transaction, Timer timer) {
    const std::uint32_t slot = unlink(transaction, timer);
    if (slot == no_timer) {
        return;
    }
    // It may have expired in this very turn: by its generation it does not fire any more.
    wheel_.cancel(timers_[slot].handle);
    release(slot);
}

std::uint32_t& Shard::first_timer(const AnyId& transaction) {
    std::vector<std::uint32_t>& firsts = first_timers_[transaction.index()];
    const std::uint64_t id = std::visit([](const auto& one) { return one.value; }, transaction);
    const auto slot = static_cast<std::uint32_t>(id);  // the rest is the generation
    if (slot >= firsts.size()) {
        firsts.resize(slot + std::size_t{1}, no_timer);
    }
    return firsts[slot];
}

// From the list of the transaction's timers: the one of that name, or none.
std::uint32_t Shard::unlink(const AnyId& transaction, Timer timer) {
    std::uint32_t* link = &first_timer(transaction);
    while (*link != no_timer) {
        const std::uint32_t slot = *link;
        const auto& its = std::get<TransactionTimer>(timers_[slot].record);
        if (its.transaction == transaction && its.timer == timer) {
            *link = timers_[slot].next;
            return slot;
        }
        link = &timers_[slot].next;
    }
    return no_timer;
}

}  // namespace ringwall::engine
