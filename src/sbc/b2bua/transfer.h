// A transfer that Ringwall makes itself, because a REFER asks for it (`refer handle`; RFC 3515, RFC
// 5589): who is referred is not asked to call the target, Ringwall does that in the party's place.
//
//                    <-- REFER ---           --- INVITE, no offer --->
//      remaining                   Transfer  <-- 200, offer ----------   target
//        party       <-- INVITE, offer ----
//                    --- 200, answer ----->  --- ACK, answer -------->
//
// So nobody offers twice, and nothing is written by Ringwall that they say to each other. The
// target is a call of its own from the first moment (CallHost::begin_errand); with the ACK the
// party's leg goes over to it, and this call has only the referrer left. Until then everything can
// fail, and this call goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sbc/b2bua/call_context.h"
#include "sbc/b2bua/dialog_pair.h"
#include "sbc/b2bua/refer_subscription.h"
#include "sip/message.h"

namespace ringwall::sbc::b2bua {

class Transfer {
public:
    // For the timers: the owner's cookie has this bit, which the owner takes out again.
    static constexpr std::uint32_t timer_bit = 1U << 28;

    // Of that pair, whose number is `index`. `number`: the how manieth of the call.
    Transfer(const CallContext& context, DialogPair& pair, std::size_t index, Side referrer,
             const sip::Message& refer, std::uint32_t number);

    // 202, and the target is called.
    void begin(sip::transaction::ServerId id, const sip::Message& refer, sip::MessagePtr invite);

    std::size_t pair() const { return index_; }
    // Not decided yet.
    bool is_open() const {
        return state_ == State::Calling || state_ == State::Waiting || state_ == State::Asking;
    }
    // Who referred knows all that there is to know, or does not want to.
    bool is_told() const { return is_open() || subscription_.is_over(); }
    // Another may begin.
    bool is_over() const { return !is_open() && !is_asking_ && subscription_.is_over(); }
    bool is_subscribed(std::size_t pair, Side side, const sip::Message& request) const {
        return pair == index_ && side == referrer_ && request.method() == sip::Method::Subscribe &&
               subscription_.is_meant(request);
    }

    Fate on_errand(sip::transaction::ServerId errand, const sip::MessagePtr& response);
    // None: the transaction is not of this one.
    std::optional<Fate> on_response(sip::transaction::ClientId id, const sip::MessagePtr& response);
    // The re-INVITE of the remaining party, once more with proof of who we are.
    void on_sent_again(sip::transaction::ClientId id, const sip::MessagePtr& request);
    std::optional<Fate> on_client_failed(sip::transaction::ClientId id,
                                         sip::transaction::TerminationCause cause);
    std::optional<std::uint32_t> next_cseq(sip::transaction::ClientId id);
    Fate on_timer(std::uint32_t timer);
    void on_subscribe(sip::transaction::ServerId id, const sip::Message& subscribe) {
        subscription_.on_subscribe(id, subscribe);
    }
    // Somebody hung up. True: it was who referred, and the transfer goes on without.
    bool on_hang_up(Side by);
    // The call ends.
    void give_up();

private:
    enum class State : std::uint8_t {
        Calling,  // the target
        Waiting,  // the target has answered; the remaining party's leg is not free to be asked
        Asking,   // the remaining party
        Joined,
        Failed
    };

    Side remaining() const { return other_side(referrer_); }
    void ask();
    Fate on_answer(const sip::MessagePtr& response);
    Fate fail(int status, std::string_view reason);
    void drop_errand(std::string_view reason);
    void start_timer(Duration after);

    const CallContext& context_;
    DialogPair& pair_;
    std::size_t index_;
    Side referrer_;
    std::uint32_t number_;
    State state_ = State::Calling;
    ReferSubscription subscription_;
    sip::transaction::ServerId errand_;  // none: it is over
    sip::MessagePtr target_;             // its 2xx, with the offer
    TimePoint deadline_;                 // the target waits for its ACK no longer
    sip::transaction::ClientId asked_;   // the re-INVITE, the last one
    bool is_asking_ = false;             // it has no final response yet
    bool is_cancel_owed_ = false;
    std::uint16_t last_timer_ = 0;
};

}  // namespace ringwall::sbc::b2bua
