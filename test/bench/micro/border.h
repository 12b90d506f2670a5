// A whole border controller without sockets: what it sends is kept until it is fetched.
#pragma once

#include <string>
#include <vector>

#include "sbc/sbc.h"

namespace ringwall::bench {

class KeepingNetwork final : public engine::Network {
public:
    struct Packet {
        FlowId flow;
        Endpoint remote;
        std::string bytes;
    };
    void send_datagram(FlowId flow, const Endpoint& remote, std::string_view bytes) override {
        sent.push_back({flow, remote, std::string(bytes)});
    }
    void send(FlowId, std::string_view) override {}
    FlowId connect(const engine::ConnectSpec&) override { return {}; }
    void close(FlowId, CloseReason) override {}
    void query(const dns::Question&) override {}

    std::vector<Packet> sent;
};

class Border final : public sbc::Observer {
public:
    // With UDP adjacencies only. Stops the program when the configuration is wrong.
    explicit Border(const std::string& configuration);

    // A datagram comes in at this port of 127.0.0.1. What it makes the border controller send.
    std::vector<KeepingNetwork::Packet> receive(std::uint16_t port, const Endpoint& from,
                                                const std::string& bytes);
    // Time passes: what is due happens.
    void pass(Duration duration);
    // What the border controller itself took, without its peers, since this was asked last.
    double seconds_taken();

    void on_record(const sbc::CallRecord&) override {}
    void on_trace(const std::string&) override {}

private:
    template <class Function>
    void timed(Function&& function);

    SeededRandom random_{1};
    sbc::Shared shared_;
    KeepingNetwork network_;
    sbc::SnapshotPtr snapshot_;
    Now now_{TimePoint{} + 1h, WallTime{} + std::chrono::years(56)};
    std::unique_ptr<sbc::Sbc> sbc_;
    std::unordered_map<std::uint16_t, engine::ListenerId> listeners_;  // by port
    std::chrono::nanoseconds taken_{0};
};

}  // namespace ringwall::bench
