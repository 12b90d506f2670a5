// Reliable provisional responses to one INVITE within one dialog (RFC 3262): the half that sends
// them (UAS, §3) and the half that receives them (UAC, §4). Pure: values; the owner sends, and
// keeps the one timer that the sender asks for.
//
//   sender     sent ---> T1, 2*T1, 4*T1 ... repeat --+--> PRACK: the next may be sent
//                                                    +--> 64*T1: the INVITE is to be rejected
//
// One response waits at a time: the next is not sent before the PRACK. RFC 3262 §3 demands it of
// the first and advises it for the others.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "sip/header/rack.h"
#include "sip/message.h"

namespace ringwall::sip::session {

class ReliableSender {
public:
    // `first` is the RSeq of the first one, 1 to 2**31-1, at random; `cseq` that of the INVITE.
    ReliableSender(std::uint32_t first, std::uint32_t cseq) : next_(first), cseq_(cseq) {}

    // The number that the next one gets; it may be sent when none is waiting.
    std::uint32_t next() const { return next_; }
    bool is_waiting() const { return waiting_.has_value(); }
    // The response that waits for its PRACK; null when none does or it is not repeated any more.
    MessagePtr waiting() const { return waiting_ ? waiting_->response : nullptr; }

    // It bore next(). Returns after what time on_timer is due.
    Duration on_sent(MessagePtr response, Duration t1, TimePoint now);
    enum class Due : std::uint8_t { Nothing, Repeat, Reject };
    // Repeat: waiting() is sent again, and after `again` the next is due.
    Due on_timer(TimePoint now, Duration& again);
    // True: it acknowledges what is waiting. False: 481 (§3).
    bool on_prack(const RAck& rack);
    // A final response was sent: no more repetitions, but a PRACK may still come (§3).
    void on_final();

private:
    struct Waiting {
        std::uint32_t number = 0;
        MessagePtr response;
        Duration interval{};
        TimePoint give_up;
    };
    std::uint32_t next_;
    std::uint32_t cseq_;
    std::optional<Waiting> waiting_;
};

class ReliableReceiver {
public:
    // True: this one is next. False: a repetition, or one before it is missing; it is passed over.
    bool accept(std::uint32_t rseq);
    std::uint32_t last() const { return last_.value_or(0); }

private:
    std::optional<std::uint32_t> last_;
};

// The RSeq of a provisional response that asks for a PRACK; none: it does not.
std::optional<std::uint32_t> reliable_number(const Message& response);

}  // namespace ringwall::sip::session
