// The half of InviteSession that is about what happens within the dialog.
#include <algorithm>

#include "base/text.h"
#include "sip/header/event.h"
#include "sip/header/media_type.h"
#include "sip/header/rack.h"
#include "sip/header/retry_after.h"
#include "sip/header/subscription_state.h"
#include "sip/session/invite_session.h"
#include "sip/session/session_timer.h"

namespace ringwall::sip::session {
namespace {

constexpr std::string_view sdp = "application/sdp";

std::string description_in(const Message& message) {
    return is_media_type(message.content_type(), "application", "sdp") ? std::string(message.body())
                                                                       : "";
}

constexpr unsigned max_deferrals = 8;
constexpr Duration longest_deferral = 60s;

// The status of a message/sipfrag: "SIP/2.0 200 OK".
int sipfrag_status(std::string_view body) {
    constexpr std::string_view version = "SIP/2.0 ";
    if (!body.starts_with(version) || body.size() < version.size() + 3) {
        return 0;
    }
    return static_cast<int>(parse_number(body.substr(version.size(), 3), 699).value_or(0));
}

}  // namespace

void InviteSession::on_request(ServerId id, const MessagePtr& request, TimePoint now,
                               Random& random, Actions& out) {
    Leg* const leg = leg_of(request->from_tag());
    if (leg == nullptr || (state_ == State::Ended && request->method() != Method::Prack &&
                           request->method() != Method::Bye)) {
        refuse(id, *request, 481, out);
        return;
    }
    if (!leg->dialog.accept_cseq(*request)) {
        refuse(id, *request, 500, out);
        return;
    }
    switch (request->method()) {
        case Method::Invite:
        case Method::Update:
            on_offer_request(*leg, id, request, random, now, out);
            break;
        case Method::Bye:
            on_bye(id, *request, out);
            break;
        case Method::Prack:
            on_prack(id, *request, out);
            break;
        case Method::Info:
            respond(id, reply(*request, 200, local_tag_), out);
            out.emplace_back(
                Info{std::string(request->content_type()), std::string(request->body())});
            break;
        case Method::Refer:
            on_refer(id, request, out);
            break;
        case Method::Notify:
            on_notify(id, *request, out);
            break;
        case Method::Options:
            respond(id, success(*request, now), out);
            break;
        case Method::Ack:
        case Method::Cancel:
            return;
        case Method::Register:
        case Method::Message:
        case Method::Subscribe:
        case Method::Publish:
        case Method::Unknown:
            refuse(id, *request, 405, out);
            break;
    }
    proceed(now, out);
}

// A re-INVITE or an UPDATE (RFC 3261 §14.2, RFC 3311 §5.2).
void InviteSession::on_offer_request(Leg& leg, ServerId id, const MessagePtr& request,
                                     Random& random, TimePoint now, Actions& out) {
    const bool is_invite = request->method() == Method::Invite;
    const bool is_ours_open = std::ranges::any_of(pending_, [](const Pending& each) {
        return each.method == Method::Invite && !each.is_answered;
    });
    const std::string description = description_in(*request);
    int status = 0;
    if (!request->body().empty() && description.empty()) {
        status = 415;
    } else if (theirs_ || (is_invite && state_ != State::Confirmed)) {
        status = 500;
    } else if (is_invite && is_ours_open) {
        status = 491;
    } else if (!description.empty() || is_invite) {
        status = leg.offers.refusal();
    }
    if (const auto asked = session_expires(*request);
        status == 0 && asked && asked->seconds < shortest_session) {
        refuse(id, *request, 422, out, {{"Min-SE", std::to_string(shortest_session)}});
        return;
    }
    if (status == 500) {
        refuse(id, *request, 500, out, {{"Retry-After", std::to_string(random.number() % 10)}});
        return;
    }
    if (status != 0) {
        refuse(id, *request, status, out);
        return;
    }
    if (const auto contact = dialog_contact(*request); contact && *contact) {
        leg.dialog.set_remote_target((*contact)->uri.text);
    }
    note_peer(*request);
    if (!is_invite && description.empty()) {
        auto response = success(*request, now);
        respond(id, std::move(response), out);
        arm(now, out);
        return;
    }
    if (!description.empty()) {
        leg.offers.on_offer_received();
    }
    theirs_ = Theirs{id, request, description.empty()};
    out.emplace_back(Offer{description});
}

void InviteSession::answer(const std::string& description, TimePoint now, Actions& out) {
    if (!theirs_) {
        return;
    }
    const Theirs theirs = *std::exchange(theirs_, std::nullopt);
    succeed(theirs, description, now, out);
    proceed(now, out);
}

void InviteSession::refuse(int status, TimePoint now, Actions& out) {
    if (!theirs_) {
        return;
    }
    const Theirs theirs = *std::exchange(theirs_, std::nullopt);
    if (!theirs.wants_offer) {
        legs_.front().offers.close();
    }
    refuse(theirs.id, *theirs.request, status, out);
    proceed(now, out);
}

// The 2xx with our description; of an INVITE it waits for the ACK.
void InviteSession::succeed(const Theirs& theirs, const std::string& description, TimePoint now,
                            Actions& out) {
    OfferAnswer& offers = legs_.front().offers;
    auto builder = success(*theirs.request, now);
    builder.body(sdp, description);
    if (theirs.wants_offer) {
        offers.on_offer_sent();
    } else {
        offers.close();
    }
    const MessagePtr response = builder.build();
    out.emplace_back(Respond{theirs.id, response});
    if (theirs.request->method() == Method::Invite) {
        const Duration t1 = setup_.timers.t1;
        unacknowledged_ = Unacknowledged{theirs.id,
                                         response,
                                         theirs.request->cseq().number,
                                         theirs.wants_offer,
                                         t1,
                                         now + t1,
                                         now + setup_.timers.timeout(setup_.timers.h)};
        arm(now, out);
    }
}

MessageBuilder InviteSession::success(const Message& request, TimePoint now) {
    auto builder = reply(request, 200, local_tag_);
    builder.copy(HeaderName::RecordRoute, request);
    add_own_fields(builder, true);
    const bool is_refresh =
        request.method() == Method::Invite || request.method() == Method::Update;
    is_refresh_wanted_ = is_refresh_wanted_ && !is_refresh;
    const auto asked = is_refresh ? session_expires(request) : std::nullopt;
    if (asked) {
        // RFC 4028 §9: the peer refreshes where it can and did not ask us to.
        const bool can_peer = request.has_token(HeaderName::Supported, "timer");
        const bool is_ours = asked->refresher == Refresher::Uas || !can_peer;
        builder.header(
            HeaderName::SessionExpires,
            to_string(SessionExpires{asked->seconds, is_ours ? Refresher::Uas : Refresher::Uac}));
        if (!is_ours) {
            builder.header(HeaderName::Require, "timer");
        }
        start_session_timer(asked->seconds, is_ours, now);
    } else if (is_refresh) {
        session_seconds_.reset();
    }
    return builder;
}

// ---- offers of our own --------------------------------------------------------------------------

void InviteSession::want_offer(TimePoint now, Actions& out) {
    if (state_ == State::Ended) {
        return;
    }
    is_offer_wanted_ = true;
    proceed(now, out);
}

void InviteSession::offer(const std::string& description, TimePoint now, Actions& out) {
    if (state_ != State::Confirmed || is_exchanging()) {
        return;
    }
    send_offer(Method::Invite, description, out);
    arm(now, out);
}

void InviteSession::set_contact(std::string contact, TimePoint now, Actions& out) {
    const bool is_same = contact == setup_.contact;
    setup_.contact = std::move(contact);
    if (is_bye_lost()) {
        if (now < std::exchange(lost_bye_until_, TimePoint::max())) {
            send_bye(legs_.front(), out);
        }
        return;
    }
    if (state_ == State::Idle || state_ == State::Ended) {
        return;
    }
    is_refresh_wanted_ = std::exchange(is_refresh_lost_, false) || is_refresh_wanted_ || !is_same;
    is_offer_wanted_ = std::exchange(is_offer_lost_, false) || is_offer_wanted_;
    proceed(now, out);
}

void InviteSession::on_offer_failed(Failure why, bool bears_offer, Actions& out) {
    if (state_ != State::Confirmed || legs_.empty()) {
        return;
    }
    if (bears_offer) {
        legs_.front().offers.close();
    }
    switch (why) {
        case Failure::Silence:  // RFC 3261 §12.2.1.2: as 408
            send_bye(legs_.front(), out);
            end(408, reason_phrase(408), false, out);
            return;
        case Failure::Lost:
            (bears_offer ? is_offer_lost_ : is_refresh_lost_) = true;
            return;
        case Failure::Unheard:
            if (bears_offer) {
                out.emplace_back(OfferRefused{0});
            }
            return;
    }
}

void InviteSession::try_offer_later(const Pending& pending, Duration after, TimePoint now) {
    glare_until_ = now + after;
    (pending.bears_offer ? is_offer_wanted_ : is_refresh_wanted_) = true;
}

// An offer, or a refresh, is under way in either direction.
bool InviteSession::is_exchanging() const {
    const bool is_ours_open = std::ranges::any_of(pending_, [](const Pending& each) {
        return (each.method == Method::Invite || each.method == Method::Update) &&
               !each.is_answered;
    });
    return is_ours_open || theirs_ || unacknowledged_ || legs_.front().offers.is_open();
}

// What waited for something to end.
void InviteSession::proceed(TimePoint now, Actions& out) {
    if (state_ == State::Confirmed && wants_bye_) {
        wants_bye_ = false;
        send_bye(legs_.front(), out);
        end(0, "hung up", false, out);
        return;
    }
    const bool is_free = state_ == State::Confirmed && !is_exchanging() && now >= glare_until_;
    if (is_free && is_offer_wanted_) {
        is_offer_wanted_ = is_refresh_wanted_ = false;
        out.emplace_back(OfferWanted{});
    } else if (is_free && is_refresh_wanted_) {
        refresh(out);
    } else if (is_free && wanted_refer_) {
        send_refer(out);
    }
    arm(now, out);
}

void InviteSession::send_offer(Method method, const std::string& description, Actions& out) {
    Leg& leg = legs_.front();
    auto builder = leg.dialog.request(method, to_string(method), setup_.max_forwards);
    add_own_fields(builder, true);
    is_refresh_wanted_ = false;
    if (session_seconds_) {
        builder.header(HeaderName::SessionExpires,
                       to_string(SessionExpires{*session_seconds_,
                                                is_refresher_ ? Refresher::Uac : Refresher::Uas}));
        builder.header(HeaderName::MinSe, std::to_string(std::max(min_se_, shortest_session)));
    } else if (setup_.session_expires) {
        builder.header(HeaderName::SessionExpires, std::to_string(*setup_.session_expires));
    }
    if (method == Method::Invite && setup_.reinvite_expires != 0) {
        builder.header(HeaderName::Expires, std::to_string(setup_.reinvite_expires));
    }
    if (!description.empty()) {
        builder.body(sdp, description);
        leg.offers.on_offer_sent();
    }
    say(Send{std::move(builder)}, Pending{leg.dialog.local_cseq(), method, !description.empty()},
        out);
}

void InviteSession::on_offer_response(const Pending& pending, const Message& request,
                                      const Message& response, TimePoint now, Random& random,
                                      Actions& out) {
    const int status = response.status();
    Leg* const leg = leg_of(request.to_tag());
    if (leg == nullptr) {
        return;
    }
    if (status < 300) {
        if (pending.method == Method::Invite) {
            acknowledge(*leg, request.cseq().number, out);
        }
        if (state_ == State::Ended) {
            return;
        }
        if (const auto contact = dialog_contact(response); contact && *contact) {
            leg->dialog.set_remote_target((*contact)->uri.text);
        }
        note_peer(response);
        take_session_timer(request, response, now);
        deferrals_ = 0;
        if (pending.bears_offer) {
            leg->offers.close();
            std::string answer = description_in(response);
            if (answer.empty()) {
                out.emplace_back(OfferRefused{status});
            } else {
                out.emplace_back(Answer{std::move(answer), std::string(response.to_tag())});
            }
        }
        return;
    }
    if (state_ == State::Ended) {
        return;
    }
    if (pending.bears_offer) {
        leg->offers.close();
    }
    if (status == 481 || status == 408) {  // RFC 3261 §12.2.1.2: the dialog is no more
        send_bye(*leg, out);
        end(status, response.reason(), true, out);
    } else if (status == 491 && ++deferrals_ <= max_deferrals) {
        // RFC 3261 §14.1: who made the Call-ID waits longer.
        const bool is_ours = !invitation_.call_id.empty();
        const auto step = static_cast<Duration::rep>(random.number() % (is_ours ? 191U : 201U));
        try_offer_later(pending, (is_ours ? Duration(2100ms) : Duration::zero()) + step * 10ms,
                        now);
    } else if (const auto pause = retry_after(response); status == 500 && pause &&
                                                         *pause <= longest_deferral &&
                                                         ++deferrals_ <= max_deferrals) {
        try_offer_later(pending, *pause, now);  // RFC 3261 §14.2
    } else if (pending.bears_offer) {
        out.emplace_back(OfferRefused{status});
    }
}

void InviteSession::on_other_response(const Pending& pending, const Message& response,
                                      Actions& out) {
    const int status = response.status();
    if (state_ == State::Ended) {
        return;
    }
    if (pending.method == Method::Refer && status >= 300) {
        is_referring_ = false;
        out.emplace_back(Referred{status, true});
    } else if (status == 481 && pending.method != Method::Prack &&
               pending.method != Method::Notify) {
        send_bye(legs_.front(), out);
        end(status, response.reason(), true, out);
    }
}

// ---- requests of other kinds --------------------------------------------------------------------

void InviteSession::on_bye(ServerId id, const Message& request, Actions& out) {
    respond(id, reply(request, 200, local_tag_), out);
    if (state_ == State::Ended) {
        return;  // it crossed ours
    }
    if (state_ == State::Inviting) {
        return;  // RFC 3261 §15: only a caller may end an early dialog so; the INVITE has its end
    }
    if (state_ == State::Incoming) {
        refuse(invite_id_, *invite_, 487, out);
        reliable_due_ = TimePoint::max();
    }
    end(0, "hung up", true, out);
}

void InviteSession::on_prack(ServerId id, const Message& request, Actions& out) {
    const HeaderLine* const line = request.header(HeaderName::RAck);
    const auto rack =
        line == nullptr ? Result<RAck, ParseError>(fail(ParseError{})) : parse_rack(line->value);
    if (!rack) {
        refuse(id, request, 400, out);
        return;
    }
    if (!reliable_ || !reliable_->on_prack(*rack)) {
        refuse(id, request, 481, out);
        return;
    }
    reliable_due_ = TimePoint::max();
    respond(id, reply(request, 200, local_tag_), out);
}

void InviteSession::on_refer(ServerId id, const MessagePtr& request, Actions& out) {
    const HeaderLine* const refer_to = request->header(HeaderName::ReferTo);
    if (refer_to == nullptr || request->count(HeaderName::ReferTo) != 1 ||
        !parse_name_addr(refer_to->value)) {
        refuse(id, *request, 400, out);
        return;
    }
    if (referral_ || referral_request_ || state_ != State::Confirmed) {
        refuse(id, *request, 491, out);
        return;
    }
    const HeaderLine* const by = request->header(HeaderName::ReferredBy);
    referral_request_ = Theirs{id, request};
    out.emplace_back(
        Referral{std::string(refer_to->value), by == nullptr ? "" : std::string(by->value)});
}

void InviteSession::answer_referral(int status, Actions& out) {
    if (!referral_request_) {
        return;
    }
    const Theirs theirs = *std::exchange(referral_request_, std::nullopt);
    if (status >= 300) {
        refuse(theirs.id, *theirs.request, status, out);
        return;
    }
    referral_ = theirs.request->cseq().number;
    auto accepted = reply(*theirs.request, 202, local_tag_);
    add_own_fields(accepted, true);
    respond(theirs.id, std::move(accepted), out);
}

void InviteSession::on_notify(ServerId id, const Message& request, Actions& out) {
    const HeaderLine* const line = request.header(HeaderName::Event);
    const auto event =
        line == nullptr ? Result<Event, ParseError>(fail(ParseError{})) : parse_event(line->value);
    if (!event) {
        refuse(id, request, 400, out);
        return;
    }
    if (event->package != "refer" || !is_referring_) {
        refuse(id, request, 481, out);
        return;
    }
    respond(id, reply(request, 200, local_tag_), out);
    const HeaderLine* const state_line = request.header(HeaderName::SubscriptionState);
    const auto state = state_line == nullptr
                           ? Result<SubscriptionState, ParseError>(fail(ParseError{}))
                           : parse_subscription_state(state_line->value);
    const int status = sipfrag_status(request.body());
    const bool is_over = (state && state->is_terminated()) || status >= 200;
    is_referring_ = !is_over;
    out.emplace_back(Referred{status, is_over});
}

void InviteSession::refer(std::string refer_to, std::string referred_by, TimePoint now,
                          Actions& out) {
    if (state_ != State::Confirmed || is_referring_) {
        return;
    }
    is_referring_ = true;
    wanted_refer_ = Refer{std::move(refer_to), std::move(referred_by)};
    proceed(now, out);
}

void InviteSession::send_refer(Actions& out) {
    const Refer refer = *std::exchange(wanted_refer_, std::nullopt);
    Leg& leg = legs_.front();
    auto builder = leg.dialog.request(Method::Refer, "REFER", setup_.max_forwards);
    add_own_fields(builder, true);
    builder.header(HeaderName::ReferTo, refer.refer_to);
    if (!refer.referred_by.empty()) {
        builder.header(HeaderName::ReferredBy, refer.referred_by);
    }
    say(Send{std::move(builder)}, Pending{leg.dialog.local_cseq(), Method::Refer}, out);
}

// RFC 3515 §2.4.4: the first NOTIFY comes at once.
void InviteSession::tell_progress(int status, bool is_final, Actions& out) {
    if (!referral_ || state_ != State::Confirmed) {
        return;
    }
    Leg& leg = legs_.front();
    auto builder = leg.dialog.request(Method::Notify, "NOTIFY", setup_.max_forwards);
    add_own_fields(builder, true);
    builder.header(HeaderName::Event, "refer;id=" + std::to_string(*referral_))
        .header(HeaderName::SubscriptionState,
                is_final ? "terminated;reason=noresource" : "active;expires=60")
        .body("message/sipfrag;version=2.0", "SIP/2.0 " + std::to_string(status) + " " +
                                                 std::string(reason_phrase(status)) + "\r\n");
    if (is_final) {
        referral_.reset();
    }
    say(Send{std::move(builder)}, Pending{leg.dialog.local_cseq(), Method::Notify}, out);
}

void InviteSession::info(std::string_view content_type, std::string_view body, Actions& out) {
    if (state_ != State::Confirmed) {
        return;
    }
    Leg& leg = legs_.front();
    auto builder = leg.dialog.request(Method::Info, "INFO", setup_.max_forwards);
    add_own_fields(builder, false);
    builder.body(content_type, body);
    say(Send{std::move(builder)}, Pending{leg.dialog.local_cseq(), Method::Info}, out);
}

// ---- time ---------------------------------------------------------------------------------------

void InviteSession::take_session_timer(const Message& request, const Message& success,
                                       TimePoint now) {
    session_seconds_.reset();
    refresh_due_ = TimePoint::max();
    if (const auto what = agreed(request, success)) {
        start_session_timer(what->seconds, what->refresher == Refresher::Uac, now);
    }
}

void InviteSession::start_session_timer(std::uint32_t seconds, bool is_ours, TimePoint now) {
    session_seconds_ = seconds;
    is_refresher_ = is_ours;
    refreshed_ = now;
    refresh_due_ = is_ours ? refresh_at(now, seconds) : TimePoint::max();
}

// RFC 4028 §7.4: UPDATE where the peer allows it, for it says nothing of the session.
void InviteSession::refresh(Actions& out) {
    is_refresh_wanted_ = false;
    if (can_update_) {
        send_offer(Method::Update, "", out);
    } else {
        out.emplace_back(OfferWanted{});
    }
}

TimePoint InviteSession::next() const {
    TimePoint next = std::min({reliable_due_, cancel_until_, lost_bye_until_});
    if (unacknowledged_) {
        next = std::min(next, unacknowledged_->due);
    }
    if (session_seconds_) {
        next = std::min({next, give_up_at(refreshed_, *session_seconds_), refresh_due_});
    }
    const bool is_waiting = is_offer_wanted_ || is_refresh_wanted_;
    if (is_waiting && state_ == State::Confirmed && glare_until_ != TimePoint{}) {
        next = std::min(next, glare_until_);
    }
    return next;
}

void InviteSession::arm(TimePoint now, Actions& out) {
    const TimePoint due = next();
    if (due != TimePoint::max() && (due < armed_ || armed_ <= now)) {
        armed_ = due;
        out.emplace_back(StartTimer{std::max(due - now, Duration::zero())});
    }
}

void InviteSession::on_time(TimePoint now, Actions& out) {
    if (now >= cancel_until_) {
        // The CANCEL, or the INVITE before it, was never answered.
        cancel_until_ = TimePoint::max();
        pending_.clear();
    }
    if (now >= lost_bye_until_) {
        lost_bye_until_ = TimePoint::max();  // there was nobody to hear it
    }
    if (now >= reliable_due_) {
        Duration again{};
        switch (reliable_->on_timer(now, again)) {
            case ReliableSender::Due::Repeat:
                out.emplace_back(Respond{invite_id_, reliable_->waiting()});
                reliable_due_ = now + again;
                break;
            case ReliableSender::Due::Reject:
                reliable_due_ = TimePoint::max();
                reject(500, {}, out);
                break;
            case ReliableSender::Due::Nothing:
                reliable_due_ = TimePoint::max();
                break;
        }
    }
    if (unacknowledged_ && now >= unacknowledged_->due) {
        if (now >= unacknowledged_->give_up) {
            // RFC 3261 §13.3.1.4: the dialog stands, and the session is to be ended.
            unacknowledged_.reset();
            send_bye(legs_.front(), out);
            end(0, "the answer was not acknowledged", false, out);
        } else {
            out.emplace_back(Respond{unacknowledged_->id, unacknowledged_->response});
            unacknowledged_->interval = std::min(unacknowledged_->interval * 2, setup_.timers.t2);
            unacknowledged_->due =
                std::min(now + unacknowledged_->interval, unacknowledged_->give_up);
        }
    }
    if (now >= glare_until_) {
        glare_until_ = {};
    }
    if (session_seconds_ && state_ == State::Confirmed &&
        now >= give_up_at(refreshed_, *session_seconds_)) {
        send_bye(legs_.front(), out);
        end(0, "the session was not refreshed", false, out);
    } else if (state_ == State::Confirmed && now >= refresh_due_) {
        // Whatever else is under way refreshes as well.
        refresh_due_ = TimePoint::max();
        if (!is_exchanging()) {
            refresh(out);
        }
    }
    proceed(now, out);
}

}  // namespace ringwall::sip::session
