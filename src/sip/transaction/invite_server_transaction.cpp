#include "sip/transaction/invite_server_transaction.h"

#include <algorithm>
#include <utility>

namespace ringwall::sip::transaction {

InviteServerTransaction::InviteServerTransaction(ServerId id, const Hop& hop, MessagePtr request,
                                                 const Timers& timers)
    : id_(id),
      hop_(hop),
      reliability_(reliability(hop.transport)),
      timers_(timers),
      request_(std::move(request)),
      running_(id) {}

void InviteServerTransaction::on_request(Actions& out) {
    switch (state_) {
        case State::Proceeding:
        case State::Completed:
            if (response_) {
                transmit(out);
            }
            return;
        case State::Accepted:  // the user core repeats its 2xx by itself (RFC 6026 §7.1)
        case State::Confirmed:
        case State::Terminated:
            return;
    }
}

void InviteServerTransaction::on_ack(const Hop& from, MessagePtr ack, Actions& out) {
    switch (state_) {
        case State::Accepted:
            out.emplace_back(Ack{from, std::move(ack)});
            return;
        case State::Completed:
            running_.stop_all(out);
            state_ = State::Confirmed;
            response_ = nullptr;
            if (reliability_ == Reliability::Reliable) {
                terminate(out);
            } else {
                running_.start(Timer::I, timers_.t4, out);
            }
            return;
        case State::Proceeding:  // an ACK before any final response: ignored
        case State::Confirmed:
        case State::Terminated:
            return;
    }
}

void InviteServerTransaction::on_timer(Timer timer, Actions& out) {
    if (!running_.expire(timer)) {
        return;
    }
    switch (state_) {
        case State::Completed:
            if (timer == Timer::G) {
                retransmit_on_g(out);
            } else {
                end_because(TerminationCause::Timeout, out);  // H
            }
            return;
        case State::Confirmed:  // I
        case State::Accepted:   // L
            terminate(out);
            return;
        case State::Proceeding:
        case State::Terminated:
            return;
    }
}

void InviteServerTransaction::respond(MessagePtr response, Actions& out) {
    const int status = response->status();
    switch (state_) {
        case State::Proceeding:
            if (status < 200) {
                response_ = std::move(response);
                transmit(out);
            } else if (status < 300) {
                accept_with(std::move(response), out);
            } else {
                fail_with(std::move(response), out);
            }
            return;
        case State::Accepted:
            if (status >= 200 && status < 300) {
                out.emplace_back(Transmit{id_, hop_, std::move(response)});
            }
            return;
        case State::Completed:
        case State::Confirmed:
        case State::Terminated:
            return;
    }
}

void InviteServerTransaction::accept_with(MessagePtr response, Actions& out) {
    state_ = State::Accepted;
    final_to_tag_ = response->to_tag();
    request_ = nullptr;
    response_ = nullptr;
    out.emplace_back(Transmit{id_, hop_, std::move(response)});
    running_.start(Timer::L, 64 * timers_.t1, out);
}

void InviteServerTransaction::fail_with(MessagePtr response, Actions& out) {
    state_ = State::Completed;
    final_to_tag_ = response->to_tag();
    request_ = nullptr;
    response_ = std::move(response);
    transmit(out);
    if (reliability_ == Reliability::Unreliable) {
        interval_ = timers_.t1;
        running_.start(Timer::G, interval_, out);
    }
    running_.start(Timer::H, timers_.timeout(timers_.h), out);
}

void InviteServerTransaction::retransmit_on_g(Actions& out) {
    transmit(out);
    interval_ = std::min(2 * interval_, timers_.t2);
    running_.start(Timer::G, interval_, out);
}

void InviteServerTransaction::transmit(Actions& out) const {
    out.emplace_back(Transmit{id_, hop_, response_});
}

void InviteServerTransaction::end_because(TerminationCause cause, Actions& out) {
    if (is_terminated()) {
        return;  // the end is said once
    }
    running_.stop_all(out);
    state_ = State::Terminated;
    out.emplace_back(ServerEnded{id_, cause});
}

bool InviteServerTransaction::is_consistent() const {
    switch (state_) {
        case State::Proceeding:
        case State::Terminated:
            return running_.is_exactly({});
        case State::Completed:
            return reliability_ == Reliability::Reliable
                       ? running_.is_exactly({Timer::H})
                       : running_.is_exactly({Timer::G, Timer::H});
        case State::Confirmed:
            return running_.is_exactly({Timer::I});
        case State::Accepted:
            return running_.is_exactly({Timer::L});
    }
    return false;
}

std::string_view to_string(InviteServerTransaction::State state) {
    switch (state) {
        case InviteServerTransaction::State::Proceeding:
            return "Proceeding";
        case InviteServerTransaction::State::Completed:
            return "Completed";
        case InviteServerTransaction::State::Confirmed:
            return "Confirmed";
        case InviteServerTransaction::State::Accepted:
            return "Accepted";
        case InviteServerTransaction::State::Terminated:
            return "Terminated";
    }
    return "?";
}

}  // namespace ringwall::sip::transaction
