#include "sip/transaction/client_transaction.h"

#include <algorithm>
#include <utility>

namespace ringwall::sip::transaction {

ClientTransaction::ClientTransaction(ClientId id, const Hop& hop, MessagePtr request,
                                     const Timers& timers)
    : id_(id),
      hop_(hop),
      reliability_(reliability(hop.transport)),
      timers_(timers),
      request_(std::move(request)),
      running_(id) {}

void ClientTransaction::start(Actions& out) {
    out.emplace_back(Transmit{id_, hop_, request_});
    if (reliability_ == Reliability::Unreliable) {
        interval_ = timers_.t1;
        running_.start(Timer::E, interval_, out);
    }
    running_.start(Timer::F, timers_.timeout(timers_.f), out);
}

void ClientTransaction::on_response(const Hop& from, MessagePtr response, Actions& out) {
    switch (state_) {
        case State::Trying:
        case State::Proceeding: {
            const bool is_final = response->status() >= 200;
            out.emplace_back(NewResponse{id_, from, std::move(response), request_});
            if (is_final) {
                complete(out);
            } else {
                state_ = State::Proceeding;
            }
            return;
        }
        case State::Completed:
        case State::Terminated:
            return;
    }
}

void ClientTransaction::complete(Actions& out) {
    running_.stop_all(out);
    state_ = State::Completed;
    request_ = nullptr;  // responses are absorbed
    if (reliability_ == Reliability::Reliable) {
        terminate(out);
    } else {
        running_.start(Timer::K, timers_.t4, out);
    }
}

void ClientTransaction::on_timer(Timer timer, Actions& out) {
    if (!running_.expire(timer)) {
        return;
    }
    switch (state_) {
        case State::Trying:
        case State::Proceeding:
            if (timer == Timer::E) {
                retransmit_on_e(out);
            } else {
                fail_because(TerminationCause::Timeout, out);  // F
            }
            return;
        case State::Completed:  // K
            terminate(out);
            return;
        case State::Terminated:
            return;
    }
}

void ClientTransaction::retransmit_on_e(Actions& out) {
    out.emplace_back(Transmit{id_, hop_, request_});
    interval_ = state_ == State::Proceeding ? timers_.t2 : std::min(2 * interval_, timers_.t2);
    running_.start(Timer::E, interval_, out);
}

void ClientTransaction::on_transport_error(Actions& out) {
    switch (state_) {
        case State::Trying:
        case State::Proceeding:
            fail_because(TerminationCause::TransportError, out);
            return;
        case State::Completed:
        case State::Terminated:
            return;
    }
}

void ClientTransaction::fail_because(TerminationCause cause, Actions& out) {
    running_.stop_all(out);
    state_ = State::Terminated;
    out.emplace_back(ClientFailed{id_, cause, request_});
    out.emplace_back(ClientEnded{id_});
}

void ClientTransaction::terminate(Actions& out) {
    running_.stop_all(out);
    state_ = State::Terminated;
    out.emplace_back(ClientEnded{id_});
}

bool ClientTransaction::is_consistent() const {
    switch (state_) {
        case State::Trying:
        case State::Proceeding:
            return reliability_ == Reliability::Reliable
                       ? running_.is_exactly({Timer::F})
                       : running_.is_exactly({Timer::E, Timer::F});
        case State::Completed:
            return running_.is_exactly({Timer::K});
        case State::Terminated:
            return running_.is_exactly({});
    }
    return false;
}

std::string_view to_string(ClientTransaction::State state) {
    switch (state) {
        case ClientTransaction::State::Trying:
            return "Trying";
        case ClientTransaction::State::Proceeding:
            return "Proceeding";
        case ClientTransaction::State::Completed:
            return "Completed";
        case ClientTransaction::State::Terminated:
            return "Terminated";
    }
    return "?";
}

}  // namespace ringwall::sip::transaction
