// INVITE server transaction (RFC 3261 §17.2.1 as amended by RFC 6026 §7.1).
//
//                     INVITE
//                       |             INVITE: transmit the last 1xx
//                       v             1xx from user: transmit
//                 +------------+
//                 | Proceeding |
//                 +------------+
//    300-699 from user |    | 2xx from user
//             transmit v    v transmit
//            +-----------+  +----------+  INVITE: absorbed
//     INVITE,| Completed |  | Accepted |  ACK: to the user
//    timer G:+-----------+  +----------+  2xx from user: transmit
//   transmit   | ACK   |          | L
//              v       | H        |
//        +-----------+ | (nobody  |
//   ACK, | Confirmed | | acknow-  |
// INVITE:+-----------+ | ledged)  |
// absorbed   | I       v          |
//            |    +------------+  |
//            +--> | Terminated | <+
//                 +------------+
//
// Timer G runs over unreliable transports only; I is zero over reliable ones. A transport error
// leaves the state alone (RFC 3261 §17.2.4 as amended by RFC 6026).
//
// Pure: no clock, no socket, no log. Every effect is an Action appended to `out`, in the order in
// which the owner must perform it.
#pragma once

#include <optional>
#include <string>

#include "sip/transaction/actions.h"
#include "sip/transaction/timer_set.h"

namespace ringwall::sip::transaction {

class InviteServerTransaction {
public:
    enum class State : std::uint8_t { Proceeding, Completed, Confirmed, Accepted, Terminated };

    // `hop` is where responses go; `timers` outlive it.
    InviteServerTransaction(ServerId id, const Hop& hop, MessagePtr request, const Timers& timers);

    // The same INVITE once more.
    void on_request(Actions& out);
    // An ACK with the branch of the INVITE.
    void on_ack(const Hop& from, MessagePtr ack, Actions& out);
    void on_timer(Timer timer, Actions& out);
    // Of the user.
    void respond(MessagePtr response, Actions& out);
    // Ends it at once, without a word to the peer.
    void terminate(Actions& out) { end_because(TerminationCause::Normal, out); }
    void rebind(const Hop& hop) { hop_ = hop; }

    State state() const { return state_; }
    bool is_terminated() const { return state_ == State::Terminated; }
    const Hop& hop() const { return hop_; }
    // Null after the final response.
    const MessagePtr& request() const { return request_; }
    // Of the final response; none before it.
    const std::optional<std::string>& final_to_tag() const { return final_to_tag_; }
    bool is_consistent() const;

private:
    void fail_with(MessagePtr response, Actions& out);
    void accept_with(MessagePtr response, Actions& out);
    void retransmit_on_g(Actions& out);
    void transmit(Actions& out) const;
    void end_because(TerminationCause cause, Actions& out);

    ServerId id_;
    Hop hop_;
    Reliability reliability_;
    const Timers& timers_;
    MessagePtr request_;   // until the final response
    MessagePtr response_;  // to be repeated: the last 1xx, a failure until its ACK
    std::optional<std::string> final_to_tag_;
    State state_ = State::Proceeding;
    Duration interval_{};  // of timer G
    TimerSet running_;
};

std::string_view to_string(InviteServerTransaction::State state);

}  // namespace ringwall::sip::transaction
