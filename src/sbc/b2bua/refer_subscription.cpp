#include "sbc/b2bua/refer_subscription.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sip/header/event.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::b2bua {

using sip::HeaderName;
using sip::Method;

namespace {

bool wants_subscription(const sip::Message& refer) {
    const sip::HeaderLine* line = refer.header("Refer-Sub");
    return line == nullptr || !line->value.starts_with("false");
}

}  // namespace

ReferSubscription::ReferSubscription(const CallContext& context, DialogPair& pair, Side referrer,
                                     const sip::Message& refer)
    : context_(context),
      pair_(pair),
      referrer_(referrer),
      id_(refer.cseq().number),
      is_wanted_(wants_subscription(refer)),
      expires_(context.host.now().monotonic + duration) {}

void ReferSubscription::accept(sip::transaction::ServerId id, const sip::Message& refer) {
    const Leg& leg = pair_.leg(referrer_);
    auto builder = sip::reply(refer, 202, leg.dialog.local_tag());
    builder.header(HeaderName::Contact, contact(context_.adjacency(leg.peer.adjacency),
                                                leg.hop.transport, leg.scheme, leg.user));
    if (!is_wanted_) {
        builder.header("Refer-Sub", "false");
        state_ = State::Over;
    }
    context_.host.respond(id, builder.build());
    say(100, "Trying");
}

void ReferSubscription::say(int status, std::string_view reason) {
    if (state_ != State::Active) {
        return;
    }
    std::string line = "SIP/2.0 " + std::to_string(status) + " ";
    line.append(reason).append("\r\n");
    if (line == line_) {
        return;
    }
    line_ = std::move(line);
    state_ = status >= 200 ? State::Ending : State::Active;
    notify();
}

void ReferSubscription::notify() {
    is_owed_ = is_waiting_;
    if (is_waiting_) {
        return;
    }
    const auto left = std::max<Duration>(expires_ - context_.host.now().monotonic, 1s);
    const auto sent = pair_.send(referrer_, Method::Notify, [&](sip::MessageBuilder& request) {
        request.header(HeaderName::Event, "refer;id=" + std::to_string(id_));
        std::string state = "terminated;reason=";
        state.append(ended_because_);
        if (state_ == State::Active) {
            state = "active;expires=" +
                    std::to_string(std::chrono::duration_cast<std::chrono::seconds>(left).count());
        }
        request.header(HeaderName::SubscriptionState, state);
        request.body("message/sipfrag;version=2.0", line_);
    });
    if (!sent) {
        state_ = State::Over;
        return;
    }
    notify_ = *sent;
    is_waiting_ = true;
}

void ReferSubscription::on_response(const sip::Message& response) {
    if (response.status() < 200 || !is_waiting_) {
        return;
    }
    is_waiting_ = false;
    const bool is_heard = response.status() < 300;  // else nobody listens (RFC 6665 §4.2.2)
    if (is_heard && std::exchange(is_owed_, false)) {
        notify();
    } else if (!is_heard || state_ == State::Ending) {
        state_ = State::Over;
    }
}

// RFC 3515 §2.4.6: without an id it is the only one.
bool ReferSubscription::is_meant(const sip::Message& subscribe) const {
    const sip::HeaderLine* line = subscribe.header(HeaderName::Event);
    const auto event = sip::parse_event(line == nullptr ? "" : line->value);
    return state_ != State::Over && event && event->package == "refer" &&
           (event->id.empty() || parse_number(event->id, UINT32_MAX) == id_);
}

void ReferSubscription::on_subscribe(sip::transaction::ServerId id, const sip::Message& subscribe) {
    const Leg& leg = pair_.leg(referrer_);
    const sip::HeaderLine* line = subscribe.header(HeaderName::Expires);
    const auto asked = parse_number(line == nullptr ? "" : line->value, UINT32_MAX);
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(
        std::max<Duration>(expires_ - context_.host.now().monotonic, 1s));
    const std::uint64_t granted = std::min<std::uint64_t>(asked.value_or(UINT32_MAX),
                                                          static_cast<std::uint64_t>(left.count()));
    auto builder = sip::reply(subscribe, 200, leg.dialog.local_tag());
    builder.header(HeaderName::Contact, contact(context_.adjacency(leg.peer.adjacency),
                                                leg.hop.transport, leg.scheme, leg.user));
    builder.header(HeaderName::Expires, std::to_string(granted));
    context_.host.respond(id, builder.build());
    if (granted == 0) {
        ended_because_ = "timeout";
        state_ = State::Ending;
    }
    notify();
}

}  // namespace ringwall::sbc::b2bua
