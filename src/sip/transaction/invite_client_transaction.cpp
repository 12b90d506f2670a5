#include "sip/transaction/invite_client_transaction.h"

#include <utility>

#include "sip/transaction/derived_request.h"

namespace ringwall::sip::transaction {

InviteClientTransaction::InviteClientTransaction(ClientId id, const Hop& hop, MessagePtr request,
                                                 const Timers& timers)
    : id_(id),
      hop_(hop),
      reliability_(reliability(hop.transport)),
      timers_(timers),
      request_(std::move(request)),
      running_(id) {}

void InviteClientTransaction::start(Actions& out) {
    out.emplace_back(Transmit{id_, hop_, request_});
    if (reliability_ == Reliability::Unreliable) {
        interval_ = timers_.t1;
        running_.start(Timer::A, interval_, out);
    }
    running_.start(Timer::B, timers_.timeout(timers_.b), out);
}

void InviteClientTransaction::on_response(const Hop& from, MessagePtr response, Actions& out) {
    const int status = response->status();
    switch (state_) {
        case State::Calling:
        case State::Proceeding:
            if (status >= 200) {
                on_first_final(from, std::move(response), out);
                return;
            }
            if (state_ == State::Calling) {
                state_ = State::Proceeding;
                running_.stop_all(out);
            }
            deliver(from, std::move(response), out);
            return;
        case State::Completed:
            if (status >= 300) {
                transmit_ack(out);
            }
            return;
        case State::Accepted:
            if (status >= 200 && status < 300) {
                deliver(from, std::move(response), out);
            }
            return;
        case State::Terminated:
            return;
    }
}

void InviteClientTransaction::on_first_final(const Hop& from, MessagePtr response, Actions& out) {
    running_.stop_all(out);
    if (response->status() < 300) {
        state_ = State::Accepted;
        deliver(from, std::move(response), out);
        request_ = nullptr;  // only responses are to come
        running_.start(Timer::M, 64 * timers_.t1, out);
        return;
    }
    state_ = State::Completed;
    ack_ = make_ack(*request_, *response);
    transmit_ack(out);
    deliver(from, std::move(response), out);
    request_ = nullptr;
    if (reliability_ == Reliability::Reliable) {
        terminate(out);
    } else {
        running_.start(Timer::D, timers_.d, out);
    }
}

void InviteClientTransaction::on_timer(Timer timer, Actions& out) {
    if (!running_.expire(timer)) {
        return;
    }
    switch (state_) {
        case State::Calling:
            if (timer == Timer::A) {
                out.emplace_back(Transmit{id_, hop_, request_});
                interval_ *= 2;
                running_.start(Timer::A, interval_, out);
            } else {
                fail_because(TerminationCause::Timeout, out);  // B
            }
            return;
        case State::Proceeding:  // B, after a CANCEL
            fail_because(TerminationCause::Timeout, out);
            return;
        case State::Completed:  // D
        case State::Accepted:   // M
            terminate(out);
            return;
        case State::Terminated:
            return;
    }
}

void InviteClientTransaction::on_transport_error(Actions& out) {
    switch (state_) {
        case State::Calling:
        case State::Proceeding:
            fail_because(TerminationCause::TransportError, out);
            return;
        case State::Completed:  // the ACK: the user has its final response
            terminate(out);
            return;
        case State::Accepted:  // nothing is sent here any more
        case State::Terminated:
            return;
    }
}

MessagePtr InviteClientTransaction::cancel(const Reasons& reasons, Actions& out) {
    if (state_ != State::Proceeding || cancelled_) {
        return nullptr;
    }
    cancelled_ = true;
    running_.start(Timer::B, 64 * timers_.t1, out);
    return make_cancel(*request_, reasons);
}

void InviteClientTransaction::deliver(const Hop& from, MessagePtr response, Actions& out) const {
    out.emplace_back(NewResponse{id_, from, std::move(response), request_});
}

void InviteClientTransaction::transmit_ack(Actions& out) const {
    out.emplace_back(Transmit{id_, hop_, ack_});
}

void InviteClientTransaction::fail_because(TerminationCause cause, Actions& out) {
    running_.stop_all(out);
    state_ = State::Terminated;
    out.emplace_back(ClientFailed{id_, cause, request_});
    out.emplace_back(ClientEnded{id_});
}

void InviteClientTransaction::terminate(Actions& out) {
    running_.stop_all(out);
    state_ = State::Terminated;
    out.emplace_back(ClientEnded{id_});
}

bool InviteClientTransaction::is_consistent() const {
    switch (state_) {
        case State::Calling:
            return reliability_ == Reliability::Reliable
                       ? running_.is_exactly({Timer::B})
                       : running_.is_exactly({Timer::A, Timer::B});
        case State::Proceeding:
            return cancelled_ ? running_.is_exactly({Timer::B}) : running_.is_exactly({});
        case State::Completed:
            return running_.is_exactly({Timer::D});
        case State::Accepted:
            return running_.is_exactly({Timer::M});
        case State::Terminated:
            return running_.is_exactly({});
    }
    return false;
}

std::string_view to_string(InviteClientTransaction::State state) {
    switch (state) {
        case InviteClientTransaction::State::Calling:
            return "Calling";
        case InviteClientTransaction::State::Proceeding:
            return "Proceeding";
        case InviteClientTransaction::State::Completed:
            return "Completed";
        case InviteClientTransaction::State::Accepted:
            return "Accepted";
        case InviteClientTransaction::State::Terminated:
            return "Terminated";
    }
    return "?";
}

}  // namespace ringwall::sip::transaction
