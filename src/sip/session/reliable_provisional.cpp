#include "sip/session/reliable_provisional.h"

#include <algorithm>
#include <utility>

namespace ringwall::sip::session {

Duration ReliableSender::on_sent(MessagePtr response, Duration t1, TimePoint now) {
    waiting_ = Waiting{next_++, std::move(response), t1, now + 64 * t1};
    return t1;
}

ReliableSender::Due ReliableSender::on_timer(TimePoint now, Duration& again) {
    if (!waiting_ || waiting_->response == nullptr) {
        return Due::Nothing;
    }
    if (now >= waiting_->give_up) {
        waiting_->response.reset();
        return Due::Reject;
    }
    waiting_->interval *= 2;
    again = std::min(waiting_->interval, waiting_->give_up - now);
    return Due::Repeat;
}

bool ReliableSender::on_prack(const RAck& rack) {
    if (!waiting_ || rack.response != waiting_->number || rack.request.number != cseq_ ||
        rack.request.method != Method::Invite) {
        return false;
    }
    waiting_.reset();
    return true;
}

void ReliableSender::on_final() {
    if (waiting_) {
        waiting_->response.reset();
    }
}

bool ReliableReceiver::accept(std::uint32_t rseq) {
    if (last_ && rseq != *last_ + 1) {
        return false;
    }
    last_ = rseq;
    return true;
}

std::optional<std::uint32_t> reliable_number(const Message& response) {
    const HeaderLine* rseq = response.header(HeaderName::RSeq);
    if (response.status() <= 100 || response.status() >= 200 || rseq == nullptr ||
        !response.has_token(HeaderName::Require, "100rel")) {
        return std::nullopt;
    }
    const auto number = parse_rseq(rseq->value);
    return number ? std::optional(*number) : std::nullopt;
}

}  // namespace ringwall::sip::session
