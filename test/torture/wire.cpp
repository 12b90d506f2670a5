#include "torture/wire.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <variant>

#include "sip/message_builder.h"

namespace ringwall::test {

using sip::HeaderName;

Wire::Wire(SimNetwork& net, const IpAddress& address) : node_(net.add_node(address)) {
    const Endpoint local{address, 5060};
    socket_ = node_.listen_udp(local).flow;
    node_.listen_tcp(local);
    node_.set_user(*this);
}

void Wire::send(const Endpoint& to, std::string_view datagram) {
    node_.send_datagram(socket_, to, datagram);
}

FlowId Wire::connect(const Endpoint& to) {
    engine::ConnectSpec spec;
    spec.remote = to;
    return node_.connect(spec);
}

void Wire::stream(FlowId flow, std::string_view bytes) {
    node_.send(flow, bytes);
}

void Wire::close(FlowId flow) {
    node_.close(flow, CloseReason::PeerClosed);
}

void Wire::close_all() {
    for (const auto& [flow, framer] : framers_) {
        if (!is_closed(flow)) {
            close(flow);
        }
    }
}

std::string Wire::agree(const sip::Message& request) {
    if (request.method() == sip::Method::Invite && request.header(HeaderName::Accept) != nullptr &&
        !request.has_token(HeaderName::Accept, "application/sdp")) {
        return std::string(sip::reply(request, 406, "agreed").build()->bytes());
    }
    auto builder = sip::reply(request, 200, "agreed");
    builder.copy(HeaderName::RecordRoute, request);
    builder.header(HeaderName::Contact, "<sip:agreeable@192.0.2.40>");
    if (request.method() == sip::Method::Invite) {
        builder.copy(HeaderName::ContentType, request);
        builder.body(request.body());
    }
    return std::string(builder.build()->bytes());
}

void Wire::on_datagram(engine::ListenerId, FlowId flow, const Endpoint& remote,
                       std::string_view bytes, Now now) {
    take(flow, remote, sip::Transport::Udp, std::string(bytes), now);
}

engine::AcceptDecision Wire::on_accept(engine::ListenerId, const Endpoint&) {
    engine::AcceptDecision decision;
    decision.is_admitted = true;
    return decision;
}

void Wire::on_stream(FlowId flow, std::string_view bytes, Now now) {
    octets_[flow].append(bytes);
    sip::StreamFramer& framer = framers_[flow];
    framer.feed(bytes);
    while (auto event = framer.next()) {
        if (auto* whole = std::get_if<sip::StreamFramer::WholeMessage>(&*event)) {
            take(flow, {}, sip::Transport::Tcp, std::move(whole->bytes), now);
        }
    }
}

void Wire::on_closed(FlowId flow, engine::ListenerId, const Endpoint&, CloseReason,
                     std::string_view, Now now) {
    closed_.emplace(flow, now.monotonic);
}

void Wire::take(FlowId flow, const Endpoint& from, sip::Transport transport, std::string bytes,
                Now now) {
    const bool is_udp = transport == sip::Transport::Udp;
    const auto parsed = sip::Message::parse(std::move(bytes),
                                            is_udp ? sip::Framing::Datagram : sip::Framing::Stream);
    ASSERT_NE(parsed.message, nullptr) << "the border controller sent what is not SIP";
    heard_.push_back({flow, from, transport, now.monotonic, parsed.message});
    const sip::Message& message = *parsed.message;
    if (!message.is_request()) {  // it may echo faults
        if (message.cseq().method == sip::Method::Invite && message.status() >= 300) {
            acknowledge(flow, from, transport, message);
        }
        return;
    }
    EXPECT_FALSE(parsed.fault) << to_string(parsed.fault->fault) << " in:\n" << message.bytes();
    if (message.method() == sip::Method::Ack) {
        return;
    }
    const std::string response = answer(message);
    if (response.empty()) {
        return;
    }
    if (is_udp) {
        send(from, response);
    } else {
        stream(flow, response);
    }
}

void Wire::acknowledge(FlowId flow, const Endpoint& to, sip::Transport transport,
                       const sip::Message& failure) {
    std::string ack = "ACK sip:192.0.2.1 SIP/2.0\r\nVia: ";
    ack.append(failure.top_via().text).append("\r\n");
    for (const HeaderName name : {HeaderName::From, HeaderName::To, HeaderName::CallId}) {
        if (const auto* line = failure.header(name)) {
            ack.append(line->raw);
        }
    }
    ack += "CSeq: " + std::to_string(failure.cseq().number) + " ACK\r\nContent-Length: 0\r\n\r\n";
    if (transport == sip::Transport::Udp) {
        send(to, ack);
    } else {
        stream(flow, ack);
    }
}

std::vector<sip::MessagePtr> Wire::select(
    const std::function<bool(const sip::Message&)>& is_wanted) const {
    std::vector<sip::MessagePtr> out;
    for (const Heard& each : heard_) {
        const bool is_known = std::any_of(out.begin(), out.end(), [&](const auto& known) {
            return known->bytes() == each.message->bytes();
        });
        if (!is_known && is_wanted(*each.message)) {
            out.push_back(each.message);
        }
    }
    return out;
}

std::vector<sip::MessagePtr> Wire::requests(std::string_view method) const {
    return select([&](const sip::Message& message) {
        return message.is_request() && message.method_text() == method;
    });
}

std::vector<sip::MessagePtr> Wire::requests() const {
    return select([](const sip::Message& message) {
        return message.is_request() && message.method() != sip::Method::Ack;
    });
}

std::vector<sip::MessagePtr> Wire::responses() const {
    return select([](const sip::Message& message) {
        return !message.is_request() && message.status() != 100;
    });
}

std::vector<int> Wire::statuses() const {
    std::vector<int> out;
    for (const auto& response : responses()) {
        out.push_back(response->status());
    }
    return out;
}

sip::MessagePtr Wire::last_response() const {
    const auto all = responses();
    return all.empty() ? nullptr : all.back();
}

}  // namespace ringwall::test
