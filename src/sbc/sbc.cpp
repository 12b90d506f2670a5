#include "sbc/sbc.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "base/visitor.h"
#include "sbc/b2bua/call.h"
#include "sbc/b2bua/forwarded_request.h"
#include "sbc/b2bua/refer_to.h"
#include "sbc/b2bua/refusal.h"
#include "sbc/b2bua/subscription.h"
#include "sbc/b2bua/tag.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sbc/peer_hop.h"
#include "sbc/policy/adjacency_selection.h"
#include "sbc/policy/carried.h"
#include "sbc/policy/emergency.h"
#include "sbc/policy/refusal_rule.h"
#include "sbc/record/trace.h"
#include "sbc/sbc_admission.h"
#include "sbc/source.h"
#include "sip/message_builder.h"

namespace ringwall::sbc {

using b2bua::CallRef;
using sip::HeaderName;
using sip::Method;
using sip::transaction::ClientId;
using sip::transaction::ServerId;
using sip::transaction::TerminationCause;

namespace {

constexpr std::uint64_t expiry_cookie = UINT64_MAX;
constexpr std::uint64_t newcomers_cookie = UINT64_MAX - 1;
constexpr std::size_t max_gone = 256;
// Each kind of what strangers can cause.
constexpr std::uint32_t lines_a_second = 100;

// A phone's certificate is looked at when it says who it is; a trunk's must be the trunk's.
bool is_known(const Adjacency& adjacency, const tls::PeerIdentity* identity) {
    return adjacency.profile == Profile::Access ? identity != nullptr && identity->has_certificate
                                                : Connections::is_peer_genuine(adjacency, identity);
}

// Where the next request goes (RFC 3261 §12.2.1.1): by the first route, else to the remote target.
std::string next_uri(const sip::Dialog& dialog) {
    if (!dialog.route_set().empty()) {
        if (const auto route = sip::parse_name_addr(dialog.route_set().front())) {
            return std::string(route->uri.text);
        }
    }
    return dialog.remote_target();
}

// RFC 3263 §4.1: by what the next request goes.
bool says_tcp(const sip::Uri& uri) {
    const auto transport = uri.parameters.find("transport");
    return uri.scheme == sip::Scheme::Sip && transport && equals_ignoring_case(*transport, "tcp");
}

}  // namespace

Sbc::Sbc(Shared& shared, engine::Network& network, Random& random, Observer& observer,
         SnapshotPtr snapshot, Now start, engine::Place place, sip::transaction::Timers timers)
    : shared_(shared),
      random_(random),
      observer_(observer),
      snapshot_(std::move(snapshot)),
      timers_(timers),
      shard_(network, *this, timers, start, place, HashKey::make(random)),
      connections_(shard_, shared.connections),
      locator_(shard_, random, shared.outages),
      failover_(shard_, connections_, locator_, random, timers_),
      shed_tags_(HashKey::make(random)),
      refusal_lines_(lines_a_second),
      closing_lines_(lines_a_second),
      request_rates_(Blacklist::max_sources),
      registrar_(shared.location, shared.register_order),
      nonces_(random),
      nonce_window_(nonces_.lifetime()),
      registrations_(shard_, connections_, locator_, random, counters_),
      pings_(shard_, connections_, locator_, random, counters_, shared.outages),
      media_(shard_, random) {
    media_.take(snapshot_->media_engine);
    if (place.number == 0) {
        registrations_.take(snapshot_);
        pings_.take(snapshot_);
    }
}

std::vector<Sbc::ListenRequest> Sbc::listeners(const Snapshot& snapshot) {
    std::vector<ListenRequest> wanted;
    const auto add = [&](ListenRequest request) {
        if (std::find(wanted.begin(), wanted.end(), request) == wanted.end()) {
            wanted.push_back(request);
        }
    };
    for (const Adjacency& adjacency : snapshot.adjacencies) {
        if (!adjacency.is_attached) {
            continue;
        }
        const Endpoint local{adjacency.signaling_address, adjacency.signaling_port};
        add({local, sip::Transport::Tcp});
        if (!adjacency.is_encrypted()) {
            add({local, sip::Transport::Udp});
        }
    }
    return wanted;
}

void Sbc::add_listener(engine::ListenerId id, const Endpoint& local, sip::Transport transport,
                       FlowId udp_flow) {
    listeners_[id] = {local, transport};
    if (transport == sip::Transport::Udp) {
        connections_.add_socket(local, udp_flow);
    }
    shard_.add_listener(id, local, transport, udp_flow);
}

// ---- who is there -------------------------------------------------------------------------------

std::optional<AdjacencyIndex> Sbc::adjacency_of(const Snapshot& snapshot,
                                                const sip::Hop& hop) const {
    const engine::Flow* flow = shard_.flow(hop.flow);
    if (flow == nullptr) {
        return std::nullopt;
    }
    return flow->purpose ? flow->purpose
                         : policy::find_adjacency(snapshot, flow->local, hop.remote.address);
}

// Of a connection.
std::optional<AdjacencyIndex> Sbc::adjacency_of(const engine::Flow& flow) const {
    return flow.purpose ? flow.purpose
                        : policy::find_adjacency(*snapshot_, flow.local, flow.remote.address);
}

// Of a connection that another worker has, and of which we have not heard more than that yet.
std::optional<AdjacencyIndex> Sbc::adjacency_of_phone(FlowId flow) const {
    for (const std::string& user : shared_.location.registered_on(flow, now().monotonic)) {
        for (const auto& binding : shared_.location.find(user, now().monotonic)) {
            if (binding.hop.flow == flow) {
                return binding.adjacency;
            }
        }
    }
    return std::nullopt;
}

bool Sbc::on_datagram_source(const engine::Flow& flow, const Endpoint& remote) {
    const auto takes = [&](const Snapshot& snapshot) {
        const auto index = policy::find_adjacency(snapshot, flow.local, remote.address);
        return index && snapshot.adjacencies[*index].is_attached &&
                       !snapshot.adjacencies[*index].is_encrypted()
                   ? index
                   : std::nullopt;
    };
    if (takes(*snapshot_)) {
        return true;
    }
    // A peer of calls that go on by what was before. What it has to say besides comes to nothing.
    return std::ranges::any_of(former_, [&](const auto& each) {
        const SnapshotPtr former = each.lock();
        const auto index = former == nullptr ? std::nullopt : takes(*former);
        return index && (snapshot_->adjacencies[*index].is_attached ||
                         std::ranges::find(going_down_, *index) != going_down_.end());
    });
}

engine::AcceptDecision Sbc::on_accept(engine::ListenerId listener, const Endpoint& remote) {
    engine::AcceptDecision decision;
    const auto local = listeners_.find(listener);
    if (local == listeners_.end()) {
        return decision;
    }
    const auto index = policy::find_adjacency(*snapshot_, local->second.local, remote.address);
    if (!index || !snapshot_->adjacencies[*index].is_attached) {
        return decision;
    }
    const Adjacency& adjacency = snapshot_->adjacencies[*index];
    if (!may_connect(*index, remote.address) ||
        (adjacency.is_encrypted() && sheds_handshake(*index, remote.address))) {
        return decision;
    }
    if (!adjacency.is_trusted() && !shared_.strangers.admit(*index, remote.address)) {
        return decision;
    }
    if (adjacency.is_encrypted() && !shared_.newcomers.admit(*index, remote)) {
        return decision;
    }
    arrivals_[{listener, remote}] = {*index, adjacency.security};
    decision.is_admitted = true;
    decision.tls = adjacency.is_encrypted() ? adjacency.tls_server : nullptr;
    decision.handshake_timeout = adjacency.tls_handshake_timeout;
    if (adjacency.profile == Profile::Access) {
        // A binding goes with its connection: that may be silent for as long as the binding holds.
        constexpr std::chrono::seconds longest_binding(registrar::RegistrarLimits{}.max_expiry);
        decision.idle_timeout = longest_binding + 60s;
    }
    return decision;
}

bool Sbc::on_established(const engine::Flow& flow) {
    if (flow.listener) {  // the pipeline looks at its certificate with every request
        const auto arrival = arrivals_.extract({flow.listener, flow.remote});
        const auto index =
            arrival.empty() ? adjacency_of(flow) : std::optional(arrival.mapped().adjacency);
        if (!index) {
            return false;
        }
        shard_.mark(flow.id, *index);
        const Adjacency& adjacency = snapshot_->adjacencies[*index];
        const bool is_still = arrival.empty() || arrival.mapped().security == adjacency.security;
        if (!adjacency.is_attached || !is_still) {
            return false;
        }
        watch_newcomer(flow, *index);
        return true;
    }
    const AdjacencyIndex index = flow.purpose.value_or(0);
    const Adjacency& adjacency = snapshot_->adjacencies[index];
    if (Connections::is_peer_genuine(adjacency, flow.identity.get())) {
        return true;
    }
    std::string names;
    if (flow.identity != nullptr) {
        for (const std::string& name : flow.identity->identities()) {
            names.append(names.empty() ? "" : ",").append(name);
        }
    }
    log::warning("connection.refused", {{"adjacency", adjacency.name},
                                        {"peer", flow.remote.to_string()},
                                        {"reason", "certificate-name"},
                                        {"names", names}});
    return false;
}

void Sbc::watch_newcomer(const engine::Flow& flow, AdjacencyIndex index) {
    if (!snapshot_->adjacencies[index].is_encrypted()) {
        return;
    }
    if (is_known(snapshot_->adjacencies[index], flow.identity.get())) {
        shared_.newcomers.make_known(index, flow.remote);
        return;
    }
    if (newcomers_.empty()) {
        shard_.start_timer(Newcomers::patience, newcomers_cookie);
    }
    newcomers_.push_back({flow.id, index, flow.remote, now().monotonic + Newcomers::patience});
}

void Sbc::close_newcomers() {
    while (!newcomers_.empty() && newcomers_.front().patience_ends <= now().monotonic) {
        const Newcomer newcomer = newcomers_.front();
        newcomers_.pop_front();
        const engine::Flow* flow = shard_.flow(newcomer.flow);
        if (flow != nullptr && shared_.newcomers.contains(newcomer.adjacency, newcomer.source)) {
            shard_.close(newcomer.flow, CloseReason::Idle);
        }
    }
    if (!newcomers_.empty()) {
        shard_.start_timer(newcomers_.front().patience_ends - now().monotonic, newcomers_cookie);
    }
}

void Sbc::on_flow_closed(const engine::Flow& flow, CloseReason reason, std::string_view detail) {
    const auto arrival = arrivals_.extract({flow.listener, flow.remote});
    const auto which =
        arrival.empty() ? adjacency_of(flow) : std::optional(arrival.mapped().adjacency);
    const std::string name = which ? snapshot_->adjacencies[*which].name : "none";
    counters_.add("connections_closed", to_string(reason));
    if (which && is_failed_handshake(reason)) {
        ++passed_on(*which).handshakes_failed[static_cast<std::size_t>(reason)];
    }
    if (!flow.listener || !is_of_nobody(flow.id) || may_log(closing_lines_, "closings")) {
        log::info("connection.closed", {{"adjacency", name},
                                        {"peer", flow.remote.to_string()},
                                        {"reason", to_string(reason)},
                                        {"detail", detail}});
    }
    if (flow.listener && which && reason != CloseReason::NotAdmitted &&
        reason != CloseReason::TooMany) {
        shared_.strangers.release(*which, flow.remote.address);
        shared_.newcomers.remove(*which, flow.remote);
        const bool is_no_tls = reason == CloseReason::HandshakeFailed ||
                               reason == CloseReason::HandshakeTimeout ||
                               reason == CloseReason::PlainOnTls;
        if (is_no_tls || reason == CloseReason::Framing) {
            note_source(*which, flow.remote.address, true,
                        is_no_tls ? SourceEvent::HandshakeFailure : SourceEvent::CorruptMessage);
        }
    }
    connections_.drop(flow.id);
    remember_gone(flow);
    for (const registrar::Binding& binding : shared_.location.drop_flow(flow.id)) {
        log::info("registration.lost", {{"user", binding.address_of_record}, {"reason", "flow"}});
    }
    tell_calls_on(flow.id);
}

void Sbc::on_flow_lost(const engine::Flow& flow) {
    connections_.drop(
        flow.id);  // its owner did so, but it may have been told of it as an alias since
    remember_gone(flow);
    tell_calls_on(flow.id);
}

void Sbc::remember_gone(const engine::Flow& flow) {
    const auto index = adjacency_of(flow);
    if (index && snapshot_->adjacencies[*index].is_trusted() &&
        snapshot_->adjacencies[*index].profile != Profile::Access) {
        gone_.emplace_back(flow.id, *index);
        if (gone_.size() > max_gone) {
            gone_.pop_front();
        }
    }
}

void Sbc::tell_calls_on(FlowId flow) {
    registrations_.on_flow_lost(flow);
    const auto users = by_flow_.find(flow);
    if (users == by_flow_.end()) {
        return;
    }
    const std::set<CallRef> refs = std::move(users->second);
    by_flow_.erase(users);
    for (const CallRef ref : refs) {
        if (b2bua::Usage* call = call_of(ref)) {
            call->on_flow_closed(flow);
        }
    }
    sweep();
}

bool Sbc::is_peer_of(CallRef call, const b2bua::Leg& leg, const sip::Hop& from) {
    return is_peer(*snapshot_of(call), leg.peer, leg.hop, from);
}

bool Sbc::is_peer(const Snapshot& snapshot, const b2bua::Proof& peer, const sip::Hop& heard,
                  const sip::Hop& from) const {
    const auto index = adjacency_of(snapshot, from);
    if (!index || *index != peer.adjacency || !is_still_trusted(snapshot, *index)) {
        return false;
    }
    const Adjacency& adjacency = snapshot.adjacencies[*index];
    const bool is_same_address = from.remote.address == heard.remote.address;
    if (from.transport == sip::Transport::Udp) {
        return is_same_address || adjacency.is_one_party() || is_registered_at(peer, from.remote);
    }
    if (from.flow == heard.flow) {
        return true;
    }
    const engine::Flow* flow = shard_.flow(from.flow);
    if (flow == nullptr) {
        return false;
    }
    if (!peer.fingerprint.empty()) {
        return flow->identity != nullptr && (flow->identity->fingerprint == peer.fingerprint ||
                                             is_another_server(adjacency, *flow->identity));
    }
    if (!peer.address_of_record.empty()) {
        const auto users = shared_.location.registered_on(from.flow, now().monotonic);
        return std::find(users.begin(), users.end(), peer.address_of_record) != users.end();
    }
    // Who has proven nothing cannot be known again by another connection.
    return !adjacency.is_encrypted() && (is_same_address || adjacency.is_one_party());
}

// Over UDP, from that host: its address is all that a phone without a connection can show.
bool Sbc::is_registered_at(const b2bua::Proof& peer, const Endpoint& remote) const {
    const auto bindings = peer.address_of_record.empty()
                              ? std::vector<registrar::Binding>{}
                              : shared_.location.find(peer.address_of_record, now().monotonic);
    return std::ranges::any_of(bindings, [&](const registrar::Binding& each) {
        return each.adjacency == peer.adjacency && each.hop.transport == sip::Transport::Udp &&
               each.hop.remote.address == remote.address;
    });
}

// Of the same trunk, with a certificate of its own: it bears the trunk's name, unless there are
// several to bear. It is where hop_back_to() would go.
bool Sbc::is_another_server(const Adjacency& adjacency, const tls::PeerIdentity& identity) {
    return adjacency.profile != Profile::Access && adjacency.tls_peer_domains.size() <= 1 &&
           Connections::is_peer_genuine(adjacency, &identity);
}

b2bua::Proof Sbc::proof_of(AdjacencyIndex adjacency, const sip::Hop& hop,
                           std::string_view address_of_record) {
    const engine::Flow* flow = shard_.flow(hop.flow);
    const bool has_certificate =
        flow != nullptr && flow->identity != nullptr && flow->identity->has_certificate;
    std::string instance;
    if (!address_of_record.empty()) {
        for (const auto& binding : shared_.location.find(address_of_record, now().monotonic)) {
            if (binding.hop.flow == hop.flow && binding.hop.transport != sip::Transport::Udp) {
                instance = binding.instance;
            }
        }
    }
    return {adjacency, has_certificate ? flow->identity->fingerprint : "",
            std::string(address_of_record), std::move(instance)};
}

// ---- requests -----------------------------------------------------------------------------------

void Sbc::on_request(ServerId id, const sip::Hop& from, const sip::MessagePtr& request,
                     ServerId cancelled) {
    if (request->method() == Method::Cancel) {
        on_cancel(id, from, request, cancelled);
    } else if (request->to_tag().empty()) {
        on_out_of_dialog(id, from, request);
    } else if (b2bua::Usage* call = call_of_tag(request->to_tag())) {
        by_server_[id] = call->ref();
        own_flow(from, call->ref());
        call->on_request(id, from, request);
    } else if (!is_too_much(id, from, *request)) {
        refuse_unknown(id, from, *request);
    }
    sweep();
}

void Sbc::on_cancel(ServerId id, const sip::Hop& from, const sip::MessagePtr& request,
                    ServerId cancelled) {
    if (!is_sender(cancelled, from)) {
        if (!is_too_much(id, from, *request)) {
            counters_.add("rejected", "no-transaction");
            refuse(id, from, *request, 481);
        }
        if (cancelled) {
            shard_.forget(id);  // or the CANCEL of who may would be taken for its repetition
        }
        return;
    }
    respond(id, sip::reply(*request, 200, new_tag()).build());
    if (shard_.flow(shard_.transactions().hop(cancelled)->flow) == nullptr) {
        shard_.rebind(cancelled, from);
    }
    if (b2bua::Usage* call = call_of(cancelled)) {
        call->on_cancel(cancelled, b2bua::reasons_of(*request));
    }
}

// RFC 3261 §9.2 looks for the branch alone, but whoever hears of one must not end a call by it: it
// comes by the way of the INVITE, or by another connection of who has proven to be the same peer.
bool Sbc::is_sender(ServerId invite, const sip::Hop& from) {
    const sip::Hop* sent = invite ? shard_.transactions().hop(invite) : nullptr;
    if (sent == nullptr || from.transport != sent->transport) {
        return false;
    }
    const bool is_same_address = from.remote.address == sent->remote.address;
    if (from.flow == sent->flow) {
        return from.transport != sip::Transport::Udp || is_same_address;
    }
    const b2bua::Usage* call = call_of(invite);
    const auto sender = call == nullptr || from.transport == sip::Transport::Udp
                            ? std::nullopt
                            : call->sender_of(invite);
    if (!sender || !is_peer(*snapshot_of(call->ref()), sender->peer, *sent, from)) {
        return false;
    }
    const bool has_proven =
        !sender->peer.fingerprint.empty() || !sender->peer.address_of_record.empty();
    return has_proven || is_same_address;
}

void Sbc::on_out_of_dialog(ServerId id, const sip::Hop& from, const sip::MessagePtr& request) {
    const engine::Flow* flow = shard_.flow(from.flow);
    if (flow == nullptr) {
        shard_.forget(id);
        return;
    }
    if (is_too_much(id, from, *request) || shed(id, from, *request)) {
        return;
    }
    if (is_merged(*request)) {
        counters_.add("rejected", "merged-request");
        refuse(id, from, *request, 482);
        keep_refusal(from, *request, 482, sip::reason_phrase(482));
        return;
    }
    // Where too many passwords were wrong, a connection that nobody has is closed with the next
    // one.
    const bool is_connection = from.transport != sip::Transport::Udp;
    const bool guesses = is_connection && has_guessed(from, *request) && !is_of_nobody(from.flow);
    // A UDP socket is no connection. A REGISTER proves itself each time: it matters only whose
    // password may be looked at.
    const bool is_asked = is_connection && (request->method() != Method::Register || guesses);
    const auto registered = is_asked ? shared_.location.registered_on(from.flow, now().monotonic)
                                     : std::vector<std::string>{};
    policy::Inbound inbound = inbound_of(*request, from, registered);
    inbound.has_guessed = guesses;
    inbound.local = flow->local;
    if (flow->purpose && !flow->listener) {  // we opened it
        const Adjacency& adjacency = snapshot_->adjacencies[*flow->purpose];
        inbound.local = Endpoint{adjacency.signaling_address, adjacency.signaling_port};
    }
    inbound.identity = flow->identity.get();
    inbound.of_connection = flow->purpose;
    Gate gate(*this);
    inbound.gate = &gate;
    const policy::Outcome outcome = policy::run_pipeline(inbound);
    if (!act_on(outcome, inbound, id, request)) {
        return;
    }
    note_alias(inbound);
    // Whose REGISTER goes on has proven nothing yet.
    const bool is_relayed = request->method() == Method::Register &&
                            inbound.from_adjacency().registration_target.has_value();
    if (inbound.from_adjacency().is_encrypted() && !is_relayed) {
        shared_.newcomers.make_known(*inbound.adjacency, inbound.source);
    }
    if (request->method() == Method::Register) {
        do_register(inbound, id, request);
    } else if (request->method() == Method::Invite &&
               request->header(HeaderName::Replaces) != nullptr) {
        replace(inbound, id, request);
    } else if (request->method() == Method::Invite) {
        begin_call(inbound, id, request, gate.take());
    } else if (request->method() == Method::Options && policy::is_addressed_to_us(inbound)) {
        answer_options(inbound, id, request);
    } else {
        forward(inbound, id, request);
    }
}

sip::MessagePtr Sbc::on_fault(const sip::Hop& from, const sip::Message& request,
                              const sip::ParseError& fault) {
    const auto index = adjacency_of(*snapshot_, from);
    if (index && (is_over_rate(*index, from.remote.address, false) ||
                  !note_source(*index, from.remote.address, from.transport != sip::Transport::Udp,
                               SourceEvent::CorruptMessage))) {
        return nullptr;
    }
    keep_refusal(from, request, fault.status(), fault.reason());
    return b2bua::refusal(index ? &snapshot_->adjacencies[*index] : nullptr, request,
                          engine::ShardUser::fault_tag,
                          {.status = fault.status(), .reason = fault.reason()})
        .build();
}

// It has met no stage. Of strangers nothing is kept.
void Sbc::keep_refusal(const sip::Hop& from, const sip::Message& request, int status,
                       std::string_view reason) {
    const auto adjacency = adjacency_of(*snapshot_, from);
    if (!adjacency) {
        return;
    }
    CallRecord record = sbc::record_of(request, &snapshot_->adjacencies[*adjacency], now().wall);
    record.result = "refused";
    record.status = status;
    record.reason = reason;
    keep_refusal(std::move(record));
}

// As far as it follows from what runs here; who it came from is the caller's to say.
policy::Inbound Sbc::inbound_of(const sip::Message& request, const sip::Hop& from,
                                std::span<const std::string> registered) {
    return {
        .request = request,
        .hop = from,
        .source = from.remote,
        .local = {},
        .snapshot = snapshot_,
        .going_down = going_down_,
        .new_calls = new_calls_,
        .peers_down = shared_.outages.down(),
        .registered = registered,
        .nonces = nonces_,
        .nonce_window = nonce_window_,
        .verifier = verifier_,
        .now = now(),
    };
}

bool Sbc::is_merged(const sip::Message& request) {
    const auto same = by_call_id_.find(request.call_id());
    const b2bua::Usage* usage = same == by_call_id_.end() ? nullptr : call_of(same->second);
    return (usage != nullptr && usage->is_merged(request)) || recent_.contains(request);
}

// True when the request goes on.
bool Sbc::act_on(const policy::Outcome& outcome, const policy::Inbound& inbound, ServerId id,
                 const sip::MessagePtr& request) {
    return std::visit(
        Visitor{
            [](const policy::Continue&) { return true; },
            [&](const policy::Reject& reject) {
                counters_.add("rejected", outcome.stage);
                auto builder = b2bua::refusal(
                    inbound.adjacency ? &inbound.from_adjacency() : nullptr, *request, new_tag(),
                    {.status = reject.status,
                     .reason = reject.reason,
                     .warning = reject.warning,
                     .rule =
                         policy::rule_of(inbound.decisions, reject.status,
                                         reject.detail.empty() ? reject.reason : reject.detail)});
                for (const auto& field : reject.fields) {
                    builder.header(field.name, field.value);
                }
                respond(id, builder.build());
                record_refusal(inbound, outcome.stage, reject);
                return false;
            },
            [&](const policy::Challenge& challenge) {
                counters_.add("challenged", outcome.stage);
                auto builder = sip::reply(*request, 401, new_tag());
                if (inbound.is_replay) {
                    counters_.add("digest_replays", inbound.from_adjacency().name);
                }
                // RFC 8760 §2.3: the preferred one on top.
                for (const auto algorithm : inbound.from_adjacency().digest_algorithms) {
                    sip::auth::Challenge line;
                    line.realm = challenge.realm;
                    line.nonce =
                        nonces_.make(challenge.realm, inbound.source.address, inbound.now.wall);
                    line.algorithm = algorithm;
                    line.qop_auth = true;
                    line.stale = challenge.stale;
                    builder.header(HeaderName::WwwAuthenticate, sip::auth::to_string(line));
                }
                respond(id, builder.build());
                keep_challenged(inbound, outcome.stage);
                return false;
            },
            [&](const policy::Drop& drop) {
                counters_.add("dropped", outcome.stage);
                shard_.forget(id);
                if (may_log_refusal()) {
                    log::info("request.dropped", {{"peer", inbound.source.to_string()},
                                                  {"stage", outcome.stage},
                                                  {"reason", drop.why}});
                }
                if (inbound.adjacency) {  // strangers are too many
                    CallRecord record = record_of(inbound, outcome.stage);
                    record.result = "dropped";
                    record.reason = drop.why;
                    refusals_.keep(record);
                }
                if (drop.close_connection && inbound.hop.transport != sip::Transport::Udp) {
                    shard_.close(inbound.hop.flow, CloseReason::IdentityMismatch);
                }
                return false;
            },
        },
        outcome.verdict);
}

// What strangers can cause by the thousand costs a count, and a line only as long as they are few.
bool Sbc::may_log(log::Limit& lines, std::string_view kind) {
    const auto left_out = lines.admit(now().monotonic);
    if (!left_out) {
        counters_.add("log_lines_left_out", kind);
        return false;
    }
    if (*left_out > 0) {
        log::warning("log.limited", {{"kind", kind}, {"lines_left_out", *left_out}});
    }
    return true;
}

bool Sbc::may_log_refusal() {
    return may_log(refusal_lines_, "refusals");
}

void Sbc::record_refusal(const policy::Inbound& inbound, std::string_view stage,
                         const policy::Reject& reject) {
    const std::string& reason = reject.detail.empty() ? reject.reason : reject.detail;
    const std::string adjacency = inbound.adjacency ? inbound.from_adjacency().name : "";
    if (may_log_refusal()) {
        log::info("request.rejected", {{"method", inbound.request.method_text()},
                                       {"adjacency", adjacency},
                                       {"peer", inbound.source.to_string()},
                                       {"stage", stage},
                                       {"status", reject.status},
                                       {"reason", reason}});
    }
    CallRecord record = record_of(inbound, stage);
    record.result = "refused";
    record.status = reject.status;
    record.reason = reason;
    record.cause = reject.cause;
    if (inbound.request.method() != Method::Invite) {
        refusals_.keep(record);
        return;
    }
    statistics_.on_attempt(adjacency, inbound.now.wall);
    note_end(record);
}

// Once for every call that came.
void Sbc::note_end(const CallRecord& record) {
    statistics_.on_end(record, now().wall);
    observer_.on_record(record);
    (record.result == "refused" ? refusals_ : ended_calls_).keep(record);
}

// A challenge is no refusal, but of credentials that prove nothing. It is counted as a challenge.
void Sbc::keep_challenged(const policy::Inbound& inbound, std::string_view stage) {
    if (inbound.wrong_credentials.empty()) {
        return;
    }
    if (inbound.is_guess) {
        note_source(*inbound.adjacency, inbound.source.address,
                    inbound.hop.transport != sip::Transport::Udp,
                    SourceEvent::AuthenticationFailure);
    }
    CallRecord record = record_of(inbound, stage);
    record.result = "refused";
    record.status = 401;
    record.reason = inbound.wrong_credentials;
    keep_refusal(std::move(record));
}

CallRecord Sbc::record_of(const policy::Inbound& inbound, std::string_view stage) {
    CallRecord record = sbc::record_of(
        inbound.request, inbound.adjacency ? &inbound.from_adjacency() : nullptr, inbound.now.wall);
    record.call = new_call_name();
    record.is_secure = inbound.call.is_secure();
    record.from_leg = {.identity = std::string(inbound.caller),
                       .scheme = std::string(to_string(inbound.request.request_uri().scheme)),
                       .transport = std::string(to_string(inbound.hop.transport)),
                       .peer = inbound.hop.remote.to_string(),
                       .call_id = std::string(inbound.request.call_id()),
                       .media = {}};
    record.stage = stage;
    record.decisions = inbound.decisions;
    record.end = inbound.now.wall;
    return record;
}

// Of what is no call, and of no call that came.
void Sbc::keep_refusal(CallRecord record) {
    if (record.call.empty()) {
        record.call = new_call_name();
    }
    if (may_log_refusal()) {
        log::info("request.rejected", {{"method", record.method},
                                       {"adjacency", record.from_adjacency},
                                       {"call", record.within},
                                       {"stage", record.stage},
                                       {"status", record.status},
                                       {"reason", record.reason}});
    }
    refusals_.keep(record);
}

void Sbc::begin_call(policy::Inbound& inbound, ServerId id, const sip::MessagePtr& request,
                     Admissions::Held admitted) {
    const bool is_phone = inbound.from_adjacency().profile == Profile::Access;
    const bool is_spiral = by_call_id_.contains(request->call_id());
    by_server_[id] = begin_call(
        {
            .ref = CallRef{++last_call_},
            .name = new_call_name(),
            .invite = id,
            .request = request,
            .from = inbound.hop,
            .snapshot = snapshot_,
            .caller = proof_of(*inbound.adjacency, inbound.hop, is_phone ? inbound.caller : ""),
            .security = inbound.call,
            .routes = std::move(inbound.routes),
            .decisions = inbound.decisions,
            .removed_headers = std::move(inbound.removed_headers),
            .bucket = new_bucket(),
        },
        std::move(admitted));
    if (is_spiral) {  // it is another call's to be asked
        recent_.add(id, *request);
    }
}

CallRef Sbc::begin_call(b2bua::Call::Setup setup, Admissions::Held admitted) {
    const CallRef ref = setup.ref;
    log::info("call.begins",
              {{"call", setup.name},
               {"adjacency", setup.snapshot->adjacencies[setup.caller.adjacency].name},
               {"secure", setup.security.is_secure() ? "yes" : "no"}});
    statistics_.on_attempt(setup.snapshot->adjacencies[setup.caller.adjacency].name, now().wall);
    CallEntry& entry = calls_[ref];
    entry.snapshot = setup.snapshot;
    entry.admitted = std::move(admitted);
    ++active_calls_;
    own_flow(setup.from, ref);
    auto call = std::make_unique<b2bua::Call>(*this, std::move(setup));
    b2bua::Call& begun = *call;
    entry.call = std::move(call);
    begun.begin();
    return ref;
}

// RFC 3891 §3: the dialog that it names must be one of ours.
void Sbc::replace(const policy::Inbound& inbound, ServerId id, const sip::MessagePtr& request) {
    const bool is_phone = inbound.from_adjacency().profile == Profile::Access;
    const b2bua::Proof peer =
        proof_of(*inbound.adjacency, inbound.hop, is_phone ? inbound.caller : "");
    const auto call = replace({
        .invite = id,
        .request = request,
        .from = inbound.hop,
        .peer = peer,
        .security = inbound.call,
        .speaker = {peer, inbound.source.address},
        .decisions = inbound.decisions,
    });
    if (call) {
        by_server_[id] = *call;
        own_flow(inbound.hop, *call);
        recent_.add(id, *request);
    }
}

std::optional<CallRef> Sbc::replace(b2bua::Newcomer newcomer) {
    const sip::Message& request = *newcomer.request;
    auto ids = sip::parse_replaces(request.header(HeaderName::Replaces)->value);
    if (!ids || request.count(HeaderName::Replaces) != 1) {
        refuse(newcomer, 400, "Bad Replaces");
        return std::nullopt;
    }
    if (b2bua::is_voucher(*ids)) {  // it is worth what it stands for, and nothing by its form
        const bool early_only = ids->early_only;
        Vouchers::Word word =
            shared_.vouchers.find(ids->to_tag, now().monotonic).value_or(Vouchers::Word{});
        ids = std::move(word.ids);
        ids->early_only = early_only;
        newcomer.speaker = std::move(word.speaker);
    }
    // A call that began before the newcomer's adjacency was what it is does not know what to think
    // of it.
    b2bua::Usage* call = call_of_tag(ids->to_tag);
    if (call == nullptr || !is_still_trusted(*snapshot_of(call->ref()), newcomer.peer.adjacency) ||
        !call->replace(*ids, newcomer)) {
        counters_.add("rejected", "no-dialog");
        refuse(newcomer, 481, sip::reason_phrase(481));
        return std::nullopt;
    }
    return call->ref();
}

// Before any call was asked.
void Sbc::refuse(const b2bua::Newcomer& newcomer, int status, std::string_view reason) {
    refuse(newcomer.invite, snapshot_->adjacencies[newcomer.peer.adjacency], *newcomer.request,
           status, reason);
    CallRecord record = sbc::record_of(
        *newcomer.request, &snapshot_->adjacencies[newcomer.peer.adjacency], now().wall);
    record.is_secure = newcomer.security.is_secure();
    record.result = "refused";
    record.status = status;
    record.reason = reason;
    record.decisions = newcomer.decisions;
    keep_refusal(std::move(record));
}

// ---- errands ------------------------------------------------------------------------------------

namespace {

// No transaction has a number like that.

}  // namespace

ServerId Sbc::begin_errand(const b2bua::OnBehalf& errand) {
    const ServerId id{errand_bit | ++last_errand_};
    errands_[id] = Errand{errand.by, {}};
    const CallRef made = begin_errand(id, errand);
    errands_[id].made = made;
    return id;
}

CallRef Sbc::begin_errand(ServerId id, const b2bua::OnBehalf& errand) {
    if (!policy::takes(new_calls_, *snapshot_, errand.invite->request_uri()) ||
        !snapshot_->adjacencies[errand.party.adjacency].is_attached) {
        refuse(id, snapshot_->adjacencies[errand.party.adjacency], *errand.invite, 503);
        return {};
    }
    if (errand.invite->header(HeaderName::Replaces) != nullptr) {
        return replace({.invite = id,
                        .request = errand.invite,
                        .from = errand.hop,
                        .peer = errand.party,
                        .security = errand.security,
                        .speaker = errand.referrer,
                        .absent_caller = errand.as_caller})
            .value_or(CallRef{});
    }
    policy::Inbound inbound = inbound_of(*errand.invite, errand.hop, {});
    inbound.adjacency = errand.party.adjacency;
    inbound.call = errand.as_caller;
    Gate gate(*this);
    inbound.gate = &gate;
    const policy::Outcome outcome = policy::run_routing(inbound);
    if (!act_on(outcome, inbound, id, errand.invite)) {
        return {};
    }
    return begin_call(
        {
            .ref = CallRef{++last_call_},
            .name = new_call_name(),
            .invite = id,
            .request = errand.invite,
            .from = errand.hop,
            .snapshot = snapshot_,
            .caller = errand.party,
            .security = errand.security,
            .absent_caller = errand.as_caller,
            .routes = std::move(inbound.routes),
            .decisions = inbound.decisions,
            .removed_headers = {},
            .bucket = errand.bucket,
        },
        gate.take());
}

void Sbc::drop_errand(ServerId id, std::string_view reason) {
    const auto found = errands_.find(id);
    if (found == errands_.end()) {
        return;
    }
    const Errand errand = found->second;
    errands_.erase(found);
    b2bua::Usage* made = call_of(errand.made);
    if (made != nullptr && errand.is_accepted) {
        made->terminate(reason);
    } else if (made != nullptr) {
        made->on_cancel(id, {});
    }
}

bool Sbc::join_errand(ServerId id, std::string_view our_tag, const b2bua::Leg& party,
                      const sip::Message& asked, const sip::MessagePtr& answer) {
    const auto found = errands_.find(id);
    b2bua::Usage* made = found == errands_.end() ? nullptr : call_of(found->second.made);
    if (made == nullptr) {
        return false;
    }
    errands_.erase(found);
    by_call_id_.erase(party.dialog.call_id());  // it goes along
    own_flow(party.hop, made->ref());
    return made->join(our_tag, party, asked, answer);
}

// When the event is over, so that no call is called back from within.
void Sbc::deliver_errands() {
    while (!errand_answers_.empty()) {
        for (const auto& [id, response] : std::exchange(errand_answers_, {})) {
            const auto found = errands_.find(id);
            if (found == errands_.end()) {
                continue;
            }
            b2bua::Usage* by = call_of(found->second.by);
            if (response == nullptr || response->status() >= 300) {
                errands_.erase(found);
            }
            if (by != nullptr) {
                by->on_errand(id, response);
            }
        }
    }
}

// ---- requests that pass -------------------------------------------------------------------------

// The same: what a call asked may have been answered while it was at work.
void Sbc::deliver_media() {
    for (auto outcomes = media_.take_outcomes(); !outcomes.empty();
         outcomes = media_.take_outcomes()) {
        for (const media::Link::Outcome& each : outcomes) {
            if (b2bua::Usage* call = call_of(each.call)) {
                call->on_media(each.outcome.ticket, each.outcome.reply);
            }
        }
        deliver_errands();
    }
}

void Sbc::forward(policy::Inbound& inbound, ServerId id, const sip::MessagePtr& request) {
    const CallRef ref{++last_call_};
    const bool is_phone = inbound.from_adjacency().profile == Profile::Access;
    b2bua::ForwardedRequest::Setup setup{
        .ref = ref,
        .name = new_call_name(),
        .server = id,
        .request = request,
        .from = inbound.hop,
        .snapshot = snapshot_,
        .sender = proof_of(*inbound.adjacency, inbound.hop, is_phone ? inbound.caller : ""),
        .security = inbound.call,
        .routes = std::move(inbound.routes),
        .decisions = inbound.decisions,
        .removed_headers = std::move(inbound.removed_headers),
        .bucket = new_bucket(),
    };
    recent_.add(id, *request);
    std::unique_ptr<b2bua::ForwardedRequest> forwarded;
    if (policy::makes_dialog(request->method())) {
        forwarded = std::make_unique<b2bua::Subscription>(*this, std::move(setup));
    } else {
        forwarded = std::make_unique<b2bua::ForwardedRequest>(*this, std::move(setup));
    }
    b2bua::ForwardedRequest& begun = *forwarded;
    calls_[ref].snapshot = snapshot_;
    calls_[ref].call = std::move(forwarded);
    own_flow(inbound.hop, ref);
    begun.begin();
}

void Sbc::answer_options(const policy::Inbound& inbound, ServerId id,
                         const sip::MessagePtr& request) {
    auto builder = sip::reply(*request, 200, new_tag());
    builder.header(HeaderName::Allow, policy::allowed_methods(inbound.from_adjacency().profile));
    builder.header(HeaderName::Accept, "application/sdp");
    builder.header(HeaderName::Contact,
                   b2bua::contact(inbound.from_adjacency(), inbound.hop.transport,
                                  request->request_uri().scheme, ""));
    respond(id, builder.build());
}

void Sbc::refuse(ServerId id, const Adjacency& adjacency, const sip::Message& request, int status,
                 std::string_view reason) {
    respond(id, b2bua::refusal(&adjacency, request, new_tag(), {.status = status, .reason = reason})
                    .build());
}

void Sbc::refuse(ServerId id, const sip::Hop& from, const sip::Message& request, int status) {
    const auto index = adjacency_of(*snapshot_, from);
    respond(id, b2bua::refusal(index ? &snapshot_->adjacencies[*index] : nullptr, request,
                               new_tag(), {.status = status})
                    .build());
}

void Sbc::refuse_unknown(ServerId id, const sip::Hop& from, const sip::Message& request) {
    counters_.add("rejected", "no-dialog");
    refuse(id, from, request, 481);
}

void Sbc::on_ack(const sip::Hop& from, const sip::MessagePtr& request) {
    if (b2bua::Usage* call = call_of_tag(request->to_tag())) {
        call->on_ack(from, request);
    } else {
        counters_.add("dropped", "no-dialog");
    }
    sweep();
}

// ---- responses and timers -----------------------------------------------------------------------

void Sbc::on_response(ClientId id, const sip::Hop& from, const sip::MessagePtr& response) {
    if (registrations_.on_response(id, *response) || pings_.on_response(id, *response) ||
        answer_challenge(id, from, *response)) {
        return;
    }
    if (const auto next = failover_.on_response(id, *response)) {
        own_sent(*next);
        return;
    }
    if (const auto found = by_client_.find(id); found != by_client_.end()) {
        if (response->status() >= 200) {
            stop_waiting(found->second);
        }
        if (b2bua::Usage* call = call_of(found->second.call)) {
            call->on_response(known_as(id), response);
            if (response->status() >= 200) {
                give_back_legs(found->second.call);
            }
        }
        failover_.on_told(id);
    }
    sweep();
}

void Sbc::on_client_failed(ClientId id, TerminationCause cause) {
    if (registrations_.on_failed(id) || pings_.on_failed(id)) {
        return;
    }
    if (const auto next = failover_.on_failed(id, cause)) {
        own_sent(*next);
        return;
    }
    if (const auto found = by_client_.find(id); found != by_client_.end()) {
        if (b2bua::Usage* call = call_of(found->second.call)) {
            call->on_client_failed(known_as(id), cause);
            give_back_legs(found->second.call);
        }
    }
    sweep();
}

// By which a challenge is answered: at a peer, our own there. A phone that asks for proof is shown
// that of the subscriber who registered it, over the connection that it registered on and no other:
// who is asked for is who has just proven to know the same password.
std::vector<sip::auth::Account> Sbc::accounts_for(const Snapshot& snapshot,
                                                  const trunk::Challenges::Sent& sent,
                                                  const sip::Hop& from) const {
    const Adjacency& peer = snapshot.adjacencies[sent.adjacency];
    if (peer.profile != Profile::Access) {
        return peer.outbound_accounts;
    }
    std::vector<sip::auth::Account> accounts;
    if (from != sent.hop) {
        return accounts;
    }
    const auto target = sip::parse_uri(sent.request->request_uri_text());
    for (const std::string& user : shared_.location.registered_on(from.flow, now().monotonic)) {
        const Subscriber* const subscriber = snapshot.subscriber(user);
        const auto bindings = shared_.location.find(user, now().monotonic);
        const bool is_target = std::ranges::any_of(bindings, [&](const auto& binding) {
            const auto contact = sip::parse_uri(binding.contact);
            return binding.hop.flow == from.flow && target && contact &&
                   target->user == contact->user;
        });
        if (subscriber != nullptr && is_target) {
            accounts.push_back({subscriber->username, {}, subscriber->realm, subscriber->password});
        }
    }
    return accounts;
}

// A peer that we have an account at, or a phone, wants proof. It is the one that the request went
// to, by its transaction; over TLS its certificate was verified when the connection came to stand,
// and is looked at again. What cannot be answered goes the way of every failure, and no further.
bool Sbc::answer_challenge(ClientId id, const sip::Hop& from, const sip::Message& response) {
    if (response.status() != 401 && response.status() != 407) {
        return false;
    }
    const trunk::Challenges::Sent* sent = challenges_.find(id);
    const engine::Flow* flow = shard_.flow(from.flow);
    const auto client = by_client_.find(id);
    if (sent == nullptr || flow == nullptr || client == by_client_.end()) {
        return false;
    }
    const CallRef ref = client->second.call;
    const SnapshotPtr snapshot = snapshot_of(ref);
    const Adjacency& peer = snapshot->adjacencies[sent->adjacency];
    const bool is_phone = peer.profile == Profile::Access;
    if (!is_phone && !Connections::is_peer_genuine(peer, flow->identity.get())) {
        counters_.add("challenges", "peer-not-verified");
        return false;
    }
    // A phone is known by the connection that it registered over: accounts_for.
    if (!is_still_trusted(*snapshot, sent->adjacency) ||
        (!is_phone &&
         !locator_.is_peers_own(*snapshot, sent->adjacency, sent->hop.remote.address))) {
        counters_.add("challenges", "not-the-peers-address");
        return false;
    }
    b2bua::Usage* usage = call_of(ref);
    if (usage == nullptr) {
        return false;
    }
    if (is_phone && !usage->is_vouched_for()) {
        counters_.add("challenges", "not-vouched-for");
        return false;
    }
    const auto again = challenges_.answer(
        id, accounts_for(*snapshot, *sent, from),
        is_phone ? trunk::Challenges::Stale::Counted : trunk::Challenges::Stale::OnceMore, response,
        b2bua::via(peer, sent->hop.transport, sip::transaction::make_branch(new_bucket(), random_)),
        usage->next_cseq(known_as(id), sent->request->cseq().number), random_);
    counters_.add("challenges", again == nullptr ? "unanswered" : "answered");
    if (again == nullptr) {
        log::warning("challenge.unanswered",
                     {{"adjacency", peer.name}, {"status", response.status()}});
        return false;
    }
    const sip::Hop to = sent->hop;
    const auto permit = sent->permit;
    stop_waiting(client->second);
    usage->on_sent_again(known_as(id), again);
    // Within a dialog by the way that it went: it is known by its message, which must stay as it
    // is.
    failover_.replace(id, permit ? send_new(ref, *permit, to, again) : send_by(ref, to, again),
                      again);
    return true;
}

// What the sender knows a transaction by: others may have come before it, at another server or
// without the proof that it was asked for.
ClientId Sbc::known_as(ClientId id) const {
    const ClientId handle = failover_.handle_of(id);
    return handle != id ? handle : challenges_.first(id);
}

void Sbc::remember(CallRef call, ClientId id, std::optional<AdjacencyIndex> peer,
                   const sip::Hop& to, const sip::MessagePtr& request,
                   std::optional<policy::Permit> permit) {
    const Snapshot& snapshot = *snapshot_of(call);
    if (!peer || *peer >= snapshot.adjacencies.size()) {
        return;
    }
    const Adjacency& adjacency = snapshot.adjacencies[*peer];
    // Who registers behind us has no password here.
    const bool is_to_phone =
        adjacency.profile == Profile::Access && !adjacency.registration_target &&
        to.transport != sip::Transport::Udp && policy::is_answered_for(*request);
    if (is_to_phone || !adjacency.outbound_accounts.empty()) {
        challenges_.sent(id, {*peer, to, request, permit});
    }
}

void Sbc::on_client_ended(ClientId id) {
    failover_.on_ended(id);
    registrations_.on_ended(id);
    pings_.on_ended(id);
    challenges_.ended(id);
    const auto found = by_client_.find(id);
    if (found == by_client_.end()) {
        return;
    }
    stop_waiting(found->second);
    const Client client = found->second;
    by_client_.erase(found);
    const auto entry = calls_.find(client.call);
    if (entry != calls_.end() && --entry->second.open_clients == 0 &&
        entry->second.call->is_over()) {
        ended_.push_back(client.call);
        sweep();
    }
}

void Sbc::own_client(ClientId id, CallRef call, bool is_waiting) {
    by_client_[id] = Client{call, is_waiting};
    ++calls_[call].open_clients;
    open_requests_ += is_waiting ? 1 : 0;
}

// RFC 5923 §5: only on a connection whose peer has proved by certificate to be the trunk's, and
// only for what is one of the trunk's servers by its Via; where a request came from proves nothing.
void Sbc::note_alias(const policy::Inbound& inbound) {
    const Adjacency& adjacency = inbound.from_adjacency();
    const sip::Via& via = inbound.request.top_via();
    const engine::Flow* const flow = shard_.flow(inbound.hop.flow);
    if (flow == nullptr || !flow->listener || inbound.identity == nullptr ||
        adjacency.signaling_peer.empty() || adjacency.profile == Profile::Access ||
        !via.parameters.has("alias") ||
        !Connections::is_peer_genuine(adjacency, inbound.identity)) {
        return;
    }
    const Endpoint server{inbound.source.address, via.port != 0 ? via.port : std::uint16_t{5061}};
    const auto known = locator_.find(snapshot_, *inbound.adjacency, std::nullopt);
    const auto& ways = known ? *known : locator_.last_ways(*snapshot_, *inbound.adjacency);
    if (std::ranges::find(ways, server, &sip::locate::Way::remote) != ways.end()) {
        connections_.add_alias(*inbound.adjacency, server, inbound.hop.flow);
        connections_.hop_by(*snapshot_, *inbound.adjacency, {inbound.hop.transport, server});
    }
}

std::optional<sip::Hop> Sbc::way_back(const sip::Hop& lost, const sip::Message& response) {
    const auto gone = std::ranges::find(gone_, lost.flow, &decltype(gone_)::value_type::first);
    return gone == gone_.end() ? std::nullopt
                               : hop_back(*snapshot_, gone->second, lost, response.top_via().port);
}

std::optional<sip::Hop> Sbc::hop_back(const Snapshot& snapshot, AdjacencyIndex index,
                                      const sip::Hop& lost, std::uint16_t port) {
    const Adjacency& adjacency = snapshot.adjacencies[index];
    if (!adjacency.is_attached || !is_still_trusted(snapshot, index) || !adjacency.is_trusted() ||
        adjacency.profile == Profile::Access) {
        return std::nullopt;
    }
    return connections_.hop_by(
        snapshot, index,
        {lost.transport,
         {lost.remote.address, port != 0 ? port : sip::locate::default_port(lost.transport)}});
}

// Of a request that waits for its way, the request itself.
void Sbc::own_sent(const Failover::Sent& sent, bool is_waiting) {
    own_client(sent.client ? sent.client : sent.handle, sent.call, is_waiting);
    if (sent.client) {
        remember(sent.call, sent.client, sent.adjacency, sent.hop, sent.message, sent.permit);
        own_flow(sent.hop, sent.call);
    }
}

void Sbc::own_flow(const sip::Hop& hop, CallRef call) {
    if (hop.transport != sip::Transport::Udp && by_flow_[hop.flow].insert(call).second) {
        calls_[call].flows.push_back(hop.flow);
    }
}

void Sbc::stop_waiting(Client& client) {
    open_requests_ -= std::exchange(client.is_waiting, false) ? 1 : 0;
}

void Sbc::on_server_ended(ServerId id, TerminationCause cause) {
    (void)cause;  // nobody acknowledged a failure: nothing of ours waits for it
    by_server_.erase(id);
    recent_.on_server_ended(id);
}

void Sbc::on_timer(std::uint64_t cookie) {
    if (cookie == expiry_cookie) {
        if (!expiry_watched_ || *expiry_watched_ > now().monotonic) {
            return;  // an earlier one has taken its place
        }
        expiry_watched_.reset();
        for (const registrar::Binding& binding : shared_.location.expire(now().monotonic)) {
            log::info("registration.expired", {{"user", binding.address_of_record}});
        }
        watch_expiry();
        return;
    }
    if (cookie == journal_cookie) {
        on_journal_late();
        return;
    }
    if (cookie == overload_cookie) {
        note_overload(overload_.on_time(now().monotonic));
        if (overload_.is_shedding()) {
            shard_.start_timer(overload_.window(), overload_cookie);
        }
        return;
    }
    if (cookie == blacklist_cookie) {
        end_bans();
        return;
    }
    if (cookie == newcomers_cookie) {
        close_newcomers();
        return;
    }
    if (cookie == settle_cookie) {
        settle();
        return;
    }
    if (cookie == media::Link::cookie) {
        media_.on_timer();
        sweep();
        return;
    }
    if (trunk::Registrations::is_cookie(cookie)) {
        registrations_.on_timer(cookie);
        return;
    }
    if (trunk::Pings::is_number(cookie)) {
        pings_.on_timer(cookie);
        return;
    }
    if (b2bua::Usage* call = call_of(CallRef{cookie >> 32})) {
        call->on_timer(static_cast<std::uint32_t>(cookie));
    }
    sweep();
}

void Sbc::on_dns(const dns::Question& question, const dns::Answer& answer) {
    for (const Locator::Found& found : locator_.on_dns(question, answer)) {
        if (trunk::Registrations::is_waiter(found.waiter)) {
            registrations_.on_ways(found);
        } else if (trunk::Pings::is_number(found.waiter)) {
            pings_.on_ways(found);
        } else if (const auto sent = failover_.on_ways(found)) {
            own_sent(*sent);
            on_client_ended(sent->handle);
        }
    }
    sweep();
}

void Sbc::on_octets(FlowId flow, const Endpoint& remote, std::string_view bytes) {
    media_.on_octets(flow, remote, bytes);
    sweep();
}

void Sbc::watch_expiry() {
    const auto next = shared_.location.next_expiry();
    if (!next || (expiry_watched_ && *expiry_watched_ <= *next)) {
        return;
    }
    expiry_watched_ = next;
    shard_.start_timer(std::max(*next - now().monotonic, Duration::zero()), expiry_cookie);
}

void Sbc::on_trace(engine::Direction direction, const sip::Hop& hop, const sip::Message& message) {
    const auto index = adjacency_of(*snapshot_, hop);
    const auto owner = by_call_id_.find(message.call_id());
    const b2bua::Usage* call = owner == by_call_id_.end() ? nullptr : call_of(owner->second);
    observer_.on_trace(trace_line(now().wall, call != nullptr ? call->name() : "",
                                  index ? snapshot_->adjacencies[*index].name : "", direction, hop,
                                  message));
}

AdjacencyMeasures& Sbc::passed_on(AdjacencyIndex adjacency) {
    if (passed_.size() <= adjacency) {
        passed_.resize(std::max<std::size_t>(adjacency + 1, snapshot_->adjacencies.size()));
    }
    return passed_[adjacency];
}

void Sbc::on_message(engine::Direction direction, const sip::Hop& hop,
                     const sip::Message& message) {
    if (const auto index = adjacency_of(*snapshot_, hop)) {
        passed_on(*index).messages.add(direction, message);
    }
}

// ---- too much work ------------------------------------------------------------------------------

void Sbc::on_delay(Duration waited) {
    delays_.add(waited);
    note_overload(overload_.on_delay(waited, now().monotonic));
}

void Sbc::note_overload(OverloadControl::Change change) {
    if (change == OverloadControl::Change::None) {
        return;
    }
    using std::chrono::milliseconds;
    const auto delay = std::chrono::duration_cast<milliseconds>(overload_.standing_delay()).count();
    is_shedding_ = overload_.is_shedding();
    overload_changed_ = now().wall;
    if (change == OverloadControl::Change::Began) {
        counters_.add("overload", "began");
        log::warning("overload.began",
                     {{"worker", shard_.place().number}, {"queue_delay_ms", delay}});
        shard_.start_timer(overload_.window(), overload_cookie);
    } else {
        counters_.add("overload", "ended");
        log::info("overload.ended", {{"worker", shard_.place().number},
                                     {"shed", shed_},
                                     {"handshakes_shed", handshakes_shed_}});
    }
}

// By chance, from 0 to below 1.
double Sbc::draw() {
    return static_cast<double>(random_.number() >> 11U) * 0x1p-53;
}

// What begins something is turned away before it costs anything: no digest, no look-up, no state
// that is left. What goes on, ends, or is an emergency call never is. Who has no adjacency goes on,
// to be left without an answer.
bool Sbc::shed(ServerId id, const sip::Hop& from, const sip::Message& request) {
    const bool is_emergency = request.method() == Method::Invite &&
                              policy::is_emergency(*snapshot_, request.request_uri());
    if (!overload_.is_shedding() || is_emergency) {
        return false;
    }
    const auto adjacency = adjacency_of(*snapshot_, from);
    if (!adjacency || !overload_.sheds(draw())) {
        return false;
    }
    ++shed_;
    const Method method = request.method();
    counters_.add("shed", method == Method::Unknown ? "unknown" : sip::to_string(method));
    const std::string& name = snapshot_->adjacencies[*adjacency].name;
    if (method == Method::Invite) {
        statistics_.on_attempt(name, now().wall);
        CallRecord record;
        record.from_adjacency = name;
        record.result = "refused";
        record.cause = FailureCause::Congestion;
        statistics_.on_end(record, now().wall);
    }
    // Not all of them at once again.
    constexpr std::uint64_t least = 5;
    constexpr std::uint64_t spread = 10;
    auto builder = b2bua::refusal(
        &snapshot_->adjacencies[*adjacency], request,
        std::to_string(keyed_hash(shed_tags_, request.top_via().branch())), {.status = 503});
    builder.header(HeaderName::RetryAfter, std::to_string(least + random_.number() % spread));
    shard_.respond_once(id, builder.build());
    return true;
}

// A handshake is the most that a stranger can have us do: his connection is closed before it. The
// peers of trunks, where phones are registered and who has been known before come in.
bool Sbc::sheds_handshake(AdjacencyIndex adjacency, const IpAddress& source) {
    if (!overload_.is_shedding() || is_peers(adjacency, source) ||
        shared_.newcomers.has_known(adjacency, source) ||
        shared_.location.count({&adjacency, 1}, network_of_source(source)) > 0) {
        return false;
    }
    if (!overload_.sheds(draw())) {
        return false;
    }
    ++handshakes_shed_;
    counters_.add("connections_refused", "overload");
    return true;
}

void Sbc::add_measures(Measures& sum) const {
    sum.counters += counters_;
    sum.statistics += statistics_;
    sum.traffic += shard_.counters();
    sum.delays += delays_;
    sum.workers.push_back({.is_shedding = overload_.is_shedding(),
                           .share = overload_.share(),
                           .queue_delay = overload_.standing_delay(),
                           .shed = shed_,
                           .handshakes_shed = handshakes_shed_,
                           .since = overload_changed_});
    sum.adjacencies.resize(
        std::max({sum.adjacencies.size(), passed_.size(), snapshot_->adjacencies.size()}));
    for (std::size_t i = 0; i < passed_.size(); ++i) {
        sum.adjacencies[i] += passed_[i];
    }
    for (const auto& [ref, entry] : calls_) {
        if (const auto progress = entry.call->progress()) {
            AdjacencyMeasures& its = sum.adjacencies.at(progress->from);
            ++(progress->is_answered ? its.active_calls : its.activating_calls);
        }
    }
    shard_.for_each_connection([&](const engine::Flow& flow) {
        if (flow.is_established && flow.purpose && *flow.purpose < sum.adjacencies.size()) {
            ++sum.adjacencies[*flow.purpose].connections[static_cast<std::size_t>(flow.transport)];
        }
    });
}

// ---- what calls ask for -------------------------------------------------------------------------

ClientId Sbc::send_new(CallRef call, const policy::Permit& permit, const sip::Hop& to,
                       sip::MessagePtr request) {
    if (peer_of(to)) {
        const Failover::Sent sent =
            failover_.send(call, permit, snapshot_of(call), to, std::move(request));
        own_sent(sent);
        return sent.handle;
    }
    const ClientId id = shard_.send_request(to, request);
    const auto peer = adjacency_of(*snapshot_of(call), to);
    remember(call, id, peer ? peer : adjacency_of_phone(to.flow), to, request, permit);
    own_client(id, call, false);
    own_flow(to, call);
    return id;
}

ClientId Sbc::send_in_dialog(CallRef call, const sip::Hop& to, sip::MessagePtr request) {
    const SnapshotPtr& snapshot = snapshot_of(call);
    const auto adjacency = adjacency_of(*snapshot, to);
    if (adjacency && *adjacency < snapshot->adjacencies.size()) {
        if (const auto sent = failover_.send_large(call, snapshot, *adjacency, to, request)) {
            own_sent(*sent, request->method() != Method::Invite);
            return sent->handle;
        }
    }
    return send_by(call, to, request);
}

ClientId Sbc::send_by(CallRef call, const sip::Hop& to, const sip::MessagePtr& request) {
    const bool is_invite = request->method() == Method::Invite;
    const ClientId id = shard_.send_request(to, request);
    const auto peer = adjacency_of(*snapshot_of(call), to);
    remember(call, id, peer ? peer : adjacency_of_phone(to.flow), to, request, std::nullopt);
    own_client(id, call, !is_invite);
    own_flow(to, call);
    return id;
}

void Sbc::send_ack(const sip::Hop& to, const sip::MessagePtr& ack) {
    shard_.send_ack(to, ack);
}

void Sbc::respond(ServerId id, sip::MessagePtr response) {
    if (!is_errand(id)) {
        can_answer(id);
        shard_.respond(id, std::move(response));
    } else if (const auto errand = errands_.find(id); errand != errands_.end()) {
        errand->second.is_accepted = response->status() >= 200 && response->status() < 300;
        errand_answers_.emplace_back(id, std::move(response));
    }
}

bool Sbc::can_answer(ServerId id) {
    const sip::Hop* sent = shard_.transactions().hop(id);
    if (sent == nullptr || is_up(*sent)) {
        return true;  // an errand has no connection
    }
    const b2bua::Usage* call = call_of(id);
    const auto sender = call == nullptr ? std::nullopt : call->sender_of(id);
    if (!sender) {
        return false;
    }
    std::optional<sip::Hop> back;
    if (!sender->peer.address_of_record.empty()) {
        back = hop_of_phone(sender->peer, sender->contact);
    } else if (const auto request = shard_.transactions().request(id)) {
        back = hop_back(*snapshot_of(call->ref()), sender->peer.adjacency, *sent,
                        request->top_via().port);
        back = back && is_up(*back) ? back : std::nullopt;
    }
    if (back) {
        shard_.rebind(id, *back);
        own_flow(*back, call->ref());
    }
    return back.has_value();
}

bool Sbc::is_up(const sip::Hop& hop) const {
    const engine::Flow* flow = shard_.flow(hop.flow);
    return hop.transport == sip::Transport::Udp || (flow != nullptr && flow->is_established);
}

ClientId Sbc::cancel(CallRef call, ClientId invite, const sip::transaction::Reasons& reasons) {
    const ClientId sent = failover_.cancel(call, invite);
    const ClientId id = sent ? shard_.cancel(challenges_.current(sent), reasons) : ClientId{};
    challenges_.give_up(challenges_.first(sent));
    if (id) {
        own_client(id, call, true);
    }
    return id;
}

void Sbc::start_timer(CallRef call, Duration after, std::uint32_t cookie) {
    std::vector<engine::Shard::TimerId>& timers = calls_[call].timers;
    if (timers.size() == timers.capacity()) {  // before it grows: those that have run out go
        std::erase_if(timers, [&](const auto id) { return !shard_.is_running(id); });
    }
    timers.push_back(shard_.start_timer(after, call.value << 32 | cookie));
}

std::optional<sip::Hop> Sbc::hop_to(CallRef call, AdjacencyIndex adjacency) {
    const SnapshotPtr& snapshot = snapshot_of(call);
    const Adjacency& to = snapshot->adjacencies[adjacency];
    if (!may_begin_on(*snapshot, adjacency) || to.signaling_peer.empty() ||
        shared_.outages.is_down(adjacency)) {
        return std::nullopt;
    }
    const auto ways = locator_.find(snapshot, adjacency, std::nullopt);
    if (!ways) {
        return peer_hop(adjacency, to.preferred_transport, {});
    }
    return ways->empty()
               ? std::nullopt
               : std::optional(peer_hop(adjacency, ways->front().transport, ways->front().remote));
}

sip::Hop Sbc::hop_of(ClientId client, const sip::Hop& to) const {
    const sip::Hop* hop = failover_.hop_of(client);
    return hop != nullptr ? *hop : to;
}

// To a peer whose connection is gone: to the server where the dialog is, else, if certificates say
// who it is, to any of its own.
std::optional<sip::Hop> Sbc::hop_back_to(const SnapshotPtr& snapshot, const b2bua::Leg& leg) {
    const AdjacencyIndex index = leg.peer.adjacency;
    const Adjacency& adjacency = snapshot->adjacencies[index];
    if (!adjacency.is_attached) {
        return std::nullopt;
    }
    const auto known = locator_.find(snapshot, index, std::nullopt);
    const Locator::Ways& ways = known ? *known : locator_.last_ways(*snapshot, index);
    const auto same = std::ranges::find_if(
        ways, [&](const auto& way) { return way.remote.address == leg.hop.remote.address; });
    if (!adjacency.is_encrypted()) {
        return hop_back_in_the_clear(
            *snapshot, leg,
            same != ways.end() ? same->remote.port : sip::locate::default_port(leg.hop.transport));
    }
    // Another server bears the same name, unless there are several names to bear.
    const bool is_same_peer = same != ways.end() || adjacency.tls_peer_domains.size() <= 1;
    if (ways.empty() || !is_same_peer) {
        return std::nullopt;
    }
    return connections_.hop_by(*snapshot, index, same != ways.end() ? *same : ways.front());
}

// Nothing tells two hosts of such an adjacency apart but their addresses: to the one that was heard
// and to no other. A phone's connection is its identity: nobody connects to where it was.
std::optional<sip::Hop> Sbc::hop_back_in_the_clear(const Snapshot& snapshot, const b2bua::Leg& leg,
                                                   std::uint16_t port) {
    const AdjacencyIndex index = leg.peer.adjacency;
    const IpAddress& address = leg.hop.remote.address;
    if (snapshot.adjacencies[index].profile == Profile::Access ||
        !locator_.is_peers_own(snapshot, index, address)) {
        return std::nullopt;
    }
    const std::string target = next_uri(leg.dialog);
    if (const auto uri = sip::parse_uri(target); uri && uri->port != 0) {
        const auto named = IpAddress::parse(uri->host);
        port = !named || *named == address ? uri->port : port;
    }
    return connections_.hop_by(snapshot, index, {leg.hop.transport, {address, port}});
}

// By the connection that it has now.
std::optional<sip::Hop> Sbc::hop_of_phone(const b2bua::Proof& peer,
                                          std::string_view contact) const {
    return registrar::find_again(shared_.location.find(peer.address_of_record, now().monotonic),
                                 {peer.adjacency, peer.instance, contact});
}

std::optional<sip::Hop> Sbc::hop_in_dialog(CallRef call, const b2bua::Leg& leg) {
    const SnapshotPtr& snapshot = snapshot_of(call);
    if (!is_still_trusted(*snapshot, leg.peer.adjacency)) {
        return std::nullopt;
    }
    if (leg.hop.transport != sip::Transport::Udp) {
        if (shard_.flow(leg.hop.flow) != nullptr) {
            return leg.hop;
        }
        return leg.peer.address_of_record.empty()
                   ? hop_back_to(snapshot, leg)
                   : hop_of_phone(leg.peer, leg.dialog.remote_target());
    }
    // Only within the adjacency's own addresses. A phone, or a peer behind a NAT, is answered where
    // it was heard.
    const Adjacency& adjacency = snapshot->adjacencies[leg.peer.adjacency];
    if (adjacency.profile == Profile::Access || adjacency.remote_addresses.empty()) {
        return leg.hop;
    }
    const std::string target = next_uri(leg.dialog);
    const auto uri = sip::parse_uri(target);
    const auto address = uri ? IpAddress::parse(uri->host) : std::nullopt;
    const Endpoint local{adjacency.signaling_address, adjacency.signaling_port};
    if (!address || policy::find_adjacency(*snapshot, local, *address) != leg.peer.adjacency) {
        return leg.hop;
    }
    const std::uint16_t port = uri->port != 0 ? uri->port : std::uint16_t{5060};
    // Whoever is not trusted is not to have us hold a connection for each port that it names.
    const bool may_choose = adjacency.is_trusted() || port == 5060 || port == leg.hop.remote.port;
    if (says_tcp(*uri) && may_choose && may_go_by(adjacency, sip::Transport::Tcp)) {
        return connections_.hop_by(*snapshot, leg.peer.adjacency,
                                   {sip::Transport::Tcp, Endpoint{*address, port}});
    }
    return sip::Hop{leg.hop.flow, Endpoint{*address, port}, sip::Transport::Udp};
}

std::vector<registrar::Binding> Sbc::find_location(CallRef call,
                                                   std::string_view address_of_record) {
    auto bindings = shared_.location.find(address_of_record, now().monotonic);
    std::erase_if(bindings, [&](const registrar::Binding& each) {
        return !may_begin_on(*snapshot_of(call), each.adjacency);
    });
    return bindings;
}

std::optional<registrar::Binding> Sbc::find_contact(CallRef call, std::string_view token,
                                                    AdjacencyIndex behind) {
    auto binding = shared_.location.find_token(token, now().monotonic);
    const Snapshot& snapshot = *snapshot_of(call);
    return binding && may_begin_on(snapshot, binding->adjacency) &&
                   snapshot.adjacencies[binding->adjacency].registration_target == behind
               ? std::move(binding)
               : std::nullopt;
}

// Where a registrar behind us knows the users, anybody may be one.
bool Sbc::is_subscriber(std::string_view address_of_record) const {
    const std::string_view domain = address_of_record.substr(address_of_record.rfind('@') + 1);
    const auto has_registrar_behind = [&](const Adjacency& each) {
        return each.registration_target &&
               std::ranges::any_of(each.domains, [&](const std::string& served) {
                   return equals_ignoring_case(served, domain);
               });
    };
    return snapshot_->subscriber(address_of_record) != nullptr ||
           std::ranges::any_of(snapshot_->adjacencies, has_registrar_behind);
}

void Sbc::challenge_passes(std::string_view phone, AdjacencyIndex registrar,
                           const sip::Message& challenge) {
    shared_.passed_challenges.add(phone, registrar, challenge, now().monotonic);
    counters_.add("challenges", "passed");
}

bool Sbc::is_answer(std::string_view phone, AdjacencyIndex registrar,
                    const sip::HeaderLine& credentials) {
    return shared_.passed_challenges.is_answer(phone, registrar, credentials, now().monotonic);
}

void Sbc::own_tag(std::string_view tag, CallRef call) {
    by_tag_[std::string(tag)] = call;
    calls_[call].tags.emplace_back(tag);
}

// A tag of another worker is known by its looks.
bool Sbc::is_our_tag(std::string_view tag) const {
    const auto bucket = b2bua::bucket_of_tag(tag);
    const engine::Place& place = shard_.place();
    return by_tag_.contains(std::string(tag)) || (bucket && place.owner(*bucket) != place.number);
}

std::optional<std::string> Sbc::vouch_for(const sip::DialogIds& ids,
                                          const b2bua::Speaker& speaker) {
    constexpr std::size_t longest = 1024;  // they are kept
    const bool may_be_ours =
        is_our_tag(ids.to_tag) &&
        ids.call_id.size() + ids.to_tag.size() + ids.from_tag.size() <= longest;
    return may_be_ours
               ? std::optional(shared_.vouchers.issue({ids, speaker}, now().monotonic, random_))
               : std::nullopt;
}

bool Sbc::is_elsewhere(std::string_view tag) const {
    return is_our_tag(tag) && !by_tag_.contains(std::string(tag));
}

void Sbc::own_call_id(std::string_view call_id, CallRef call) {
    if (by_call_id_.emplace(std::string(call_id), call).second) {
        calls_[call].call_ids.emplace_back(call_id);
    }
}

void Sbc::count_refusal(std::string_view name) {
    counters_.add("refused_targets", name);
}

void Sbc::end(CallRef call, const CallRecord& record) {
    counters_.add("calls", record.result);
    log::info("call.ended", {{"call", record.call},
                             {"result", record.result},
                             {"status", record.status},
                             {"reason", record.reason}});
    note_end(record);
    if (calls_[call].is_kept) {
        shared_.call_journal.load()->on_call_over(record.call);
    }
    --active_calls_;
    calls_[call].admitted.release();
    ended_.push_back(call);
    for (const auto& [id, errand] : errands_) {
        if (errand.made == call && errand.is_accepted) {
            errand_answers_.emplace_back(id, nullptr);
        }
    }
}

void Sbc::release(CallRef usage) {
    ended_.push_back(usage);
}

// A call that is over stays until its transactions have ended: a late 2xx of a fork is still its to
// acknowledge and end.
void Sbc::sweep() {
    deliver_errands();
    deliver_media();
    for (const Failover::Given& given : failover_.take_given_up()) {
        if (b2bua::Usage* call = call_of(given.call)) {
            call->on_client_failed(given.handle, TerminationCause::TransportError);
        }
        on_client_ended(given.handle);
    }
    for (const CallRef ref : std::exchange(ended_, {})) {
        const auto found = calls_.find(ref);
        if (found == calls_.end()) {
            continue;
        }
        CallEntry& entry = found->second;
        if (entry.open_clients > 0 || entry.call->lingers()) {
            if (entry.call->keep_least()) {
                forget_dialogs(ref, entry);
            }
            continue;
        }
        forget_dialogs(ref, entry);
        forget_call_ids(ref, entry);
        calls_.erase(found);
    }
}

void Sbc::forget_call_ids(CallRef ref, const CallEntry& entry) {
    for (const std::string& call_id : entry.call_ids) {
        if (const auto owner = by_call_id_.find(call_id);
            owner != by_call_id_.end() && owner->second == ref) {
            by_call_id_.erase(owner);
        }
    }
}

// No request within a dialog is its any more, and no timer.
void Sbc::forget_dialogs(CallRef ref, CallEntry& entry) {
    for (const std::string& tag : std::exchange(entry.tags, {})) {
        // A leg that went to another call took its own along.
        if (const auto owner = by_tag_.find(tag); owner != by_tag_.end() && owner->second == ref) {
            by_tag_.erase(owner);
        }
    }
    for (const FlowId flow : std::exchange(entry.flows, {})) {
        const auto users = by_flow_.find(flow);
        if (users != by_flow_.end() && users->second.erase(ref) > 0 && users->second.empty()) {
            by_flow_.erase(users);
        }
    }
    for (const engine::Shard::TimerId timer : std::exchange(entry.timers, {})) {
        shard_.stop_timer(timer);
    }
}

b2bua::Usage* Sbc::call_of(CallRef ref) {
    const auto found = calls_.find(ref);
    return found == calls_.end() ? nullptr : found->second.call.get();
}

b2bua::Usage* Sbc::call_of(ServerId request) {
    const auto found = by_server_.find(request);
    return found == by_server_.end() ? nullptr : call_of(found->second);
}

b2bua::Usage* Sbc::call_of_tag(std::string_view tag) {
    const auto found = by_tag_.find(std::string(tag));
    return found == by_tag_.end() ? nullptr : call_of(found->second);
}

std::string Sbc::new_call_name() {
    return random_.token(8);
}

// Of an answer that no call gives: whatever bears it comes back to this worker.
std::string Sbc::new_tag() {
    return b2bua::make_tag(shard_.place().own_bucket(), random_);
}

void Sbc::record_unfinished(std::string_view reason) {
    for (const auto& [ref, entry] : calls_) {
        const auto record =
            entry.call->is_over() ? std::nullopt : entry.call->record_so_far(reason);
        if (record) {
            observer_.on_record(*record);
        }
    }
}

std::vector<CallRecord> Sbc::calls_so_far() const {
    std::vector<CallRecord> out;
    for (const auto& [ref, entry] : calls_) {
        auto record = entry.call->is_over() ? std::nullopt : entry.call->record_so_far("");
        if (record) {
            out.push_back(std::move(*record));
        }
    }
    return out;
}

std::optional<CallRecord> Sbc::find_call(std::string_view name) const {
    const auto up = std::ranges::find_if(
        calls_, [&](const auto& each) { return each.second.call->name() == name; });
    if (up != calls_.end() && !up->second.call->is_over()) {
        return up->second.call->record_so_far("");
    }
    for (const KeptRecords* kept : {&ended_calls_, &refusals_}) {
        if (const CallRecord* record = kept->find(name)) {
            return *record;
        }
    }
    return std::nullopt;
}

std::vector<TlsConnection> Sbc::tls_connections() const {
    std::vector<TlsConnection> out;
    for (const engine::Flow& flow : shard_.connections()) {
        if (flow.is_established && flow.identity != nullptr && flow.purpose) {
            out.push_back({.adjacency = *flow.purpose,
                           .is_ours = !flow.listener,
                           .remote = flow.remote,
                           .peer = flow.identity});
        }
    }
    return out;
}

void Sbc::refuse_calls(policy::NewCalls but) {
    new_calls_ = but;
    registrations_.stop();
    pings_.stop();
}

void Sbc::end_all(std::string_view reason) {
    std::vector<CallRef> all;
    all.reserve(calls_.size());
    for (const auto& [ref, entry] : calls_) {
        all.push_back(ref);
    }
    for (const CallRef ref : all) {
        if (b2bua::Usage* call = call_of(ref)) {
            call->terminate(reason);
        }
    }
    sweep();
}

bool Sbc::end_call(std::string_view name, std::string_view reason) {
    const auto found = std::ranges::find_if(calls_, [&](const auto& each) {
        return each.second.call->name() == name && !each.second.call->is_over();
    });
    if (found == calls_.end()) {
        return false;
    }
    found->second.call->terminate(reason);
    sweep();
    return true;
}

bool Sbc::is_quiet() const {
    return active_calls_ == 0 && open_requests_ == 0 && registrations_.is_quiet();
}

bool Sbc::is_empty() const {
    return is_quiet() && calls_.empty() && by_client_.empty() && by_server_.empty() &&
           errands_.empty() && by_tag_.empty() && by_call_id_.empty() && by_flow_.empty() &&
           recent_.size() == 0 && unkept_.empty() && media_.is_idle() && failover_.size() == 0 &&
           challenges_.size() == 0 && shard_.transactions().server_count() == 0 &&
           shard_.transactions().client_count() == 0;
}

bool Sbc::is_consistent() const {
    return shared_.location.is_consistent() && shard_.transactions().is_consistent() &&
           overload_.is_consistent() && registrations_.is_consistent() && pings_.is_consistent() &&
           connections_.is_consistent() &&
           std::all_of(calls_.begin(), calls_.end(),
                       [](const auto& entry) { return entry.second.call->is_consistent(); });
}

}  // namespace ringwall::sbc
