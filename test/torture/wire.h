// A peer that is nobody's phone: it sends the octets that a test gives it, whatever they are, and
// keeps everything that comes. Over UDP and TCP, port 5060.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/sim_network.h"
#include "sip/framing/stream_framer.h"
#include "sip/message.h"

namespace ringwall::test {

class Wire final : public engine::NetworkUser {
public:
    struct Heard {
        FlowId flow;
        Endpoint from;
        sip::Transport transport;
        TimePoint time;
        sip::MessagePtr message;
    };

    Wire(SimNetwork& net, const IpAddress& address);

    void send(const Endpoint& to, std::string_view datagram);
    FlowId connect(const Endpoint& to);
    void stream(FlowId flow, std::string_view bytes);
    void close(FlowId flow);
    void close_all();  // that anything came by

    // Failures of INVITEs are acknowledged. What it does with requests: by default, what an
    // easy-going user agent does (agree). An ACK is never answered.
    std::function<std::string(const sip::Message& request)> answer = agree;
    // 200, with a Contact, and for an INVITE the body that came: an answer that fits every offer;
    // 406 where the INVITE does not accept it.
    static std::string agree(const sip::Message& request);
    static std::string silence(const sip::Message&) { return {}; }

    const std::vector<Heard>& heard() const { return heard_; }
    // Each once, however often it was repeated.
    std::vector<sip::MessagePtr> requests(std::string_view method) const;
    std::vector<sip::MessagePtr> requests() const;   // but ACK
    std::vector<sip::MessagePtr> responses() const;  // but 100
    std::vector<int> statuses() const;               // of these
    sip::MessagePtr last_response() const;
    // All octets of a connection, as they came.
    const std::string& octets(FlowId flow) { return octets_[flow]; }
    bool is_closed(FlowId flow) const { return closed_.contains(flow); }
    TimePoint closed_at(FlowId flow) const { return closed_.at(flow); }
    const IpAddress& address() const { return node_.address(); }
    void forget() { heard_.clear(); }

    // engine::NetworkUser
    void on_datagram(engine::ListenerId, FlowId flow, const Endpoint& remote,
                     std::string_view bytes, Now now) override;
    engine::AcceptDecision on_accept(engine::ListenerId, const Endpoint&) override;
    bool on_established(FlowId, engine::ListenerId, const Endpoint&, const tls::PeerIdentity*,
                        Now) override {
        return true;
    }
    void on_stream(FlowId flow, std::string_view bytes, Now now) override;
    void on_closed(FlowId flow, engine::ListenerId, const Endpoint&, CloseReason, std::string_view,
                   Now now) override;
    void on_time(Now) override {}
    TimePoint next_deadline() const override { return TimePoint::max(); }

private:
    void take(FlowId flow, const Endpoint& from, sip::Transport transport, std::string bytes,
              Now now);
    void acknowledge(FlowId flow, const Endpoint& to, sip::Transport transport,
                     const sip::Message& failure);
    std::vector<sip::MessagePtr> select(
        const std::function<bool(const sip::Message&)>& is_wanted) const;

    SimNetwork::Node& node_;
    FlowId socket_;
    std::map<FlowId, sip::StreamFramer> framers_;
    std::map<FlowId, std::string> octets_;
    std::map<FlowId, TimePoint> closed_;
    std::vector<Heard> heard_;
};

}  // namespace ringwall::test
