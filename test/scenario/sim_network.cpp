#include "scenario/sim_network.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"

namespace ringwall::test {

SimNetwork::Node& SimNetwork::add_node(const IpAddress& address, engine::ShardNumber number) {
    nodes_.push_back(std::unique_ptr<Node>(new Node(*this, address, number)));
    return *nodes_.back();
}

SimNetwork::Node::Udp SimNetwork::Node::listen_udp(const Endpoint& local) {
    Listeners& listeners = net_.others_at(net_.udp_[local], number_);
    Listener listener{this, local, engine::ListenerId{++net_.last_id_}, {}};
    // All sockets on an address have the same flow.
    listener.flow = listeners.empty() ? engine::udp_flow_id(listener.id) : listeners.front().flow;
    listeners.push_back(listener);
    net_.udp_by_flow_[listener.flow.value] = local;
    return {listener.id, listener.flow};
}

FlowId SimNetwork::Node::open_udp(const Endpoint& /*remote*/) {
    const Endpoint local{address_, next_udp_port_++};
    const FlowId id = engine::make_flow_id(number_, 0, ++net_.last_id_);
    net_.udp_[local].push_back(Listener{this, local, {}, id});
    net_.udp_by_flow_[id.value] = local;
    return id;
}

void SimNetwork::Node::close_udp(FlowId flow) {
    const auto found = net_.udp_by_flow_.find(flow.value);
    net_.udp_.erase(found->second);
    net_.udp_by_flow_.erase(found);
}

engine::ListenerId SimNetwork::Node::listen_tcp(const Endpoint& local) {
    Listener listener{this, local, engine::ListenerId{++net_.last_id_}, {}};
    net_.others_at(net_.tcp_[local], number_).push_back(listener);
    return listener.id;
}

// A node of the same number takes the place of the one before it.
SimNetwork::Listeners& SimNetwork::others_at(Listeners& listeners, engine::ShardNumber number) {
    std::erase_if(listeners, [&](const Listener& each) { return each.node->number_ == number; });
    return listeners;
}

const SimNetwork::Listener* SimNetwork::choose(const std::map<Endpoint, Listeners>& listeners,
                                               const Endpoint& local, const Endpoint& remote) {
    const auto found = listeners.find(local);
    if (found == listeners.end()) {
        return nullptr;
    }
    if (found->second.empty()) {
        return nullptr;
    }
    return &found->second[chosen(remote, found->second.size())];
}

std::size_t SimNetwork::chosen(const Endpoint& peer, std::size_t count) {
    return std::hash<std::string>{}(peer.to_string()) % count;
}

void SimNetwork::at(Duration after, std::function<void()> run) {
    events_.push(Event{now_.monotonic + after, ++order_, std::move(run)});
}

Duration SimNetwork::delay() {
    Duration extra{};
    if (weather_.jitter > Duration::zero()) {
        extra = Duration(static_cast<Duration::rep>(
            random_.number() % static_cast<std::uint64_t>(weather_.jitter.count())));
    }
    return weather_.latency + extra;
}

void SimNetwork::Node::send_datagram(FlowId flow, const Endpoint& remote, std::string_view bytes) {
    const auto socket = net_.udp_by_flow_.find(flow.value);
    CHECK(socket != net_.udp_by_flow_.end());
    const Endpoint from = socket->second;
    net_.packets_.push_back({net_.now_.monotonic, from, remote, true, false, std::string(bytes)});
    if (net_.loses_ && net_.loses_(net_.packets_.back())) {
        return;
    }
    const auto chance = [&] {
        return static_cast<double>(net_.random_.number() % 10'000) / 10'000;
    };
    if (chance() < net_.weather_.loss) {
        return;
    }
    const int copies = chance() < net_.weather_.duplicate ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
        net_.at(net_.delay(), [net = &net_, from, remote, text = std::string(bytes)] {
            const Listener* const target = choose(net->udp_, remote, from);
            if (target != nullptr && target->node->user_ != nullptr) {
                target->node->user_->on_datagram(target->id, target->flow, from, text, net->now_);
            }
        });
    }
}

FlowId SimNetwork::Node::connect(const engine::ConnectSpec& spec) {
    const FlowId id = engine::make_flow_id(number_, 0, ++net_.last_id_);
    connect_as(id, spec);
    return id;
}

void SimNetwork::Node::connect_as(FlowId id, const engine::ConnectSpec& spec) {
    auto connection = std::make_shared<Connection>();
    connection->spec = spec;
    connection->client_tls = spec.tls != nullptr;
    connection->client = End{this,
                             id,
                             {},
                             Endpoint{spec.local.value_or(address_),
                                      spec.local_ports ? spec.local_ports->first : next_port_++}};
    net_.connections_[connection->client.flow.value] = connection;
    net_.at(net_.weather_.latency, [net = &net_, connection] { net->arrive(*connection); });
}

void SimNetwork::arrive(Connection& connection) {
    const auto self = connections_.find(connection.client.flow.value);
    if (self == connections_.end()) {
        return;  // closed before
    }
    const std::shared_ptr<Connection> shared = self->second;
    const Listener* const listener = choose(tcp_, connection.spec.remote, connection.client.local);
    if (listener == nullptr || listener->node->user_ == nullptr || listener->node->is_frozen_) {
        tear(shared, CloseReason::ConnectFailed, CloseReason::ConnectFailed);
        return;
    }
    connection.server =
        End{listener->node, engine::make_flow_id(listener->node->number_, 0, ++last_id_),
            listener->id, connection.spec.remote};
    connections_[connection.server.flow.value] = shared;
    const engine::AcceptDecision decision = connection.server.node->user_->on_accept(
        connection.server.listener, connection.client.local);
    if (!decision.is_admitted) {
        tear(shared, CloseReason::PeerClosed, CloseReason::NotAdmitted);
        return;
    }
    // Who accepted it closes it when nothing has passed for so long.
    struct IdleWatch {
        SimNetwork* net;
        std::shared_ptr<Connection> connection;
        Duration limit;
        TimePoint last;  // when something passed
        void operator()() {
            const auto& [client, server] = std::tie(connection->client, connection->server);
            const auto is_its = [&](const Packet& packet) {
                return packet.from == client.local || packet.to == client.local;
            };
            const auto& packets = net->packets_;
            const auto at = std::find_if(packets.rbegin(), packets.rend(), is_its);
            last = at == packets.rend() ? last : std::max(last, at->time);
            const TimePoint now = net->now_.monotonic;
            if (!net->connections_.contains(server.flow.value)) {
                return;
            }
            if (now >= last + limit) {
                net->tear(connection, CloseReason::PeerClosed, CloseReason::Idle);
            } else {
                net->at(last + limit - now, *this);
            }
        }
    };
    if (decision.idle_timeout > Duration::zero()) {
        at(decision.idle_timeout, IdleWatch{this, shared, decision.idle_timeout, now_.monotonic});
    }
    connection.server_tls = decision.tls != nullptr;
    connection.is_forced =
        connection.client.node->forces_doors_ && connection.client_tls != connection.server_tls;
    if (connection.is_forced) {
        at(weather_.latency, [this, shared] { establish(*shared); });
        return;
    }
    if (connection.client_tls && !connection.server_tls) {
        tear(shared, CloseReason::HandshakeFailed, CloseReason::TlsOnPlain);
        return;
    }
    if (connection.server_tls && connection.client_tls &&
        decision.tls->client_authentication() == tls::ClientAuthentication::Required &&
        !connection.client.node->client_.has_certificate) {
        tear(shared, CloseReason::HandshakeFailed, CloseReason::HandshakeFailed);
        return;
    }
    at(weather_.latency, [this, shared] { establish(*shared); });
}

void SimNetwork::establish(Connection& connection) {
    const auto self = connections_.find(connection.client.flow.value);
    if (self == connections_.end()) {
        return;
    }
    const std::shared_ptr<Connection> shared = self->second;
    const bool is_tls = connection.client_tls && connection.server_tls;
    connection.is_open = true;
    Node& server = *connection.server.node;
    Node& client = *connection.client.node;
    if (connection.is_forced || !connection.server_tls || is_tls) {
        connection.server.is_told = true;
        if (!server.user_->on_established(
                connection.server.flow, connection.server.listener, connection.client.local,
                connection.client_tls ? &client.client_ : nullptr, now_)) {
            tear(shared, CloseReason::PeerClosed, CloseReason::IdentityMismatch);
            return;
        }
    }
    connection.client.is_told = true;
    if (!client.user_->on_established(connection.client.flow, {}, connection.server.local,
                                      connection.client_tls ? &server.server_ : nullptr, now_)) {
        tear(shared, CloseReason::IdentityMismatch, CloseReason::PeerClosed);
        return;
    }
    if (!connection.held.empty()) {
        deliver(shared, connection.client.flow, std::exchange(connection.held, {}));
    }
}

void SimNetwork::Node::send(FlowId flow, std::string_view bytes) {
    const auto found = net_.connections_.find(flow.value);
    if (found == net_.connections_.end()) {
        return;
    }
    if (!found->second->is_open) {
        found->second->held.append(bytes);
        return;
    }
    net_.deliver(found->second, flow, std::string(bytes));
}

void SimNetwork::deliver(const std::shared_ptr<Connection>& connection, FlowId from,
                         std::string bytes) {
    const bool is_tls = connection->client_tls && connection->server_tls;
    packets_.push_back({now_.monotonic, connection->end(from).local, connection->other(from).local,
                        false, is_tls, bytes});
    at(weather_.latency, [this, connection, from, text = std::move(bytes)] {
        if (!connections_.contains(from.value)) {
            return;
        }
        if (connection->server_tls && !connection->client_tls && !connection->is_forced) {
            tear(connection, CloseReason::PeerClosed, CloseReason::PlainOnTls);
            return;
        }
        const End& to = connection->other(from);
        if (to.node->is_frozen_) {
            return;
        }
        const std::size_t piece = weather_.piece == 0 ? text.size() : weather_.piece;
        for (std::size_t at = 0; at < text.size(); at += piece) {
            if (to.node->user_ != nullptr && connections_.contains(from.value)) {
                to.node->user_->on_stream(to.flow, std::string_view(text).substr(at, piece), now_);
            }
        }
    });
}

void SimNetwork::Node::close(FlowId flow, CloseReason reason) {
    const auto found = net_.connections_.find(flow.value);
    if (found == net_.connections_.end()) {
        return;
    }
    const auto connection = found->second;
    const bool is_client = connection->client.flow == flow;
    // Behind what was sent before.
    net_.at(net_.weather_.latency, [net = &net_, connection, is_client, reason] {
        net->tear(connection, is_client ? reason : CloseReason::PeerClosed,
                  is_client ? CloseReason::PeerClosed : reason);
    });
}

void SimNetwork::Node::judge_again(FlowId flow, const tls::Context& /*context*/) {
    const auto found = net_.connections_.find(flow.value);
    if (found == net_.connections_.end()) {
        return;
    }
    const Connection& connection = *found->second;
    const tls::PeerIdentity& peer = connection.client.flow == flow
                                        ? connection.server.node->server_
                                        : connection.client.node->client_;
    if (net_.revoked_.contains(peer.fingerprint)) {
        close(flow, CloseReason::NotTrusted);
    }
}

void SimNetwork::Node::remove(engine::ListenerId listener) {
    for (auto* const listeners : {&net_.udp_, &net_.tcp_}) {
        for (auto& [local, those] : *listeners) {
            std::erase_if(those, [&](const Listener& each) { return each.id == listener; });
        }
    }
}

void SimNetwork::Node::query(const dns::Question& question) {
    net_.questions_.push_back(question);
    const auto known = net_.names_.find(question);
    const auto [answer, after] =
        known == net_.names_.end() ? std::pair{no_records(), Duration(20ms)} : known->second;
    net_.at(after, [this, question, text = answer] {
        if (user_ != nullptr) {
            user_->on_dns(question, text, net_.now_);
        }
    });
}

Endpoint SimNetwork::Node::local_of(FlowId flow) const {
    const auto found = net_.connections_.find(flow.value);
    return found == net_.connections_.end() ? Endpoint{} : found->second->end(flow).local;
}

void SimNetwork::Node::cut() {
    std::vector<std::shared_ptr<Connection>> mine;
    for (const auto& [flow, connection] : net_.connections_) {
        if (connection->client.node == this || connection->server.node == this) {
            mine.push_back(connection);
        }
    }
    for (const auto& connection : mine) {
        net_.tear(connection, CloseReason::Reset, CloseReason::Reset);
    }
}

void SimNetwork::Node::leave() {
    cut();
    for (auto* const listeners : {&net_.udp_, &net_.tcp_}) {
        for (auto& [local, those] : *listeners) {
            std::erase_if(those, [this](const Listener& each) { return each.node == this; });
        }
    }
    user_ = nullptr;
}

void SimNetwork::tear(const std::shared_ptr<Connection>& connection, CloseReason client,
                      CloseReason server) {
    if (connections_.erase(connection->client.flow.value) == 0) {
        return;
    }
    connections_.erase(connection->server.flow.value);
    connection->is_open = false;
    const End& c = connection->client;
    const End& s = connection->server;
    at(Duration::zero(), [this, c, remote = connection->spec.remote, client] {
        if (c.node->user_ != nullptr) {
            c.node->user_->on_closed(c.flow, {}, remote, client, "", now_);
        }
    });
    if (s.node != nullptr) {
        at(Duration::zero(), [this, s, remote = c.local, server] {
            if (s.node->user_ != nullptr) {
                s.node->user_->on_closed(s.flow, s.listener, remote, server, "", now_);
            }
        });
    }
}

bool SimNetwork::step(TimePoint limit) {
    TimePoint next = events_.empty() ? TimePoint::max() : events_.top().at;
    for (const auto& node : nodes_) {
        if (node->user_ != nullptr) {
            next = std::min(next, node->user_->next_deadline());
        }
    }
    if (next > limit) {
        return false;
    }
    if (next > now_.monotonic) {
        now_.wall += std::chrono::duration_cast<std::chrono::milliseconds>(next - now_.monotonic);
        now_.monotonic = next;
    }
    if (!events_.empty() && events_.top().at <= now_.monotonic) {
        const auto run = events_.top().run;
        events_.pop();
        run();
    }
    for (const auto& node : nodes_) {
        if (node->user_ != nullptr) {
            node->user_->on_time(now_);
        }
    }
    if (check_) {
        check_();
    }
    return true;
}

void SimNetwork::run_for(Duration duration) {
    const TimePoint limit = now_.monotonic + duration;
    while (step(limit)) {
    }
    now_.wall += std::chrono::duration_cast<std::chrono::milliseconds>(limit - now_.monotonic);
    now_.monotonic = limit;
    // What the test has a node do next is done now, not at the last event.
    for (const auto& node : nodes_) {
        if (node->user_ != nullptr) {
            node->user_->on_time(now_);
        }
    }
}

bool SimNetwork::run_until(const std::function<bool()>& condition, Duration limit) {
    const TimePoint end = now_.monotonic + limit;
    while (!condition()) {
        if (!step(end)) {
            return condition();
        }
    }
    return true;
}

std::vector<SimNetwork::Packet> SimNetwork::packets_of(const IpAddress& address) const {
    std::vector<Packet> out;
    std::copy_if(packets_.begin(), packets_.end(), std::back_inserter(out), [&](const Packet& p) {
        return p.from.address == address || p.to.address == address;
    });
    return out;
}

dns::Answer addresses(const std::vector<IpAddress>& list, Duration lifetime) {
    dns::Answer answer;
    answer.outcome = dns::Outcome::Records;
    answer.addresses = list;
    answer.lifetime = lifetime;
    return answer;
}

dns::Answer services(const std::vector<dns::Srv>& list, Duration lifetime) {
    dns::Answer answer;
    answer.outcome = dns::Outcome::Records;
    answer.srv = list;
    answer.lifetime = lifetime;
    return answer;
}

dns::Answer no_records(Duration lifetime) {
    dns::Answer answer;
    answer.outcome = dns::Outcome::NoRecords;
    answer.lifetime = lifetime;
    return answer;
}

dns::Answer no_answer() {
    return {};
}

tls::PeerIdentity certificate_of(const std::string& domain) {
    tls::PeerIdentity identity;
    identity.has_certificate = true;
    identity.is_verified = true;
    identity.has_subject_alt_name = true;
    identity.sip_domains = {domain};
    identity.dns_names = {domain};
    identity.fingerprint = "fp-" + domain;
    identity.protocol = "TLSv1.3";
    return identity;
}

tls::PeerIdentity certificate_of_user(const std::string& address_of_record) {
    tls::PeerIdentity identity;
    identity.has_certificate = true;
    identity.is_verified = true;
    identity.has_subject_alt_name = true;
    identity.sip_users = {address_of_record};
    identity.fingerprint = "fp-" + address_of_record;
    identity.protocol = "TLSv1.3";
    return identity;
}

}  // namespace ringwall::test
