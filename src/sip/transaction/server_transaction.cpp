#include "sip/transaction/server_transaction.h"

#include <utility>

namespace ringwall::sip::transaction {

ServerTransaction::ServerTransaction(ServerId id, const Hop& hop, MessagePtr request,
                                     const Timers& timers)
    : id_(id),
      hop_(hop),
      reliability_(reliability(hop.transport)),
      timers_(timers),
      request_(std::move(request)),
      running_(id) {}

void ServerTransaction::on_request(Actions& out) {
    switch (state_) {
        case State::Proceeding:
            out.emplace_back(Transmit{id_, hop_, response_});
            return;
        case State::Completed:
            if (!final_octets_.empty()) {
                out.emplace_back(
                    Transmit{id_, hop_, Message::parse(final_octets_, Framing::Datagram).message});
            }
            return;
        case State::Trying:
        case State::Terminated:
            return;
    }
}

void ServerTransaction::on_timer(Timer timer, Actions& out) {
    if (!running_.expire(timer)) {
        return;
    }
    switch (state_) {
        case State::Completed:  // J
            terminate(out);
            return;
        case State::Trying:
        case State::Proceeding:
        case State::Terminated:
            return;
    }
}

void ServerTransaction::respond(MessagePtr response, Actions& out) {
    switch (state_) {
        case State::Trying:
        case State::Proceeding:
            if (response->status() >= 200) {
                complete_with(std::move(response), out);
            } else if (response->status() == 100) {
                state_ = State::Proceeding;
                response_ = std::move(response);
                out.emplace_back(Transmit{id_, hop_, response_});
            }
            return;
        case State::Completed:
        case State::Terminated:
            return;
    }
}

void ServerTransaction::complete_with(MessagePtr response, Actions& out) {
    state_ = State::Completed;
    request_ = nullptr;
    response_ = nullptr;
    const bool is_sent = response->status() != 408;
    if (is_sent && reliability_ == Reliability::Unreliable) {
        final_octets_ = response->bytes();
    }
    if (is_sent) {
        out.emplace_back(Transmit{id_, hop_, std::move(response)});
    }
    if (reliability_ == Reliability::Reliable) {
        terminate(out);
    } else {
        running_.start(Timer::J, timers_.timeout(timers_.j), out);
    }
}

void ServerTransaction::terminate(Actions& out) {
    if (is_terminated()) {
        return;  // the end is said once
    }
    running_.stop_all(out);
    state_ = State::Terminated;
    out.emplace_back(ServerEnded{id_, TerminationCause::Normal});
}

bool ServerTransaction::is_consistent() const {
    switch (state_) {
        case State::Trying:
        case State::Proceeding:
        case State::Terminated:
            return running_.is_exactly({});
        case State::Completed:
            return running_.is_exactly({Timer::J});
    }
    return false;
}

std::string_view to_string(ServerTransaction::State state) {
    switch (state) {
        case ServerTransaction::State::Trying:
            return "Trying";
        case ServerTransaction::State::Proceeding:
            return "Proceeding";
        case ServerTransaction::State::Completed:
            return "Completed";
        case ServerTransaction::State::Terminated:
            return "Terminated";
    }
    return "?";
}

}  // namespace ringwall::sip::transaction
