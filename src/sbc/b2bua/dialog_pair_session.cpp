// What a pair of dialogs says of the session itself: whose turn it is to describe it, provisional
// responses that must arrive, and whether it is still alive.
#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "sbc/b2bua/description.h"
#include "sbc/b2bua/dialog_pair.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::b2bua {

using policy::Event;
using Offer = sip::session::OfferAnswer::Offer;
using sip::HeaderName;
using sip::Method;

namespace {

// Who is still to be asked: the number of Timer::Ask.
constexpr std::uint32_t ask_caller = 1;
constexpr std::uint32_t ask_callee = 2;
constexpr std::uint32_t ask_both = ask_caller | ask_callee;

}  // namespace

// ---- offers and answers -------------------------------------------------------------------------

// What a request gets that comes when it is not its sender's turn: 500 (with Retry-After) when what
// it sent before has no answer yet, 491 when it crosses what was sent to it. 0: it may go on.
int DialogPair::refuse_turn(Side side, const sip::Message& request, bool offers) const {
    const Leg& from = leg(side);
    const Leg& to = leg(other_side(side));
    const bool is_invite = request.method() == Method::Invite;
    const auto waiting = std::ranges::count_if(
        relays_, [side](const Relay& relay) { return relay.is_open && relay.from == side; });
    if (static_cast<std::size_t>(waiting) >= max_waiting) {
        return 500;
    }
    if (is_invite) {  // RFC 3261 §14.2: one INVITE at a time
        if (is_open_from(side, Method::Invite)) {
            return 500;
        }
        if (to.answered || from.answered || is_open_from(other_side(side), Method::Invite) ||
            !is_confirmed_) {
            return 491;
        }
    }
    // So it is with a refresh of our own.
    const auto is_refreshed = [](const Leg& leg) {
        return leg.refresh && leg.refresh->is_open && leg.refresh->method != Method::Options;
    };
    if (is_session_refresh(request.method()) && (is_refreshed(from) || is_refreshed(to))) {
        return 491;
    }
    // RFC 3311 §5.2: one UPDATE at a time.
    if (request.method() == Method::Update && is_open_from(side, Method::Update)) {
        return 500;
    }
    if (!offers && !is_invite) {
        return 0;
    }
    const int refusal = from.session.refusal();
    return refusal == 0 && !to.session.may_offer() ? 491 : refusal;
}

void DialogPair::open_exchange(Side offerer) {
    leg(offerer).session.on_offer_received();
    leg(other_side(offerer)).session.on_offer_sent();
}

void DialogPair::close_exchange() {
    caller_.session.close();
    callee_.session.close();
}

// A reliable response to an INVITE passes: the answer where the INVITE bore the offer, else the
// offer if it bears one. After a 2xx an offer without an answer is over.
void DialogPair::describe(Side asking, bool asked_with_offer, const sip::Message& response) {
    const bool bears = bears_description(response);
    if (asked_with_offer && (bears || response.status() >= 200)) {
        close_exchange();
    } else if (!asked_with_offer && bears) {
        open_exchange(other_side(asking));
    }
}

policy::MediaVerdict DialogPair::judge(Side side, const sip::Message& message,
                                       const sip::Message* offer) const {
    const Adjacency& from = adjacency_of(leg(side));
    const Adjacency& to = adjacency_of(leg(other_side(side)));
    if (anchor_.session != nullptr) {
        return context_.anchorage->take(from, to, message);
    }
    return offer != nullptr
               ? judge_answer(from, to, *offer, message)
               : policy::judge_media(policy::media_leg(from), policy::media_leg(to), message);
}

// What a leg answers to a refresh of our own stays here.
std::optional<policy::MediaRefusal> DialogPair::refuse_answer_to_us(
    Side side, const sip::Message& asked, const sip::Message& response) const {
    const Adjacency& from = adjacency_of(leg(side));
    if (anchor_.session == nullptr || !bears_description(response)) {
        return judge_answer(from, adjacency_of(leg(other_side(side))), asked, response).refusal;
    }
    return policy::judge_for_engine(policy::media_leg(from), response, asked.body()).refusal;
}

MediaQuestion DialogPair::question(Side describing, MediaQuestion::Kind kind,
                                   const sip::MessagePtr& message) const {
    const auto tag_of = [&](Side side) {
        return side == Side::Caller ? anchor_.caller_tag : anchor_.callee_tag;
    };
    const bool is_offer = kind == MediaQuestion::Kind::Offer;
    const Side other = other_side(describing);
    return {.session = anchor_.session,
            .kind = kind,
            .offerer = tag_of(is_offer ? describing : other),
            .answerer = tag_of(is_offer ? other : describing),
            .from = leg(describing).peer.adjacency,
            .to = leg(other).peer.adjacency,
            .message = message};
}

