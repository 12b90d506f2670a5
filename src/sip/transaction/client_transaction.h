// Non-INVITE client transaction (RFC 3261 §17.1.2).
//
//                 request from user: transmit
//                    v
//               +--------+   timer E: transmit
//               | Trying |------------------------+
//               +--------+                        |
//        200-699: |    | 1xx: to the user         | F, transport error:
//     to the user |    v                          | failed
//                 |  +------------+               |
//                 |  | Proceeding |---------------+
//                 |  +------------+  timer E: transmit; 1xx: to the user
//                 v    | 200-699: to the user     |
//              +-----------+                      |
//              | Completed |  responses: absorbed |
//              +-----------+                      |
//                    | K                          |
//                    v                            |
//              +------------+                     |
//              | Terminated |<--------------------+
//              +------------+
//
// Timer E runs over unreliable transports only, K is zero over reliable ones. A late answer after F
// finds no transaction and is dropped, 408 or not (RFC 4320 §4.3).
//
// Pure: every effect is an Action appended to `out`, in the order in which to perform it.
#pragma once

#include "sip/transaction/actions.h"
#include "sip/transaction/timer_set.h"

namespace ringwall::sip::transaction {

class ClientTransaction {
public:
    enum class State : std::uint8_t { Trying, Proceeding, Completed, Terminated };

    // `timers` outlive it.
    ClientTransaction(ClientId id, const Hop& hop, MessagePtr request, const Timers& timers);

    void start(Actions& out);
    void on_response(const Hop& from, MessagePtr response, Actions& out);
    void on_timer(Timer timer, Actions& out);
    void on_transport_error(Actions& out);
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
    void complete(Actions& out);
    void retransmit_on_e(Actions& out);
    void fail_because(TerminationCause cause, Actions& out);

    ClientId id_;
    Hop hop_;
    Reliability reliability_;
    const Timers& timers_;
    MessagePtr request_;
    State state_ = State::Trying;
    Duration interval_{};  // of timer E
    TimerSet running_;
};

std::string_view to_string(ClientTransaction::State state);

}  // namespace ringwall::sip::transaction
