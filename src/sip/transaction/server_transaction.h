// Non-INVITE server transaction (RFC 3261 §17.2.2, with RFC 4320 §4).
//
//              request
//                 v
//            +--------+
//            | Trying |  request: absorbed
//            +--------+
//     100 from |    | 200-699 from user
//         user |    | transmit
//              v    |
//      +------------+   request, 100 from user: transmit
//      | Proceeding |
//      +------------+
//              |    |
//     200-699  v    v
//       +-----------+
//       | Completed |   request: transmit
//       +-----------+
//              | J
//              v
//       +------------+
//       | Terminated |
//       +------------+
//
// Timer J is zero over reliable transports. RFC 4320 §4.1: of the provisional responses only 100 is
// ever sent. RFC 4320 §4.2: no 408 is sent; it completes the transaction in silence, since the
// client has given up by then and a late 408 only harms. A transport error leaves the state alone.
//
// Pure: every effect is an Action appended to `out`, in the order in which to perform it.
#pragma once

#include <string>

#include "sip/transaction/actions.h"
#include "sip/transaction/timer_set.h"

namespace ringwall::sip::transaction {

class ServerTransaction {
public:
    enum class State : std::uint8_t { Trying, Proceeding, Completed, Terminated };

    // `hop` is where responses go; `timers` outlive it.
    ServerTransaction(ServerId id, const Hop& hop, MessagePtr request, const Timers& timers);

    // The same request once more.
    void on_request(Actions& out);
    void on_timer(Timer timer, Actions& out);
    // Of the user.
    void respond(MessagePtr response, Actions& out);
    // Ends it at once, without a word to the peer.
    void terminate(Actions& out);
    void rebind(const Hop& hop) { hop_ = hop; }

    State state() const { return state_; }
    bool is_terminated() const { return state_ == State::Terminated; }
    const Hop& hop() const { return hop_; }
    // Null after the final response.
    const MessagePtr& request() const { return request_; }
    bool is_consistent() const;

private:
    void complete_with(MessagePtr response, Actions& out);

    ServerId id_;
    Hop hop_;
    Reliability reliability_;
    const Timers& timers_;
    MessagePtr request_;   // until the final response
    MessagePtr response_;  // the 100
    // Of the final response, for 32 s. Its index and the request are made again or needed no more.
    std::string final_octets_;
    State state_ = State::Trying;
    TimerSet running_;
};

std::string_view to_string(ServerTransaction::State state);

}  // namespace ringwall::sip::transaction
