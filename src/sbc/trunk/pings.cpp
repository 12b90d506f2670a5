#include "sbc/trunk/pings.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/log.h"
#include "base/visitor.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sip/message_builder.h"
#include "sip/transaction/layer.h"

namespace ringwall::sbc::trunk {
namespace {

using sip::HeaderName;
using sip::OptionsPing;
using sip::locate::Way;
using sip::transaction::ClientId;

constexpr std::size_t max_servers = 8;  // of one peer that are asked

std::string bracketed(const std::string& host) {
    const auto address = IpAddress::parse(host);
    return address && address->family == IpAddress::Family::V6 ? "[" + address->to_string() + "]"
                                                               : host;
}

// The peer itself, so that it answers and asks nobody else (RFC 3261 §11.1).
std::string uri_of(const Adjacency& adjacency, const Way& way) {
    std::string out = "sip:" + bracketed(adjacency.signaling_peer);
    const bool has_port = adjacency.signaling_peer_port != 0 || adjacency.signaling_peer_address;
    if (has_port && way.remote.port != 5060) {
        out += ":" + std::to_string(way.remote.port);
    }
    switch (way.transport) {
        case sip::Transport::Udp:
            return out;
        case sip::Transport::Tcp:
            return out + ";transport=tcp";
        case sip::Transport::Tls:
            return out + ";transport=tls";
    }
    return out;
}

}  // namespace

bool Pings::is_wanted(AdjacencyIndex index) const {
    const Adjacency& its = snapshot_->adjacencies[index];
    return its.is_attached && its.ping;
}

// What was found of the one holds for the other.
bool Pings::is_same(const Adjacency& one, const Adjacency& other) {
    const auto said = [](const Adjacency& each) {
        return std::tuple(each.signaling_peer, each.signaling_peer_port, each.security,
                          each.preferred_transport, each.mandated_transport, each.signaling_address,
                          each.signaling_port, each.tls_peer_domains);
    };
    return one.ping == other.ping && said(one) == said(other);
}

void Pings::take(const SnapshotPtr& snapshot) {
    snapshot_ = snapshot;
    if (is_stopping_) {
        return;
    }
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        const bool runs = peers_[i].ping.state() != OptionsPing::State::Idle;
        const bool is_wanted_so =
            is_wanted(peers_[i].adjacency) &&
            is_same(adjacency(peers_[i]), snapshot_->adjacencies[peers_[i].adjacency]);
        if (runs && is_wanted_so) {
            peers_[i].snapshot = snapshot_;
            continue;
        }
        end(i);
        peers_[i].snapshot = snapshot_;  // nothing goes on by the one before
        if (is_wanted(peers_[i].adjacency)) {
            begin(i);
        }
    }
    for (AdjacencyIndex i = 0; i < snapshot_->adjacencies.size(); ++i) {
        if (is_wanted(i) && std::ranges::find(peers_, i, &Peer::adjacency) == peers_.end()) {
            peers_.push_back({.adjacency = i,
                              .snapshot = snapshot_,
                              .ping = OptionsPing({}),
                              .silent = {},
                              .call_id = {}});
            begin(peers_.size() - 1);
        }
    }
}

void Pings::begin(std::size_t index) {
    Peer& peer = peers_[index];
    peer.snapshot = snapshot_;
    peer.ping = OptionsPing(*adjacency(peer).ping);
    peer.call_id = bucket_token(shard_.place().own_bucket(), random_, 24);
    outages_.set(peer.adjacency, Outages::State{});
    shard_.start_timer(Duration::zero(), first_number + index);
}

// What was sent is not waited for any more.
void Pings::end(std::size_t index) {
    Peer& peer = peers_[index];
    peer.ping.stop();
    peer.is_waiting = false;
    peer.silent.clear();
    outages_.set(peer.adjacency, std::nullopt);
    std::vector<ClientId> open;
    for (const auto& [id, request] : by_client_) {
        if (request.peer == index) {
            open.push_back(id);
        }
    }
    for (const ClientId id : open) {
        by_client_.erase(id);
        shard_.forget(id);
    }
}

void Pings::stop() {
    is_stopping_ = true;
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        end(i);
    }
}

void Pings::on_timer(std::uint64_t cookie) {
    const std::size_t index = cookie - first_number;
    if (index >= peers_.size() || is_stopping_) {
        return;
    }
    tell(index, [&](OptionsPing& ping, OptionsPing::Actions& out) {
        if (ping.state() == OptionsPing::State::Idle && is_wanted(peers_[index].adjacency)) {
            ping.start(now(), out);
        } else {
            ping.on_time(now(), out);
        }
    });
}

// One event, and all that follows from it.
template <class Event>
void Pings::tell(std::size_t index, Event&& event) {
    OptionsPing::Actions actions;
    event(peers_[index].ping, actions);
    for (const OptionsPing::Action& action : actions) {
        std::visit(Visitor{[&](const OptionsPing::Send& each) { send(index, each.number); },
                           [&](const OptionsPing::StartTimer& each) {
                               shard_.start_timer(each.after, first_number + index);
                           },
                           [&](const auto&) { note(peers_[index], action); }},
                   action);
    }
}

