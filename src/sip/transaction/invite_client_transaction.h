// INVITE client transaction (RFC 3261 §17.1.1 as amended by RFC 6026 §7.2).
//
//                       INVITE from user: transmit
//                          v
//                    +---------+  timer A: transmit
//                    | Calling |----------------------> B, transport error: failed
//                    +---------+
//                     |  |  | 1xx: to the user
//                     |  |  v
//          300-699:   |  | +------------+  1xx: to the user
//      transmit ACK,  |  | | Proceeding |-----------> transport error; B, when cancelled: failed
//      to the user    |  | +------------+
//                     |  |   |       | 2xx: to the user
//                     v  |   v       v
//              +-----------+ |  +----------+
//  300-699:    | Completed |<+  | Accepted |  2xx: to the user
//  transmit ACK+-----------+    +----------+
//                  | D, transport   | M
//                  v error          v
//              +------------------------+
//              |       Terminated       |
//              +------------------------+
//
// Timer A runs over unreliable transports only, D is zero over reliable ones. The ACK for a failure
// is made here (§17.1.1.3), that for a 2xx by the user. Once cancelled, the INVITE gets another
// 64*T1 for its final response (§9.1): timer B then runs in Proceeding.
//
// Pure: every effect is an Action appended to `out`, in the order in which to perform it.
#pragma once

#include "sip/transaction/actions.h"
#include "sip/transaction/timer_set.h"

namespace ringwall::sip::transaction {

class InviteClientTransaction {
public:
    enum class State : std::uint8_t { Calling, Proceeding, Completed, Accepted, Terminated };

    // `timers` outlive it.
    InviteClientTransaction(ClientId id, const Hop& hop, MessagePtr request, const Timers& timers);

    void start(Actions& out);
    void on_response(const Hop& from, MessagePtr response, Actions& out);
    void on_timer(Timer timer, Actions& out);
    void on_transport_error(Actions& out);
    // The CANCEL to be sent in a transaction of its own; null when it may not be sent (§9.1: no
    // provisional response yet, a final one, or cancelled before).
    MessagePtr cancel(const Reasons& reasons, Actions& out);
    // Ends it at once, without a word to the peer.
    void terminate(Actions& out);
    void rebind(const Hop& hop) { hop_ = hop; }

    State state() const { return state_; }
    bool is_terminated() const { return state_ == State::Terminated; }
    bool has_provisional() const { return state_ == State::Proceeding; }
    const Hop& hop() const { return hop_; }
    const MessagePtr& request() const { return request_; }
    bool is_consistent() const;

private:
    void on_first_final(const Hop& from, MessagePtr response, Actions& out);
    void deliver(const Hop& from, MessagePtr response, Actions& out) const;
    void transmit_ack(Actions& out) const;
    void fail_because(TerminationCause cause, Actions& out);

    ClientId id_;
    Hop hop_;
    Reliability reliability_;
    const Timers& timers_;
    MessagePtr request_;
    MessagePtr ack_;
    State state_ = State::Calling;
    bool cancelled_ = false;
    Duration interval_{};  // of timer A
    TimerSet running_;
};

std::string_view to_string(InviteClientTransaction::State state);

}  // namespace ringwall::sip::transaction
