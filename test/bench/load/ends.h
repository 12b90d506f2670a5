// Both ends of what is measured: sockets and connections on one worker, cut into messages and
// parsed. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/worker.h"
#include "sip/framing/stream_framer.h"
#include "sip/message.h"
#include "sip/transport.h"

namespace ringwall::bench {

// A UDP socket, or a connection to the server.
struct Channel {
    std::size_t index = 0;
    FlowId flow;
    sip::Transport transport = sip::Transport::Udp;
    Endpoint server;
    std::uint16_t port = 0;  // of ours; of a connection any, until it is learned
    bool is_open = false;
    sip::StreamFramer framer;
};

// Who plays the ends.
class Player {
public:
    virtual ~Player() = default;
    virtual void on_open(Channel& channel) = 0;
    virtual void on_lost(Channel& channel, std::string_view why) = 0;
    virtual void on_message(Channel& channel, const Endpoint& from,
                            const sip::Message& message) = 0;
    // At the end of every turn: time to begin something.
    virtual void on_turn(TimePoint now) = 0;
    virtual TimePoint next_deadline() const = 0;
};

class Ends final : public engine::NetworkUser {
public:
    // `tls` may be null when no connection is TLS.
    static Result<std::unique_ptr<Ends>, std::string> create(
        std::shared_ptr<const tls::Context> tls);

    void set_player(Player& player) { player_ = &player; }
    // UDP is open at once, with `port` or one that the system chooses.
    Result<Channel*, std::string> open(sip::Transport transport, const Endpoint& server,
                                       std::uint16_t port = 0);
    void send(const Channel& channel, std::string_view bytes) {
        send_to(channel, channel.server, bytes);
    }
    void send_to(const Channel& channel, const Endpoint& remote, std::string_view bytes);
    void turn(Duration max_wait = 1s) { worker_->turn(max_wait); }
    std::uint64_t unreadable() const { return unreadable_; }

    void on_datagram(engine::ListenerId listener, FlowId flow, const Endpoint& remote,
                     std::string_view bytes, Now now) override;
    engine::AcceptDecision on_accept(engine::ListenerId, const Endpoint&) override { return {}; }
    bool on_established(FlowId flow, engine::ListenerId listener, const Endpoint& remote,
                        const tls::PeerIdentity* identity, Now now) override;
    void on_stream(FlowId flow, std::string_view bytes, Now now) override;
    void on_closed(FlowId flow, engine::ListenerId listener, const Endpoint& remote,
                   CloseReason reason, std::string_view detail, Now now) override;
    void on_time(Now now) override { player_->on_turn(now.monotonic); }
    TimePoint next_deadline() const override { return player_->next_deadline(); }

private:
    Ends(std::unique_ptr<engine::Worker> worker, std::shared_ptr<const tls::Context> tls)
        : worker_(std::move(worker)), tls_(std::move(tls)) {}
    void deliver(Channel& channel, const Endpoint& from, std::string bytes, sip::Framing framing);

    std::unique_ptr<engine::Worker> worker_;
    std::shared_ptr<const tls::Context> tls_;
    Player* player_ = nullptr;
    std::deque<Channel> channels_;
    std::unordered_map<FlowId, Channel*> by_flow_;
    std::uint64_t unreadable_ = 0;
};

// Now, not as of the turn.
TimePoint clock_now();

}  // namespace ringwall::bench