// Only of what will pass, as far as can be seen: what the engine was shown, it obeys.
std::optional<MediaQuestion> DialogPair::question(Side side, const sip::Hop& from,
                                                  const sip::MessagePtr& request) const {
    using Kind = MediaQuestion::Kind;
    const Leg& asking = leg(side);
    const Leg& to = leg(other_side(side));
    if (anchor_.session == nullptr || !bears_description(*request) || asking.is_ended ||
        to.is_ended || !context_.host.is_peer_of(context_.ref, asking, from)) {
        return std::nullopt;
    }
    if (request->method() == Method::Ack) {
        const bool is_answer = asking.answered && asking.answered->cseq == request->cseq().number &&
                               asking.session.open() == Offer::Ours && to.accepted &&
                               to.accepted->ack.empty();
        return is_answer ? std::optional(question(side, Kind::Answer, request)) : std::nullopt;
    }
    const bool is_prack = request->method() == Method::Prack;
    if (is_prack && to.session.open() == Offer::Theirs && provisionals_ != nullptr &&
        provisionals_->offer != nullptr) {
        return question(side, Kind::Answer, request);
    }
    if ((!is_prack && !is_session_refresh(request->method())) ||
        refuse_turn(side, *request, true) != 0) {
        return std::nullopt;
    }
    return question(side, Kind::Offer, request);
}

std::optional<MediaQuestion> DialogPair::question(sip::transaction::ClientId id,
                                                  const sip::MessagePtr& response) const {
    using Kind = MediaQuestion::Kind;
    const auto relay = std::ranges::find(relays_, id, &Relay::client);
    if (anchor_.session == nullptr || relay == relays_.end() || !relay->is_open ||
        !bears_description(*response)) {
        return std::nullopt;
    }
    const int status = response->status();
    const bool is_invite = relay->request->method() == Method::Invite;
    if (status <= 100 || status >= 300 || (status < 200 && !is_invite) ||
        (!relay->offers && !is_invite)) {
        return std::nullopt;
    }
    return question(other_side(relay->from), relay->offers ? Kind::Answer : Kind::Offer, response);
}

// ---- reliable provisional responses -------------------------------------------------------------

