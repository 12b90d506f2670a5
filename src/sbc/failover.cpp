#include "sbc/failover.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sbc/b2bua/topology_hiding.h"
#include "sbc/peer_hop.h"
#include "sip/transaction/derived_request.h"
#include "sip/transaction/layer.h"

namespace ringwall::sbc {

using sip::locate::Way;
using sip::transaction::TerminationCause;

namespace {

constexpr std::size_t max_tries = 8;           // of one request
constexpr std::size_t max_datagram = 1300;     // RFC 3261 §18.1.1: no path MTU is known
constexpr Duration rest_of_large_ones = 600s;  // of TCP to a peer that speaks UDP

// A request whose way is not known yet has no transaction that could name it.
constexpr std::uint64_t first_waiting = UINT64_MAX;

// Larger than what surely passes in one datagram, where the adjacency allows TCP.
bool may_go_by_tcp(const Adjacency& adjacency, const sip::Message& request) {
    return request.bytes().size() > max_datagram && may_go_by(adjacency, sip::Transport::Tcp);
}

}  // namespace

Failover::Sent Failover::send(b2bua::CallRef call, const policy::Permit& permit,
                              const SnapshotPtr& snapshot, const sip::Hop& to,
                              sip::MessagePtr request) {
    const AdjacencyIndex adjacency = peer_of(to).value_or(0);
    const ClientId waiting{first_waiting - ++waiting_};
    Request entry{call, permit, snapshot, adjacency, std::move(request),    to.transport,
                  {},   0,      {},       {},        shard_.now().monotonic};
    auto ways = locator_.find(snapshot, adjacency, waiting.value);
    Request& kept = requests_.emplace(waiting, std::move(entry)).first->second;
    Sent unsent{call, waiting, {}, adjacency, to, nullptr, permit};
    if (!ways) {
        return unsent;
    }
    kept.ways = std::move(*ways);
    add_tcp_ways(kept);
    auto sent = try_next(waiting, kept);
    if (!sent) {
        given_up_.push_back({call, waiting});
        requests_.erase(waiting);
        return unsent;
    }
    name(waiting, *sent);
    return *sent;
}

std::optional<Failover::Sent> Failover::send_large(b2bua::CallRef call, const SnapshotPtr& snapshot,
                                                   AdjacencyIndex adjacency, const sip::Hop& to,
                                                   const sip::MessagePtr& request) {
    const Way by_tcp{sip::Transport::Tcp, to.remote};
    if (to.transport != sip::Transport::Udp ||
        snapshot->adjacencies[adjacency].profile == Profile::Access ||  // a NAT may be before it
        !may_go_by_tcp(snapshot->adjacencies[adjacency], *request) ||
        locator_.is_avoided(adjacency, by_tcp)) {
        return std::nullopt;
    }
    const ClientId waiting{first_waiting - ++waiting_};
    Request entry{
        call, std::nullopt,          snapshot, adjacency, request, to.transport, {}, 0, {},
        {},   shard_.now().monotonic};
    entry.ways = {by_tcp, {sip::Transport::Udp, to.remote}};
    Request& kept = requests_.emplace(waiting, std::move(entry)).first->second;
    auto sent = try_next(waiting, kept);
    if (sent) {
        name(waiting, *sent);
    } else {
        requests_.erase(waiting);
    }
    return sent;
}

void Failover::name(ClientId waiting, Sent& sent) {
    auto node = requests_.extract(waiting);
    node.key() = sent.client;
    requests_.insert(std::move(node));
    handles_[sent.client] = sent.handle = sent.client;
}

std::optional<Failover::Sent> Failover::on_ways(const Locator::Found& found) {
    const ClientId handle{found.waiter};
    const auto entry = requests_.find(handle);
    if (entry == requests_.end()) {
        return std::nullopt;  // cancelled meanwhile
    }
    entry->second.ways = found.ways;
    add_tcp_ways(entry->second);
    auto sent = try_next(handle, entry->second);
    if (!sent) {
        given_up_.push_back({entry->second.call, handle});
        requests_.erase(entry);
    }
    return sent;
}

// Over TCP unless the peer has refused it; refused there, it goes by UDP all the same.
void Failover::add_tcp_ways(Request& request) const {
    if (!may_go_by_tcp(request.snapshot->adjacencies[request.adjacency], *request.message)) {
        return;
    }
    Locator::Ways ways;
    for (const Way& way : request.ways) {
        const Way by_tcp{sip::Transport::Tcp, way.remote};
        if (way.transport == sip::Transport::Udp &&
            !locator_.is_avoided(request.adjacency, by_tcp)) {
            ways.push_back(by_tcp);
        }
        ways.push_back(way);
    }
    request.ways = std::move(ways);
}

std::optional<Failover::Sent> Failover::try_next(ClientId handle, Request& request) {
    while (request.next < std::min(request.ways.size(), max_tries)) {
        const bool is_first = request.next == 0;
        const Way& way = request.ways[request.next++];
        const auto hop = connections_.hop_by(*request.snapshot, request.adjacency, way);
        if (!hop) {
            continue;
        }
        sip::MessagePtr message = request.message;
        if (!is_first || way.transport != request.written_for) {
            const Adjacency& out = request.snapshot->adjacencies[request.adjacency];
            const Bucket bucket = sip::transaction::bucket_of_branch(*message);
            message = sip::transaction::make_again(
                *message,
                b2bua::via(out, way.transport, sip::transaction::make_branch(bucket, random_)));
        }
        request.hop = *hop;
        request.is_heard = false;
        request.client = shard_.send_request(*hop, message);
        handles_[request.client] = handle;
        return Sent{request.call,       handle,        request.client, request.adjacency, *hop,
                    std::move(message), request.permit};
    }
    return std::nullopt;
}

Failover::Request* Failover::request_of(ClientId client) {
    const auto handle = handles_.find(client);
    const auto found = handle == handles_.end() ? requests_.end() : requests_.find(handle->second);
    return found == requests_.end() || found->second.client != client ? nullptr : &found->second;
}

std::optional<Failover::Sent> Failover::on_response(ClientId client, const sip::Message& response) {
    Request* request = request_of(client);
    if (request == nullptr) {
        return std::nullopt;
    }
    if (response.status() == 503 && request->permit) {
        return go_on(client, Locator::rest_after(response));
    }
    request->is_heard = true;
    if (response.status() >= 200) {
        request->message.reset();  // no other server is asked
    }
    locator_.trust(request->adjacency, request->ways[request->next - 1]);
    return std::nullopt;
}

std::optional<Failover::Sent> Failover::on_failed(ClientId client, TerminationCause cause) {
    const Request* request = request_of(client);
    if (request == nullptr ||
        (cause == TerminationCause::Timeout && (request->is_heard || !request->permit))) {
        return std::nullopt;
    }
    const auto& ways = request->ways;
    const Way& way = ways[request->next - 1];
    const bool was_for_its_size = way.transport == sip::Transport::Tcp &&
                                  request->next < ways.size() &&
                                  ways[request->next] == Way{sip::Transport::Udp, way.remote};
    return go_on(client, was_for_its_size ? rest_of_large_ones : Locator::rest);
}

std::optional<Failover::Sent> Failover::go_on(ClientId client, Duration avoid) {
    Request& request = *request_of(client);
    if (request.is_cancelled || request.message == nullptr) {
        return std::nullopt;
    }
    locator_.avoid(request.adjacency, request.ways[request.next - 1], avoid);
    if (request.message->method() != sip::Method::Invite &&
        shard_.now().monotonic - request.since >= limit_) {
        return std::nullopt;
    }
    return try_next(handles_.at(client), request);
}

void Failover::on_ended(ClientId client) {
    if (request_of(client) != nullptr) {
        requests_.erase(handles_.at(client));
    }
    handles_.erase(client);
}

void Failover::on_told(ClientId client) {
    if (const Request* request = request_of(client); request && request->message == nullptr) {
        const ClientId handle = handles_.at(client);
        requests_.erase(handle);
        if (handle == client) {  // as for any transaction without an entry: handle_of
            handles_.erase(client);
        }
    }
}

void Failover::replace(ClientId client, ClientId next, const sip::MessagePtr& message) {
    if (Request* request = request_of(client)) {
        request->client = next;
        // What proves our account to this server is not for the next.
        constexpr std::array proof{sip::HeaderName::Authorization,
                                   sip::HeaderName::ProxyAuthorization};
        request->message = sip::transaction::make_again(
            *message, message->header(sip::HeaderName::Via)->value, proof);
        request->written_for = request->hop.transport;
        handles_[next] = handles_.at(client);
    }
}

Failover::ClientId Failover::handle_of(ClientId client) const {
    const auto found = handles_.find(client);
    return found == handles_.end() ? client : found->second;
}

const sip::Hop* Failover::hop_of(ClientId handle) const {
    const auto found = requests_.find(handle);
    return found == requests_.end() || !found->second.client ? nullptr : &found->second.hop;
}

Failover::ClientId Failover::cancel(b2bua::CallRef call, ClientId handle) {
    const auto found = requests_.find(handle);
    if (found == requests_.end()) {
        return handle;
    }
    found->second.is_cancelled = true;
    const ClientId client = found->second.client;
    if (!client) {
        given_up_.push_back({call, handle});
        requests_.erase(found);
    }
    return client;
}

}  // namespace ringwall::sbc
