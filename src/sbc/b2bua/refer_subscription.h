// The subscription that a REFER implies, where Ringwall does what it asks (RFC 3515 §2.4.4): who
// referred is told how far it is, and then how it ended. One NOTIFY at a time, for over UDP the
// next might come before it: what comes up meanwhile, only the last of it is said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sbc/b2bua/call_context.h"
#include "sbc/b2bua/dialog_pair.h"
#include "sip/message.h"

namespace ringwall::sbc::b2bua {

class ReferSubscription {
public:
    // Longer than anything may be under way.
    static constexpr Duration duration = 240s;

    ReferSubscription(const CallContext& context, DialogPair& pair, Side referrer,
                      const sip::Message& refer);

    // The answer to the REFER, and the first NOTIFY.
    void accept(sip::transaction::ServerId id, const sip::Message& refer);
    // A final status is the last that is said.
    void say(int status, std::string_view reason);
    // Nobody wants to hear more, or has yet to.
    bool is_over() const { return state_ == State::Over; }

    // SUBSCRIBE within the dialog for this one: it is kept up, or given up.
    bool is_meant(const sip::Message& subscribe) const;
    void on_subscribe(sip::transaction::ServerId id, const sip::Message& subscribe);

    bool owns(sip::transaction::ClientId id) const { return id == notify_; }
    void on_response(const sip::Message& response);
    void on_client_failed() { state_ = State::Over; }

private:
    enum class State : std::uint8_t { Active, Ending, Over };

    void notify();

    const CallContext& context_;
    DialogPair& pair_;
    Side referrer_;
    std::uint32_t id_;  // the CSeq of its REFER
    bool is_wanted_;    // RFC 4488
    TimePoint expires_;
    State state_ = State::Active;
    std::string line_;  // the last that there was to say
    std::string_view ended_because_ = "noresource";
    bool is_owed_ = false;
    bool is_waiting_ = false;  // for the answer to a NOTIFY
    sip::transaction::ClientId notify_;
};

}  // namespace ringwall::sbc::b2bua
