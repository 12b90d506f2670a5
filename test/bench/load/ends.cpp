#include "ends.h"

#include <variant>

#include "net/clock.h"

namespace ringwall::bench {

namespace {
// The worker does not say from which port it connects, and a Via with port 0 is none.
constexpr std::uint16_t unknown_port = 5060;
}  // namespace

TimePoint clock_now() {
    return net::system_clock().monotonic;
}

Result<std::unique_ptr<Ends>, std::string> Ends::create(std::shared_ptr<const tls::Context> tls) {
    auto worker = engine::Worker::create();
    if (!worker) return fail(worker.error().sentence);
    std::unique_ptr<Ends> ends(new Ends(std::move(*worker), std::move(tls)));
    ends->worker_->set_user(*ends);
    return ends;
}

Result<Channel*, std::string> Ends::open(sip::Transport transport, const Endpoint& server,
                                         std::uint16_t port) {
    Channel& channel = channels_.emplace_back();
    channel.index = channels_.size() - 1;
    channel.transport = transport;
    channel.server = server;
    if (transport == sip::Transport::Udp) {
        const auto listener = worker_->add_udp({IpAddress::v4(127, 0, 0, 1), port});
        if (!listener) return fail(listener.error().sentence);
        channel.flow = listener->flow;
        channel.port = listener->bound.port;
        channel.is_open = true;
    } else {
        if (transport == sip::Transport::Tls && tls_ == nullptr) {
            return fail(std::string("TLS needs --trust-anchors"));
        }
        channel.port = unknown_port;
        engine::ConnectSpec spec;
        spec.transport = transport;
        spec.remote = server;
        if (transport == sip::Transport::Tls) spec.tls = tls_;
        channel.flow = worker_->connect(spec);
    }
    by_flow_[channel.flow] = &channel;
    return &channel;
}

void Ends::send_to(const Channel& channel, const Endpoint& remote, std::string_view bytes) {
    if (channel.transport == sip::Transport::Udp) {
        worker_->send_datagram(channel.flow, remote, bytes);
    } else {
        worker_->send(channel.flow, bytes);
    }
}

void Ends::deliver(Channel& channel, const Endpoint& from, std::string bytes,
                   sip::Framing framing) {
    const sip::Parsed parsed = sip::Message::parse(std::move(bytes), framing);
    if (parsed.message == nullptr || parsed.fault) {
        ++unreadable_;
        return;
    }
    player_->on_message(channel, from, *parsed.message);
}

void Ends::on_datagram(engine::ListenerId, FlowId flow, const Endpoint& remote,
                       std::string_view bytes, Now) {
    const auto found = by_flow_.find(flow);
    if (found == by_flow_.end()) return;
    deliver(*found->second, remote, std::string(bytes), sip::Framing::Datagram);
}

bool Ends::on_established(FlowId flow, engine::ListenerId, const Endpoint&,
                          const tls::PeerIdentity*, Now) {
    const auto found = by_flow_.find(flow);
    if (found == by_flow_.end()) return false;
    found->second->is_open = true;
    player_->on_open(*found->second);
    return true;
}

void Ends::on_stream(FlowId flow, std::string_view bytes, Now) {
    const auto found = by_flow_.find(flow);
    if (found == by_flow_.end()) return;
    Channel& channel = *found->second;
    channel.framer.feed(bytes);
    while (auto event = channel.framer.next()) {
        if (auto* whole = std::get_if<sip::StreamFramer::WholeMessage>(&*event)) {
            deliver(channel, channel.server, std::move(whole->bytes), sip::Framing::Stream);
        } else if (std::holds_alternative<sip::StreamFramer::Broken>(*event)) {
            ++unreadable_;
            return;
        }
    }
}

void Ends::on_closed(FlowId flow, engine::ListenerId, const Endpoint&, CloseReason reason,
                     std::string_view detail, Now) {
    const auto found = by_flow_.find(flow);
    if (found == by_flow_.end()) return;
    Channel& channel = *found->second;
    channel.is_open = false;
    by_flow_.erase(found);
    player_->on_lost(channel, std::string(to_string(reason)) + " " + std::string(detail));
}

}  // namespace ringwall::bench