void Pings::note(const Peer& peer, const OptionsPing::Action& action) {
    const Adjacency& its = adjacency(peer);
    const WallTime since = shard_.now().wall;
    if (const auto* const down = std::get_if<OptionsPing::WentDown>(&action)) {
        outages_.set(peer.adjacency, Outages::State{Outages::Peer::Down, since});
        counters_.add("peers", "down");
        log::warning("peer.down", {{"adjacency", its.name},
                                   {"signaling-peer", its.signaling_peer},
                                   {"pings_missed", down->missed}});
    } else if (const auto* const up = std::get_if<OptionsPing::CameUp>(&action)) {
        outages_.set(peer.adjacency, Outages::State{Outages::Peer::Up, since});
        counters_.add("peers", "up");
        log::info(
            "peer.up",
            {{"adjacency", its.name},
             {"signaling-peer", its.signaling_peer},
             {"seconds_down", std::chrono::duration_cast<std::chrono::seconds>(up->down).count()}});
    }
}

// ---- a ping -------------------------------------------------------------------------------------

void Pings::send(std::size_t index, std::uint64_t number) {
    Peer& peer = peers_[index];
    peer.sent = number;
    peer.open = 0;
    if (std::exchange(peer.is_waiting, true)) {
        return;  // for its ways still, and who told of them will be told of this one
    }
    if (const auto ways = locator_.find(peer.snapshot, peer.adjacency, first_number + index)) {
        send_by(index, *ways);
    }
}

void Pings::on_ways(const Locator::Found& found) {
    const std::size_t index = found.waiter - first_number;
    if (index < peers_.size() && peers_[index].is_waiting) {
        send_by(index, found.ways);
    }
}

void Pings::send_by(std::size_t index, const Locator::Ways& ways) {
    Peer& peer = peers_[index];
    peer.is_waiting = false;
    std::erase_if(peer.silent,
                  [&](const Way& each) { return std::ranges::find(ways, each) == ways.end(); });
    const std::size_t count = std::min(ways.size(), max_servers);
    for (std::size_t i = 0; i < count; ++i) {
        const auto hop = connections_.hop_by(*peer.snapshot, peer.adjacency, ways[i]);
        if (hop) {
            counters_.add("pings", "sent");
            ++peer.open;
            by_client_[shard_.send_request(*hop, request_for(peer, ways[i]))] =
                Request{index, peer.sent, ways[i]};
        }
    }
    if (peer.open == 0) {
        tell(index, [&](OptionsPing& ping, OptionsPing::Actions& out) {
            ping.on_failed(peer.sent, now(), out);
        });
    }
}

sip::MessagePtr Pings::request_for(Peer& peer, const Way& way) {
    const Adjacency& its = adjacency(peer);
    const Bucket bucket = shard_.place().own_bucket();
    const std::string uri = uri_of(its, way);
    auto builder = sip::MessageBuilder::request("OPTIONS", uri);
    builder.header(HeaderName::Via,
                   b2bua::via(its, way.transport, sip::transaction::make_branch(bucket, random_)));
    builder.header(HeaderName::MaxForwards, "70");
    builder.header(HeaderName::From, "<sip:" + bracketed(its.own_host()) +
                                         ">;tag=" + bucket_token(bucket, random_, 20));
    builder.header(HeaderName::To, "<sip:" + bracketed(its.signaling_peer) + ">");
    builder.header(HeaderName::CallId, peer.call_id);
    builder.header(HeaderName::CSeq, std::to_string(++peer.cseq) + " OPTIONS");
    builder.header(HeaderName::Contact, b2bua::contact(its, way.transport, sip::Scheme::Sip, ""));
    builder.header(HeaderName::Accept, "application/sdp");
    return builder.build();
}

bool Pings::on_response(ClientId id, const sip::Message& response) {
    const auto found = by_client_.find(id);
    if (found == by_client_.end()) {
        return false;
    }
    const Request request = found->second;
    if (response.status() < 200) {
        return true;
    }
    if (response.status() == 503) {
        on_missed(request);
        return true;
    }
    counters_.add("pings", "answered");
    note_silent(request.peer, request.way, false);
    locator_.trust(peers_[request.peer].adjacency, request.way);
    tell(request.peer,
         [&](OptionsPing& ping, OptionsPing::Actions& out) { ping.on_answer(now(), out); });
    return true;
}

bool Pings::on_failed(ClientId id) {
    const auto found = by_client_.find(id);
    if (found == by_client_.end()) {
        return false;
    }
    on_missed(found->second);
    return true;
}

void Pings::on_missed(const Request& request) {
    counters_.add("pings", "missed");
    note_silent(request.peer, request.way, true);
    Peer& peer = peers_[request.peer];
    // Of the last one no server is left that could answer.
    if (request.number == peer.sent && --peer.open == 0) {
        tell(request.peer, [&](OptionsPing& ping, OptionsPing::Actions& out) {
            ping.on_failed(request.number, now(), out);
        });
    }
}

void Pings::note_silent(std::size_t index, const Way& way, bool is_silent) {
    Peer& peer = peers_[index];
    if (is_silent) {
        peer.silent.insert(way);
    } else {
        peer.silent.erase(way);
    }
    outages_.set_silent(peer.adjacency, peer.silent);
}

bool Pings::is_consistent() const {
    return std::ranges::all_of(peers_, [this](const Peer& peer) {
        const auto known = outages_.state(peer.adjacency);
        return peer.ping.is_consistent() &&
               peer.ping.is_down() == (known && known->peer == Outages::Peer::Down);
    });
}

}  // namespace ringwall::sbc::trunk
