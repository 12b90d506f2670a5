// One connection as the worker keeps it.
//
//   connect() -> Connecting -> Handshaking -> Open -> Flushing -> Lingering -> Ended
//   accept    ------------------^ TLS          ^
//             -------------------------- plain +
//
// Flushing: what was sent goes out, and the alert of a failed handshake. Lingering: the peer has
// our last octet and is given a moment to close, for data of its own that we leave unread would
// make the system throw away ours. From each state an error, a limit or close() leads to Ended.
#pragma once

#include <memory>
#include <string>

#include "engine/port.h"
#include "net/loop.h"
#include "net/tcp_stream.h"
#include "net/timer_wheel.h"

namespace ringwall::engine {

struct StreamFlow {
    enum class State : std::uint8_t { Connecting, Handshaking, Open, Flushing, Lingering, Ended };

    FlowId id;
    ListenerId listener;  // none: opened by us
    Endpoint remote;
    State state = State::Connecting;
    std::unique_ptr<net::TcpStream> stream;  // none: refused before there was one

    Duration handshake_timeout{0};
    Duration idle_timeout{0};
    TimePoint last_activity;
    net::TimerWheel::Handle timer;  // the limit of the present state

    net::Loop::Watch watch = 0;
    std::unique_ptr<net::EventSource> source;
    net::Interest interest = net::Interest::None;
    bool is_awaiting_first = false;  // accepted in the clear, and not an octet yet
    bool is_peer_done = false;       // Flushing: nothing more to be read
    bool is_queued = false;          // for the flush at the end of the turn

    CloseReason reason = CloseReason::PeerClosed;  // from Flushing on
    std::string detail;
};

}  // namespace ringwall::engine