void DialogPair::pass_provisional(const Invitation& invitation, const sip::Message& response,
                                  const policy::MediaVerdict& media, sip::MessageBuilder& passed) {
    CallHost& host = context_.host;
    const Leg& asking = leg(invitation.asking);
    const Leg& asked = leg(other_side(invitation.asking));
    const bool is_wanted = invitation.request->has_token(HeaderName::Supported, "100rel") ||
                           invitation.request->has_token(HeaderName::Require, "100rel");
    const auto number = is_wanted ? sip::session::reliable_number(response) : std::nullopt;
    if (number) {
        if (provisionals_ == nullptr || provisionals_->server != invitation.server) {
            const std::uint32_t first =
                1 + static_cast<std::uint32_t>(host.random().number() % 0x7fff'ffffU);
            provisionals_ = std::make_unique<Provisionals>(
                Provisionals{invitation.asking,
                             invitation.server,
                             invitation.sent->cseq().number,
                             {},
                             {first, invitation.request->cseq().number},
                             nullptr});
        }
        if (provisionals_->sent.is_waiting() || !provisionals_->received.accept(*number)) {
            return;  // its sender repeats it until it is acknowledged
        }
        passed.header(HeaderName::RSeq, std::to_string(provisionals_->sent.next()));
    }
    constexpr std::array not_required{HeaderName::Require};
    const Side answering = other_side(invitation.asking);
    note_privacy(answering, response);
    copy_end_to_end(passed, response, adjacency_of(asked), adjacency_of(asking), author(answering),
                    number ? std::span<const HeaderName>() : not_required);
    copy_body(passed, response, media);
    const sip::MessagePtr message = passed.build();
    host.respond(invitation.server, message);
    if (!number) {
        return;
    }
    const bool asked_with_offer = bears_description(*invitation.request);
    if (!asked_with_offer && bears_description(*message)) {
        provisionals_->offer = message;
    }
    describe(invitation.asking, asked_with_offer, *message);
    const Duration first =
        provisionals_->sent.on_sent(message, host.timers().t1, host.now().monotonic);
    start_timer(first, Timer::RepeatProvisional, provisionals_->sent.next());
}

Fate DialogPair::repeat_provisional() {
    CallHost& host = context_.host;
    Duration again{};
    switch (provisionals_->sent.on_timer(host.now().monotonic, again)) {
        case sip::session::ReliableSender::Due::Nothing:
            return {};
        case sip::session::ReliableSender::Due::Repeat:
            host.respond(provisionals_->server, provisionals_->sent.waiting());
            start_timer(again, Timer::RepeatProvisional, provisionals_->sent.next());
            return {};
        case sip::session::ReliableSender::Due::Reject:
            break;
    }
    if (!is_confirmed_) {
        return Fate::lost("no PRACK", 504);
    }
    for (Relay& relay : relays_) {
        if (relay.server == provisionals_->server && relay.is_open) {
            relay.lacks_prack = true;
            relay.is_cancel_owed = !host.cancel(context_.ref, relay.client, {});
        }
    }
    return {};
}

// The RAck for the other leg. None: this PRACK acknowledges nothing (RFC 3262 §3).
std::optional<std::string> DialogPair::translate_rack(Side side, const sip::Message& prack) {
    const sip::HeaderLine* line = prack.header(HeaderName::RAck);
    const auto rack = line == nullptr ? sip::parse_rack({}) : sip::parse_rack(line->value);
    if (!rack || provisionals_ == nullptr || provisionals_->asking != side ||
        !provisionals_->sent.on_prack(*rack)) {
        return std::nullopt;
    }
    std::string value = std::to_string(provisionals_->received.last());
    value.append(" ").append(std::to_string(provisionals_->asked_cseq)).append(" INVITE");
    return value;
}

void DialogPair::on_invite_answered() {
    if (provisionals_ != nullptr) {
        provisionals_->sent.on_final();
    }
}

// ---- session timers -----------------------------------------------------------------------------

void DialogPair::note_description(Leg& told, const sip::Message& message) {
    if (!told.allows_update && bears_description(message)) {
        told.described = keep_body(message);
    }
}

// An INVITE or UPDATE succeeded from end to end: both are there, and may have agreed on an
// interval.
void DialogPair::refreshed(const sip::Message& sent, const sip::Message& success) {
    const auto agreed = sip::session::agreed(sent, success);
    is_interval_agreed_ = agreed && sent.has_token(sip::HeaderName::Supported, "timer");
    for (Leg* leg : {&caller_, &callee_}) {
        leg->timer.on_refreshed(agreed, context_.host.now().monotonic);
    }
    watch_session();
}

// Timers of a call cannot be stopped: so that none outlives it for long, the way to a far moment is
// taken in steps.
void DialogPair::watch_session() {
    constexpr Duration shortest_step = 1s;
    constexpr Duration longest_step = 45s;
    if (is_session_watched_ || !is_confirmed_) {
        return;
    }
    std::optional<TimePoint> next;
    for (const Leg* leg : {&caller_, &callee_}) {
        if (const auto at = leg->is_ended ? std::nullopt : leg->timer.next()) {
            next = next ? std::min(*next, *at) : at;
        }
    }
    if (next) {
        is_session_watched_ = true;
        const Duration wait = *next - context_.host.now().monotonic;
        start_timer(std::clamp<Duration>(wait, shortest_step, longest_step), Timer::Session);
    }
}

Fate DialogPair::keep_session() {
    const TimePoint now = context_.host.now().monotonic;
    for (const Side side : {Side::Caller, Side::Callee}) {
        Leg& at = leg(side);
        if (at.is_ended) {
            continue;
        }
        if (at.timer.is_expired(now)) {
            return Fate::lost("session expired");
        }
        if (at.timer.is_refresh_due(now)) {
            if (at.refresh && at.refresh->is_open) {
                return Fate::lost("peer does not answer");
            }
            refresh(side);
        }
    }
    watch_session();
    return {};
}

void DialogPair::resume(bool is_interval_agreed) {
    constexpr std::uint64_t most = lost_flow_limit / 1s;
    const TimePoint now = context_.host.now().monotonic;
    is_confirmed_ = true;
    is_interval_agreed_ = is_interval_agreed;
    for (const Side side : {Side::Caller, Side::Callee}) {
        if (auto& answered = leg(side).answered) {  // its 2xx is not repeated any more
            answered->repetition = ++last_repetition_;
            start_timer(std::max<Duration>(answered->give_up - now, 0s),
                        side == Side::Caller ? Timer::RepeatToCaller : Timer::RepeatToCallee,
                        answered->repetition);
        }
    }
    watch_session();
    wait_for_flow();
    // Not all calls at once.
    start_timer(std::chrono::seconds(1 + context_.host.random().number() % most), Timer::Ask,
                ask_both);
}

// One after another, and who is not there yet when it is: the other does not wait for it.
void DialogPair::ask(std::uint32_t sides) {
    constexpr Duration again = 10s;
    std::uint32_t left = 0;
    bool is_any_asked = false;
    for (const auto& [side, bit] :
         {std::pair{Side::Caller, ask_caller}, {Side::Callee, ask_callee}}) {
        const Leg& to = leg(side);
        if ((sides & bit) == 0 || to.is_ended) {
            continue;
        }
        if (!is_any_asked && context_.host.hop_in_dialog(context_.ref, to)) {
            is_any_asked = true;
            if (to.answered) {
                if (const auto client = send(side, Method::Options, [](sip::MessageBuilder&) {})) {
                    leg(side).refresh = Leg::Refresh{*client, Method::Options, true};
                }
            } else {
                refresh(side);
            }
        } else {
            left |= bit;
        }
    }
    if (left != 0) {
        start_timer(again, Timer::Ask, left);
    }
}

// Whoever speaks within the dialog has heard the 2xx that another process sent; the ACK went with
// that.
void DialogPair::take_as_acknowledged(Side side) {
    Leg& heard = leg(side);
    if (!heard.answered || heard.answered->response != nullptr) {
        return;
    }
    heard.answered.reset();
    if (heard.is_bye_owed) {
        send_bye(side);
        return;
    }
    const Leg& other = leg(other_side(side));
    if (!other.is_ended && other.accepted && other.accepted->ack.empty()) {
        send_ack(other_side(side));
    }
}

bool DialogPair::is_busy(Side side) const {
    const auto is_owed = [](const Leg& leg) {
        return leg.answered || (leg.accepted && leg.accepted->ack.empty());
    };
    return is_owed(caller_) || is_owed(callee_) || leg(side).session.is_open() ||
           std::ranges::any_of(relays_, &Relay::is_open);
}

// Is the peer still there? UPDATE where it allows it; else a re-INVITE that says again what it was
// told last (RFC 4028 §7.4). OPTIONS if it was told nothing, and where the ends agreed on an
// interval longer than ours: without a Session-Expires the others would end that (§9).
void DialogPair::refresh(Side side) {
    Leg& to = leg(side);
    if (is_busy(side)) {
        return;  // what is under way tells more; if it does not, this comes again soon
    }
    to.timer.on_heard(context_.host.now().monotonic);
    const Method method = is_interval_agreed_ ? Method::Options
                          : to.allows_update  ? Method::Update
                          : to.described      ? Method::Invite
                                              : Method::Options;
    const auto client = send(side, method, [&](sip::MessageBuilder& request) {
        if (method == Method::Invite) {
            copy_body(request, *to.described);
        }
    });
    if (!client) {
        wait_for_flow();
        return;
    }
    to.refresh = Leg::Refresh{*client, method, true};
    if (method == Method::Invite) {
        to.session.on_offer_sent();
    }
}

Fate DialogPair::on_refresh_response(Side side, const sip::Message& response) {
    Leg& asked = leg(side);
    const int status = response.status();
    const bool is_success = status >= 200 && status < 300;
    if (status < 200) {
        return {};
    }
    const bool is_first = std::exchange(asked.refresh->is_open, false);
    if (is_success && asked.refresh->method == Method::Invite) {
        if (is_first) {
            accept_own(side, response.cseq().number);
        }
        if (asked.accepted && asked.accepted->cseq == response.cseq().number) {
            send_ack(side);
        }
    }
    if (!is_first || asked.is_ended) {
        return {};
    }
    asked.session.close();
    asked.timer.on_heard(context_.host.now().monotonic);
    if (is_success) {
        take_as_acknowledged(side);
    }
    if (is_success && asked.refresh->method == Method::Invite && asked.invited != nullptr) {
        const auto refusal = refuse_answer_to_us(side, *asked.invited, response);
        if (refusal) {
            keep_refusal(side, response, *refusal);
            return Fate::lost("answer refused by media-security");
        }
    }
    if (is_success && is_session_refresh(asked.refresh->method)) {
        if (refuse_refresh(side, response, Event::RefreshByResponse)) {
            return Fate::lost("target refresh changes the URI scheme");
        }
        if (const auto target = sip::dialog_contact(response); target && *target) {
            asked.dialog.set_remote_target((*target)->uri.text);
        }
    }
    return status == 408 || status == 481 ? Fate::lost("peer lost the dialog") : Fate{};
}

}  // namespace ringwall::sbc::b2bua
