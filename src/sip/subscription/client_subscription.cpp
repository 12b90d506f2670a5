#include "sip/subscription/client_subscription.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "sip/header/event.h"
#include "sip/header/retry_after.h"
#include "sip/header/subscription_state.h"

namespace ringwall::sip {
namespace {

constexpr std::uint32_t longest = 30U * 86'400U;  // of a 423: above it is no sane answer
constexpr Duration longest_wait = 24h;
constexpr Duration soon = 1s;  // not at once: it may end again

// Will not change soon, whatever is tried.
bool is_lasting(int status) {
    return status == 401 || status == 403 || status == 404 || status == 405 || status == 407 ||
           status == 410 || status == 489 || status == 501 || status >= 600;
}

}  // namespace

ClientSubscription::ClientSubscription(Setup setup)
    : setup_(std::move(setup)), authentication_(setup_.accounts, setup_.max_auth) {}

// ---- what the owner wants -----------------------------------------------------------------------

void ClientSubscription::start(Random& random, Actions& out) {
    if (state_ != State::Idle && state_ != State::Waiting) {
        return;
    }
    call_id_ = bucket_token(setup_.bucket, random, 24);
    local_tag_ = bucket_token(setup_.bucket, random, 20);
    dialog_.reset();
    is_brief_ = false;
    asked_ = setup_.expires;
    state_ = State::Trying;
    next_ = TimePoint::max();
    tries_ = {};
    subscribe(asked_, out);
}

void ClientSubscription::stop(Actions& out) {
    if (state_ == State::Active && dialog_) {
        tries_ = {};
        subscribe(0, out);
    }
    state_ = State::Idle;
    next_ = TimePoint::max();
}

void ClientSubscription::set_contact(std::string contact, Actions& out) {
    setup_.contact = std::move(contact);
    if (state_ == State::Active && dialog_) {
        tries_ = {};
        subscribe(asked_, out);
    }
}

// In its dialog, where there is one.
void ClientSubscription::subscribe(std::uint32_t expires, Actions& out) {
    MessageBuilder builder =
        dialog_ ? dialog_->request(Method::Subscribe, "SUBSCRIBE", setup_.max_forwards)
                : MessageBuilder::request("SUBSCRIBE", setup_.target);
    if (dialog_) {
        cseq_ = dialog_->local_cseq();
    } else {
        builder.header(HeaderName::MaxForwards, std::to_string(setup_.max_forwards))
            .header(HeaderName::From, setup_.from + ";tag=" + local_tag_)
            .header(HeaderName::To, "<" + setup_.target + ">")
            .header(HeaderName::CallId, call_id_)
            .header(HeaderName::CSeq, std::to_string(++cseq_) + " SUBSCRIBE");
    }
    builder.header(HeaderName::Contact, setup_.contact)
        .header(HeaderName::Event, setup_.event)
        .header(HeaderName::Accept, setup_.accept)
        .header(HeaderName::Expires, std::to_string(expires));
    if (!setup_.user_agent.empty()) {
        builder.header(HeaderName::UserAgent, setup_.user_agent);
    }
    out.emplace_back(Send{std::move(builder)});
}

// ---- what the notifier says ---------------------------------------------------------------------

void ClientSubscription::on_response(const Message& request, const Message& response, TimePoint now,
                                     Random& random, Actions& out) {
    const int status = response.status();
    if (status < 200 || request.call_id() != call_id_ || request.cseq().number != cseq_) {
        return;
    }
    using Verdict = auth::ClientAuthentication::Verdict;
    if ((status == 401 || status == 407) &&
        authentication_.on_challenge(request, response, tries_) == Verdict::Answer) {
        cseq_ = dialog_ ? dialog_->next_cseq() : cseq_ + 1;
        out.emplace_back(Send{authentication_.again(request, cseq_, random)});
        return;
    }
    if (state_ != State::Trying && state_ != State::Active) {
        return;
    }
    if (status < 300) {
        if (!dialog_) {
            auto made = Dialog::of_response(request, response);
            if (!made) {
                end(status, "the answer has no usable contact", setup_.retry, now, out);
                return;
            }
            dialog_ = std::move(*made);
        }
        state_ = State::Active;
        live_for(response.expires().value_or(asked_), now, random, out);
        return;
    }
    const HeaderLine* const line = response.header(HeaderName::MinExpires);
    const auto least = line == nullptr ? std::nullopt : parse_number(line->value, longest);
    if (status == 423 && least && *least > asked_ && !std::exchange(is_brief_, true)) {
        asked_ = static_cast<std::uint32_t>(*least);
        subscribe(asked_, out);
        return;
    }
    // RFC 6665 §4.1.2.2: 481 ends a subscription that was; a new one may do.
    const bool is_gone = status == 481 && state_ == State::Active;
    std::optional<Duration> retry = is_gone ? soon : setup_.retry;
    if (is_lasting(status)) {
        retry.reset();
    } else if (const auto asked = retry_after(response)) {
        retry = std::clamp<Duration>(*asked, setup_.retry, longest_wait);
    }
    end(status, response.reason(), retry, now, out);
}

void ClientSubscription::on_failed(const Message& request, TimePoint now, Random& /*random*/,
                                   Actions& out) {
    const bool is_awaited = state_ == State::Trying || state_ == State::Active;
    if (is_awaited && request.call_id() == call_id_ && request.cseq().number == cseq_) {
        end(0, "no answer", setup_.retry, now, out);
    }
}

bool ClientSubscription::is_notified_by(const Message& notify) const {
    return !call_id_.empty() && notify.call_id() == call_id_ && notify.to_tag() == local_tag_;
}

void ClientSubscription::on_notify(transaction::ServerId id, const Message& notify, TimePoint now,
                                   Random& random, Actions& out) {
    const auto answer = [&](int status) {
        out.emplace_back(Respond{id, reply(notify, status, local_tag_).build()});
    };
    const HeaderLine* const event_line = notify.header(HeaderName::Event);
    const HeaderLine* const state_line = notify.header(HeaderName::SubscriptionState);
    const auto event = event_line == nullptr ? Result<Event, ParseError>(fail(ParseError{}))
                                             : parse_event(event_line->value);
    const auto state = state_line == nullptr
                           ? Result<SubscriptionState, ParseError>(fail(ParseError{}))
                           : parse_subscription_state(state_line->value);
    if (!event || !state) {
        answer(400);
        return;
    }
    if (event->package != setup_.event) {
        answer(489);
        return;
    }
    if (!dialog_ && state_ == State::Trying) {
        // RFC 6665 §4.4.1: it may overtake the 2xx, and makes the dialog as well.
        auto made = Dialog::of_notify(local_tag_, cseq_, notify);
        if (!made) {
            answer(400);
            return;
        }
        dialog_ = std::move(*made);
    }
    if (!dialog_ || dialog_->remote_tag() != notify.from_tag()) {
        answer(481);
        return;
    }
    if (!dialog_->accept_cseq(notify)) {
        answer(500);
        return;
    }
    answer(200);
    if (state_ != State::Trying && state_ != State::Active) {
        return;  // the last word after our own end
    }
    out.emplace_back(Notified{std::string(notify.content_type()), std::string(notify.body())});
    if (!state->is_terminated()) {
        state_ = State::Active;
        if (state->expires) {
            live_for(*state->expires, now, random, out);
        }
        return;
    }
    // RFC 6665 §4.1.3.
    const std::string_view reason = state->reason;
    std::optional<Duration> retry = setup_.retry;
    if (reason == "deactivated" || reason == "timeout") {
        retry = soon;
    } else if (reason == "rejected" || reason == "noresource" || reason == "invariant") {
        retry.reset();
    }
    end(0, reason, retry, now, out);
}

// ---- time ---------------------------------------------------------------------------------------

void ClientSubscription::live_for(std::uint32_t seconds, TimePoint now, Random& random,
                                  Actions& out) {
    const auto life =
        std::clamp(seconds, setup_.min_expires, std::max(setup_.min_expires, setup_.max_expires));
    // Well before the end, and not with all the others that began when we did.
    const Duration most = std::chrono::seconds(life) * 9 / 10;
    const auto spread = static_cast<std::uint64_t>((most / 6).count()) + 1;
    wait(most - Duration(static_cast<Duration::rep>(random.number() % spread)), now, out);
}

void ClientSubscription::end(int status, std::string_view reason, std::optional<Duration> retry,
                             TimePoint now, Actions& out) {
    state_ = retry ? State::Waiting : State::Idle;
    next_ = TimePoint::max();
    out.emplace_back(Ended{status, std::string(reason), retry});
    if (retry) {
        wait(*retry, now, out);
    }
}

void ClientSubscription::wait(Duration after, TimePoint now, Actions& out) {
    next_ = now + after;
    out.emplace_back(StartTimer{after});
}

void ClientSubscription::on_time(TimePoint now, Random& random, Actions& out) {
    if (now < next_) {
        return;
    }
    next_ = TimePoint::max();
    if (state_ == State::Waiting) {
        start(random, out);
    } else if (state_ == State::Active && dialog_) {
        tries_ = {};
        is_brief_ = false;
        subscribe(asked_, out);
    }
}

}  // namespace ringwall::sip
