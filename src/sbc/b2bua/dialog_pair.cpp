#include "sbc/b2bua/dialog_pair.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "sbc/b2bua/description.h"
#include "sbc/b2bua/own_credentials.h"
#include "sbc/b2bua/refusal.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sbc/policy/carried.h"
#include "sip/message_builder.h"
#include "sip/transaction/derived_request.h"

namespace ringwall::sbc::b2bua {

using policy::Event;
using Offer = sip::session::OfferAnswer::Offer;
using sip::HeaderName;
using sip::Method;
using sip::transaction::ClientId;
using sip::transaction::Reasons;
using sip::transaction::ServerId;
using sip::transaction::TerminationCause;

namespace {

constexpr Duration held_step = 1s;        // so often it is looked whether a lost peer is back
constexpr std::uint8_t max_goodbyes = 3;  // BYEs that one peer is sent
constexpr std::uint8_t max_repeats = 2;   // of one NOTIFY, by other connections

bool is_of_subscription(Method method) {
    return method == Method::Subscribe || method == Method::Notify || method == Method::Refer;
}

// RFC 3261 §12.2, RFC 3311 §5.1, RFC 6665 §4.1.2.1 and §4.2.1.1, RFC 3515 §2.2.
bool is_refresh(Method method) {
    return method == Method::Invite || method == Method::Update || is_of_subscription(method);
}

}  // namespace

DialogPair::DialogPair(const CallContext& context, std::size_t index, std::size_t branch,
                       Leg caller, Leg callee)
    : context_(context),
      index_(index),
      branch_(branch),
      caller_(std::move(caller)),
      callee_(std::move(callee)) {}

std::optional<Side> DialogPair::side_of(const sip::Message& request) const {
    for (const Side side : {Side::Caller, Side::Callee}) {
        const sip::Dialog& dialog = leg(side).dialog;
        if (dialog.local_tag() == request.to_tag() && dialog.remote_tag() == request.from_tag() &&
            dialog.call_id() == request.call_id()) {
            return side;
        }
    }
    return std::nullopt;
}

bool DialogPair::is_owed() const {
    const auto is_invite = [](Method method) { return method == Method::Invite; };
    return (caller_.refresh && is_invite(caller_.refresh->method)) ||
           (callee_.refresh && is_invite(callee_.refresh->method)) ||
           std::ranges::any_of(relays_, [&](const Relay& relay) {
               return relay.is_open || is_invite(relay.request->method());
           });
}

bool DialogPair::is_consistent() const {
    const auto is_bye_kept = [](const Leg& leg) {
        return !leg.is_bye_owed || leg.answered || leg.is_ended;
    };
    // What one side offered, the other was offered.
    const auto is_mirrored = [](const Leg& offerer, const Leg& offered) {
        return offerer.session.open() != Offer::Theirs || offered.session.open() == Offer::Ours;
    };
    // A call that is up is watched, if there is anything to wait for.
    const bool is_watched = !is_confirmed_ || caller_.is_ended || callee_.is_ended ||
                            is_session_watched_ || (!caller_.timer.next() && !callee_.timer.next());
    return is_bye_kept(caller_) && is_bye_kept(callee_) && is_mirrored(caller_, callee_) &&
           is_mirrored(callee_, caller_) && is_watched;
}

void DialogPair::confirm(const Invitation& invitation, const sip::MessagePtr& success) {
    const Now now = context_.host.now();
    is_confirmed_ = true;
    callee_.accept(invitation.sent->cseq().number, own_credentials(*invitation.sent));
    caller_.dialog.confirm();
    caller_.answered = Leg::Answered{invitation.server,
                                     success,
                                     invitation.request->cseq().number,
                                     context_.host.timers().t1,
                                     now.monotonic + 64 * context_.host.timers().t1,
                                     true};
    describe(Side::Caller, bears_description(*invitation.request), *success);
    caller_.allows_update = invitation.request->has_token(HeaderName::Allow, "UPDATE");
    callee_.allows_update = success->has_token(HeaderName::Allow, "UPDATE");
    note_description(caller_, *success);
    note_description(callee_, *invitation.sent);
    for (Leg* leg : {&caller_, &callee_}) {
        leg->timer = sip::session::SessionTimer(adjacency_of(*leg).session_timer, now.monotonic);
    }
    refreshed(*invitation.sent, *success);
    start_repeating(Side::Caller);
}

void DialogPair::repeat_ack(Side side, std::uint32_t cseq) {
    const Leg& to = leg(side);
    for (const auto* accepted : {&to.accepted, &to.accepted_before}) {
        if (*accepted && (*accepted)->cseq == cseq && !(*accepted)->ack.empty()) {
            send_ack(to, **accepted);
        }
    }
}

Fate DialogPair::on_request(Side side, ServerId id, const sip::Hop& from,
                            const sip::MessagePtr& request, const Changes& changes) {
    if (!accept(side, id, from, *request)) {
        return {};
    }
    if (request->method() == Method::Bye) {
        answer(leg(side), id, *request, 200, "OK");
        leg(side).is_ended = true;
        bye_ = request;
        return Fate::hung_up(side);
    }
    return relay(side, id, request, changes);
}

std::optional<Fate> DialogPair::admit(Side side, ServerId id, const sip::Hop& from,
                                      const sip::MessagePtr& request) {
    Passing passing;
    if (!accept(side, id, from, *request)) {
        return Fate{};
    }
    if (const auto fate = refuse(side, id, *request, passing)) {
        return fate;
    }
    take_target(side, *request);
    return std::nullopt;
}

// From the peer of this dialog, and in its turn. Else it is answered.
bool DialogPair::accept(Side side, ServerId id, const sip::Hop& from, const sip::Message& request) {
    Leg& asking = leg(side);
    // What of a subscription comes after the BYE, its owner has judged (RFC 5057 §4.2).
    const bool is_ended = asking.is_ended && !is_of_subscription(request.method());
    if (is_ended || !context_.host.is_peer_of(context_.ref, asking, from)) {
        context_.host.refuse_unknown(id, from, request);
        return false;
    }
    if (!asking.dialog.accept_cseq(request)) {
        answer(asking, id, request, 500, "Server Internal Error");
        return false;
    }
    asking.hop = from;
    asking.timer.on_heard(context_.host.now().monotonic);
    take_as_acknowledged(side);
    return true;
}

void DialogPair::take_target(Side side, const sip::Message& request) {
    if (is_refresh(request.method())) {
        if (const auto target = sip::dialog_contact(request); target && *target) {
            leg(side).dialog.set_remote_target((*target)->uri.text);
        }
    }
}

void DialogPair::answer(const Leg& to, ServerId id, const sip::Message& request, int status,
                        std::string_view reason, int warning, std::optional<policy::Rule> rule) {
    context_.answer(to.peer.adjacency, id, request, status, reason, warning, rule);
}

// Of what came on that side.
void DialogPair::keep_refusal(Side side, const sip::Message& message,
                              const policy::JudgedTarget& target, int status) const {
    context_.keep_refusal({.message = message,
                           .from = leg(side).peer.adjacency,
                           .to = leg(other_side(side)).peer.adjacency,
                           .status = status,
                           .target = target});
}

void DialogPair::keep_refusal(Side side, const sip::Message& message, policy::MediaRefusal rule,
                              int status) const {
    const Event event = message.is_request() ? Event::RefreshByRequest : Event::RefreshByResponse;
    keep_refusal(side, message,
                 policy::refused(leg(side).peer.adjacency, event, leg(side).scheme, rule), status);
}

bool DialogPair::is_open_from(Side side, Method method) const {
    return std::any_of(relays_.begin(), relays_.end(), [&](const Relay& r) {
        return r.is_open && r.from == side && r.request->method() == method;
    });
}

// Answers what may not pass, and says what it means for the call. None: it may, with what `passing`
// says of it.
std::optional<Fate> DialogPair::refuse(Side side, ServerId id, const sip::Message& request,
                                       Passing& passing) {
    const Leg& from = leg(side);
    const Leg& to = leg(other_side(side));
    if (!policy::is_carried_within_dialogs(request.method())) {
        const bool is_unknown = request.method() == Method::Unknown;
        answer(from, id, request, is_unknown ? 501 : 405,
               is_unknown ? "Not Implemented" : "Method Not Allowed");
        return Fate{};
    }
    if (request.max_forwards() == 0U) {  // RFC 7332 §3: also within a dialog
        answer(from, id, request, 483, "Too Many Hops");
        return Fate{};
    }
    if (!policy::unsupported_options(request).empty()) {
        answer(from, id, request, 420, "Bad Extension");
        return Fate{};
    }
    const bool is_prack = request.method() == Method::Prack;
    const bool is_of_session = is_session_refresh(request.method());
    passing.bears = (is_of_session || is_prack) && bears_description(request);
    passing.answers = is_prack && passing.bears && to.session.open() == Offer::Theirs &&
                      provisionals_ != nullptr && provisionals_->offer != nullptr;
    passing.offers = passing.bears && !passing.answers;
    if (const int status = refuse_turn(side, request, passing.offers)) {
        auto builder = refusal(&context_.adjacency(from.peer.adjacency), request, context_.own_tag,
                               {.status = status});
        if (status == 500) {
            builder.header(HeaderName::RetryAfter,
                           std::to_string(context_.host.random().number() % 11));
        }
        context_.host.respond(id, builder.build());
        return Fate{};
    }
    if (is_of_session && context_.refuse_short_session(from.peer.adjacency, id, request)) {
        return Fate{};
    }
    if (is_refresh(request.method())) {
        if (const auto refusal = refuse_refresh(side, request, Event::RefreshByRequest)) {
            constexpr std::string_view reason = "target refresh changes the URI scheme";
            answer(from, id, request, refusal->answer.status,
                   "Target refresh changes the URI scheme", refusal->answer.warning, refusal->rule);
            return refusal->answer.ends_call ? Fate::lost(reason) : Fate{};
        }
    }
    if (is_prack) {
        passing.rack = translate_rack(side, request);
        if (!passing.rack) {
            answer(from, id, request, 481, "Call/Transaction Does Not Exist");
            return Fate{};
        }
    }
    passing.media = judge(side, request, passing.answers ? provisionals_->offer.get() : nullptr);
    if (!passing.media.passes()) {
        const policy::MediaAnswer refusal = policy::answer_to(*passing.media.refusal);
        keep_refusal(side, request, *passing.media.refusal, refusal.status);
        answer(from, id, request, refusal.status, refusal.text, refusal.warning);
        // The other side waits for this PRACK, and there is no other.
        return is_prack ? Fate::lost("description in PRACK refused by media-security") : Fate{};
    }
    return std::nullopt;
}

policy::Author DialogPair::author(Side side) const {
    const Leg& from = leg(side);
    return {from.peer.address_of_record, from.asked, anchor_.session != nullptr};
}

void DialogPair::note_privacy(Side side, const sip::Message& message) {
    if (const policy::Privacy asked = policy::privacy_of(message); asked.is_said) {
        leg(side).asked = asked;
    }
}

Fate DialogPair::relay(Side side, ServerId id, const sip::MessagePtr& request,
                       const Changes& changes) {
    CallHost& host = context_.host;
    Leg& from = leg(side);
    Leg& to = leg(other_side(side));
    if (may_wait(side, *request)) {
        hold(side, id, request);
        return {};
    }
    Passing passing;
    if (const auto fate = refuse(side, id, *request, passing)) {
        return *fate;
    }
    take_target(side, *request);
    const bool refreshes = is_refresh(request->method());
    const bool is_ended = to.is_ended && !is_of_subscription(request->method());
    const auto hop = is_ended ? std::nullopt : host.hop_in_dialog(context_.ref, to);
    if (!hop) {
        answer(from, id, *request, 480, "Temporarily Unavailable");
        return {};
    }
    const Adjacency& out = adjacency_of(to);
    auto builder = to.dialog.request(request->method(), request->method_text(),
                                     request->max_forwards().value_or(70) - 1);
    builder.header(HeaderName::Via, context_.new_via(out, hop->transport));
    if (refreshes) {
        builder.header(HeaderName::Contact, contact(out, hop->transport, to.scheme, to.user));
    }
    note_privacy(side, *request);
    if (policy::carries_challenges(out, from.peer.adjacency)) {
        copy_credentials(builder, *request, [&](const sip::HeaderLine& line) {
            return host.is_answer(to.as_challenger(), from.peer.adjacency, line);
        });
    }
    copy_end_to_end(builder, *request, adjacency_of(from), out, author(side), changes.removed);
    for (const auto& [name, value] : changes.added) {
        builder.header(name, value);
    }
    if (passing.rack) {
        builder.header(HeaderName::RAck, *passing.rack);
    }
    copy_body(builder, *request, passing.media);
    const sip::MessagePtr sent = builder.build();
    const std::uint32_t number = ++last_relay_;
    if (request->method() == Method::Invite) {
        host.respond(id, sip::reply(*request, 100, {}).build());
        start_timer(timer_c, Timer::RelayTimerC, number);
    }
    const ClientId client = host.send_in_dialog(context_.ref, *hop, sent);
    // What is done with goes; an answered INVITE stays until the next, for repetitions of its 2xx.
    std::erase_if(relays_, [&](const Relay& old) {
        return !old.is_open &&
               (old.request->method() != Method::Invite || request->method() == Method::Invite);
    });
    relays_.push_back(Relay{number, side, id, client, request, sent});
    relays_.back().offers = passing.offers;
    if (passing.offers) {
        open_exchange(side);
    } else if (passing.answers) {
        note_description(to, *sent);
        provisionals_->offer.reset();
        close_exchange();
    }
    return {};
}

// What of a subscription goes to a peer that is not there, its owner judges at once.
bool DialogPair::may_wait(Side side, const sip::Message& request) const {
    const Leg& to = leg(other_side(side));
    return is_confirmed_ && !to.is_ended && held_.size() < max_waiting &&
           policy::is_carried_within_dialogs(request.method()) &&
           !is_of_subscription(request.method()) && !context_.host.hop_in_dialog(context_.ref, to);
}

void DialogPair::hold(Side side, ServerId id, const sip::MessagePtr& request) {
    if (request->method() == Method::Invite) {
        context_.host.respond(id, sip::reply(*request, 100, {}).build());
    }
    if (held_.empty()) {
        wait_for_flow();
        start_timer(held_step, Timer::Held);
    }
    held_.push_back(Held{side, id, request, context_.host.now().monotonic});
}

Fate DialogPair::pass_held() {
    Fate fate;
    for (Held& each : std::exchange(held_, {})) {
        const Leg& to = leg(other_side(each.from));
        if (!to.is_ended && !context_.host.hop_in_dialog(context_.ref, to)) {
            held_.push_back(std::move(each));
        } else if (const Fate its = relay(each.from, each.server, each.request, {});
                   its.kind != Fate::Kind::Stands) {
            fate = its;
        }
    }
    if (!held_.empty()) {
        start_timer(held_step, Timer::Held);
    }
    return fate;
}

std::optional<std::uint32_t> DialogPair::next_cseq(ClientId id) {
    for (Leg* leg : {&caller_, &callee_}) {
        if (leg->refresh && leg->refresh->client == id) {
            return leg->dialog.next_cseq();
        }
    }
    for (const Relay& relay : relays_) {
        if (relay.client == id) {
            return leg(other_side(relay.from)).dialog.next_cseq();
        }
    }
    return std::nullopt;
}

sip::MessagePtr DialogPair::on_sent_again(ClientId id, const sip::MessagePtr& request) {
    for (Leg* leg : {&caller_, &callee_}) {
        if (leg->refresh && leg->refresh->client == id && request->method() == Method::Invite) {
            leg->invited = request;
        }
    }
    for (Relay& relay : relays_) {
        if (relay.client == id) {
            return std::exchange(relay.sent, request);
        }
    }
    return nullptr;
}

std::optional<Fate> DialogPair::on_response(ClientId id, const sip::MessagePtr& response) {
    for (const Side side : {Side::Caller, Side::Callee}) {
        if (leg(side).goodbye == id) {
            if (response->status() >= 200) {
                leg(side).goodbye.reset();
            }
            return Fate{};
        }
        if (leg(side).refresh && leg(side).refresh->client == id) {
            return on_refresh_response(side, *response);
        }
    }
    for (Relay& relay : relays_) {
        if (relay.client == id) {
            return on_relayed_response(relay, response);
        }
    }
    return std::nullopt;
}

Fate DialogPair::on_relayed_response(Relay& relay, const sip::MessagePtr& response) {
    CallHost& host = context_.host;
    Leg& asking = leg(relay.from);
    const Side other = other_side(relay.from);
    Leg& asked = leg(other);
    const bool is_invite = relay.request->method() == Method::Invite;
    const bool refreshes = is_refresh(relay.request->method());
    const int status = response->status();
    if (!relay.is_open) {
        if (is_invite && status >= 200 && status < 300) {
            repeat_ack(other, response->cseq().number);
        }
        return {};
    }
    if (status < 200 && std::exchange(relay.is_cancel_owed, false)) {
        host.cancel(context_.ref, relay.client, relay.reasons);
    }
    if (status == 100 || (status < 200 && !is_invite)) {
        return {};
    }
    const Adjacency& in = adjacency_of(asked);
    const Adjacency& out = adjacency_of(asking);
    const bool is_success = status >= 200 && status < 300;
    if (status >= 200 && (relay.offers || is_invite)) {
        close_exchange();
    }
    if (status >= 300 && relay.lacks_prack) {
        relay.is_open = false;
        answer(asking, relay.server, *relay.request, 504, "Server Time-out");
        return {};
    }
    const auto media = judge(other, *response, relay.sent.get());
    if (!is_success && status < 200 && !media.passes()) {
        return {};  // the final response decides
    }
    const bool is_refresh_refused =
        is_success && refreshes && refuse_refresh(other, *response, Event::RefreshByResponse);
    if (is_success && (!media.passes() || is_refresh_refused)) {
        // ACK where one is owed, then BYE to both.
        relay.is_open = false;
        if (is_invite) {
            asked.accept(response->cseq().number, own_credentials(*relay.sent));
            send_ack(other);
        }
        if (media.refusal) {
            keep_refusal(other, *response, *media.refusal);
        }
        answer(asking, relay.server, *relay.request, 488, "Not Acceptable Here");
        return Fate::lost(is_refresh_refused ? "target refresh changes the URI scheme"
                                             : "answer refused by media-security");
    }
    const bool is_challenge = status == 401 || status == 407;
    const bool may_ask = is_challenge && policy::carries_challenges(in, asking.peer.adjacency) &&
                         bears_digest_challenge(*response);
    if ((is_challenge && !may_ask) || status == 503) {
        // A challenge is for us, never for the other side; a 503 says nothing about us.
        relay.is_open = false;
        answer(asking, relay.server, *relay.request, status == 503 ? 500 : 480,
               sip::reason_phrase(status == 503 ? 500 : 480));
        return {};
    }
    auto builder =
        sip::reply(*relay.request, status, asking.dialog.local_tag(), response->reason());
    if (refreshes && status < 300) {
        builder.header(HeaderName::Contact,
                       contact(out, asking.hop.transport, asking.scheme, asking.user));
    }
    if (status < 200) {
        pass_provisional({relay.from, relay.server, relay.request, relay.sent}, *response, media,
                         builder);
        return {};
    }
    const Side answering = other_side(relay.from);
    note_privacy(answering, *response);
    copy_answer(builder, *response, *relay.sent, in, out, author(answering));
    if (may_ask) {
        copy_digest_challenges(builder, *response);
        host.challenge_passes(asked.as_challenger(), asking.peer.adjacency, *response);
    }
    copy_body(builder, *response, media);
    const sip::MessagePtr passed = builder.build();
    if (is_success && refreshes) {
        if (const auto target = sip::dialog_contact(*response); target && *target) {
            asked.dialog.set_remote_target((*target)->uri.text);
        }
    }
    if (is_success && is_invite) {
        asked.accept(response->cseq().number, own_credentials(*relay.sent));
        asking.answered =
            Leg::Answered{relay.server, passed, relay.request->cseq().number, host.timers().t1,
                          host.now().monotonic + 64 * host.timers().t1};
        describe(relay.from, relay.offers, *passed);
        start_repeating(relay.from);
    }
    if (is_success && relay.offers) {  // refused, it changes nothing
        note_description(asked, *relay.sent);
    }
    if (is_success && is_session_refresh(relay.request->method())) {
        note_description(asking, *passed);
        refreshed(*relay.sent, *passed);
    } else {
        asked.timer.on_heard(host.now().monotonic);
    }
    host.respond(relay.server, passed);
    relay.is_open = false;
    if (is_invite) {
        on_invite_answered();
    }
    // RFC 3261 §12.2.1.2: the peer knows of no such dialog any more; or, RFC 5057 §5.1, of no such
    // subscription in it. But a PRACK may only have come too late.
    const bool is_gone =
        status == 408 || (status == 481 && relay.request->method() != Method::Prack);
    return is_gone && !is_of_subscription(relay.request->method())
               ? Fate::lost("peer lost the dialog")
               : Fate{};
}

std::optional<Fate> DialogPair::on_client_failed(ClientId id, TerminationCause cause) {
    for (Leg* leg : {&caller_, &callee_}) {
        if (leg->goodbye == id) {
            // Its connection was lost while it was under way: once more, by another. That may go
            // with the first, as all of a peer's do that starts again.
            leg->goodbye.reset();
            if (cause == TerminationCause::TransportError && leg->goodbyes < max_goodbyes) {
                send_bye(*leg);
            }
            return Fate{};
        }
        if (leg->refresh && leg->refresh->client == id) {
            const bool is_open = std::exchange(leg->refresh->is_open, false);
            if (is_open) {
                leg->session.close();  // with its connection: the next refresh may go by another
            }
            return is_open && cause == TerminationCause::Timeout
                       ? Fate::lost("peer does not answer")
                       : Fate{};
        }
    }
    for (Relay& relay : relays_) {
        if (relay.client == id && relay.is_open) {
            const bool is_timeout = cause == TerminationCause::Timeout;
            if (!is_timeout && tell_again(relay)) {
                return Fate{};
            }
            relay.is_open = false;
            if (relay.offers || relay.request->method() == Method::Invite) {
                close_exchange();
            }
            answer(leg(relay.from), relay.server, *relay.request, is_timeout ? 408 : 480,
                   is_timeout ? "Request Timeout" : "Temporarily Unavailable");
            if (is_of_subscription(relay.request->method())) {
                return Fate{};
            }
            if (is_timeout) {
                return Fate::lost("peer does not answer");
            }
            wait_for_flow();
            return Fate{};
        }
    }
    return std::nullopt;
}

// A NOTIFY that its connection took along may be the last, and nobody asks for it again.
bool DialogPair::tell_again(Relay& relay) {
    const Leg& to = leg(other_side(relay.from));
    const bool may_be = relay.request->method() == Method::Notify && relay.repeats < max_repeats;
    const auto hop = may_be ? context_.host.hop_in_dialog(context_.ref, to) : std::nullopt;
    if (!hop) {
        return false;
    }
    ++relay.repeats;
    relay.sent = sip::transaction::make_again(*relay.sent,
                                              context_.new_via(adjacency_of(to), hop->transport));
    relay.client = context_.host.send_in_dialog(context_.ref, *hop, relay.sent);
    return true;
}

void DialogPair::on_cancel(ServerId invite, const Reasons& reasons) {
    for (Relay& relay : relays_) {
        if (relay.server == invite && relay.is_open) {
            // Before any provisional response it has to wait for one (RFC 3261 §9.1).
            relay.reasons = reasons;
            relay.is_cancel_owed = !context_.host.cancel(context_.ref, relay.client, reasons);
        }
    }
    std::erase_if(held_, [&](const Held& held) {
        const bool is_it = held.server == invite;
        if (is_it) {
            answer(leg(held.from), held.server, *held.request, 487, "Request Terminated");
        }
        return is_it;
    });
}

// A Contact that would take this leg across the line between sip and sips, or that cannot be read:
// how to answer it.
std::optional<DialogPair::RefusedRefresh> DialogPair::refuse_refresh(Side side,
                                                                     const sip::Message& message,
                                                                     Event event) {
    const auto target = sip::dialog_contact(message);
    if (!target) {
        return message.is_request() ? std::optional(RefusedRefresh{{400, 0, false}}) : std::nullopt;
    }
    if (!*target) {
        return std::nullopt;
    }
    const Adjacency& on = adjacency_of(leg(side));
    const sip::Scheme scheme = (*target)->uri.scheme;
    const auto allowed = policy::permit(
        context_.security,
        leg(side).went_out ? policy::target_of(on, scheme) : policy::callers_leg(on, scheme),
        event);
    if (allowed) {
        return std::nullopt;
    }
    const policy::Answer answer = policy::answer_to(allowed.error(), event, context_.security);
    keep_refusal(side, message,
                 policy::refused(leg(side).peer.adjacency, event, scheme, allowed.error()),
                 answer.status);
    const policy::Rule rule = policy::rule_of(allowed.error());
    ended_by_ = answer.ends_call ? std::optional(rule) : ended_by_;
    return RefusedRefresh{answer, rule};
}

Fate DialogPair::on_ack(Side side, const sip::Hop& from, const sip::MessagePtr& ack) {
    Leg& acking = leg(side);
    if (!context_.host.is_peer_of(context_.ref, acking, from) || !acking.answered ||
        acking.answered->cseq != ack->cseq().number) {
        return {};
    }
    acking.hop = from;
    const Leg::Answered answered = *std::exchange(acking.answered, std::nullopt);
    Leg& to = leg(other_side(side));
    if (acking.is_bye_owed) {
        send_bye(side);
        return {};
    }
    if (to.is_ended || !to.accepted || !to.accepted->ack.empty()) {
        return {};
    }
    provisionals_.reset();
    // A description in an ACK is the answer to the offer of the 2xx, and else is not to be.
    const bool has_answer = acking.session.open() == Offer::Ours && bears_description(*ack);
    const bool has_body = has_answer || !bears_description(*ack);
    const auto media = judge(side, *ack, has_answer ? answered.response.get() : nullptr);
    close_exchange();
    send_ack(other_side(side), ack.get(), has_body ? &media : nullptr);
    if (has_body && !media.passes()) {
        keep_refusal(side, *ack, *media.refusal);
        return Fate::lost("answer refused by media-security");
    }
    return {};
}

// Acknowledges the 2xx that `side` sent; the first time with what the other side's ACK carries. Who
// cannot be reached now hears it when it repeats its 2xx, as of any ACK that is lost on its way.
void DialogPair::send_ack(Side side, const sip::Message* from, const policy::MediaVerdict* media) {
    Leg& to = leg(side);
    CHECK(to.accepted.has_value());
    if (!to.accepted->ack.empty()) {
        send_ack(to, *to.accepted);
        return;
    }
    const auto hop = context_.host.hop_in_dialog(context_.ref, to);
    const Adjacency& out = adjacency_of(to);
    auto builder = to.dialog.ack(to.accepted->cseq);
    builder.header(HeaderName::Via, context_.new_via(out, hop.value_or(to.hop).transport));
    add_credentials(builder, to.accepted->credentials);
    if (from != nullptr) {
        if (from->is_request()) {  // else what it says is of another transaction
            copy_end_to_end(builder, *from, adjacency_of(leg(other_side(side))), out,
                            author(other_side(side)));
        }
        if (media != nullptr) {
            copy_body(builder, *from, *media);
        }
    }
    const sip::MessagePtr ack = builder.build();
    to.accepted->ack = ack->bytes();
    note_description(to, *ack);
    if (hop) {
        context_.host.send_ack(*hop, ack);
    }
}

void DialogPair::send_ack(const Leg& to, const Leg::Accepted& again) {
    if (const auto hop = context_.host.hop_in_dialog(context_.ref, to)) {
        context_.host.send_ack(*hop,
                               sip::Message::parse(again.ack, sip::Framing::Datagram).message);
    }
}

// RFC 3261 §13.3.1.4: the 2xx again after T1, 2*T1, ... up to T2, also over TLS, until the ACK.
void DialogPair::start_repeating(Side side) {
    Leg::Answered& answered = *leg(side).answered;
    answered.repetition = ++last_repetition_;
    start_timer(std::min(answered.interval, answered.give_up - context_.host.now().monotonic),
                side == Side::Caller ? Timer::RepeatToCaller : Timer::RepeatToCallee,
                answered.repetition);
}

Fate DialogPair::on_timer(Timer timer, std::uint32_t number) {
    CallHost& host = context_.host;
    switch (timer) {
        case Timer::RelayTimerC:
            for (Relay& relay : relays_) {
                if (relay.number == number && relay.is_open) {
                    relay.is_cancel_owed = !host.cancel(context_.ref, relay.client, {});
                }
            }
            return {};
        case Timer::RepeatProvisional: {
            const bool is_current =
                provisionals_ != nullptr && (provisionals_->sent.next() & 0xffffU) == number;
            return is_current ? repeat_provisional() : Fate{};
        }
        case Timer::Session:
            is_session_watched_ = false;
            return keep_session();
        case Timer::Held:
            return pass_held();
        case Timer::Ask:
            ask(number);
            return {};
        case Timer::LostFlow: {
            const auto is_lost = [&](const Leg& leg) {
                return !leg.is_ended && !host.hop_in_dialog(context_.ref, leg);
            };
            const auto may_wait = [&](const Leg& leg) {
                return !is_lost(leg) || host.may_come_back(leg);
            };
            if (!is_lost(caller_) && !is_lost(callee_)) {
                return {};
            }
            const bool is_asked_in_vain = std::ranges::any_of(held_, [&](const Held& each) {
                return host.now().monotonic - each.since >= lost_flow_limit;
            });
            if (is_asked_in_vain || !may_wait(caller_) || !may_wait(callee_)) {
                return Fate::lost("connection lost");
            }
            wait_for_flow();
            return {};
        }
        case Timer::RepeatToCaller:
        case Timer::RepeatToCallee: {
            const Side side = timer == Timer::RepeatToCaller ? Side::Caller : Side::Callee;
            Leg& to = leg(side);
            if (!to.answered || to.is_ended || to.answered->repetition != number) {
                return {};
            }
            if (host.now().monotonic >= to.answered->give_up) {
                to.answered.reset();
                return Fate::lost("no ACK");
            }
            host.respond(to.answered->invite, to.answered->response);
            to.answered->interval = std::min(2 * to.answered->interval, host.timers().t2);
            start_repeating(side);
            return {};
        }
    }
    return {};
}

void DialogPair::on_flow_closed(FlowId flow) {
    if (caller_.hop.flow == flow || callee_.hop.flow == flow) {
        wait_for_flow();
    }
}

void DialogPair::wait_for_flow() {
    start_timer(lost_flow_limit, Timer::LostFlow);
}

std::optional<Sender> DialogPair::sender_of(ServerId id) const {
    const auto of_leg = [this](Side side) {
        return Sender{leg(side).peer, leg(side).dialog.remote_target()};
    };
    if (const auto relay = std::ranges::find(relays_, id, &Relay::server); relay != relays_.end()) {
        return of_leg(relay->from);
    }
    if (const auto held = std::ranges::find(held_, id, &Held::server); held != held_.end()) {
        return of_leg(held->from);
    }
    return std::nullopt;
}

std::optional<ClientId> DialogPair::send(Side to, Method method,
                                         const std::function<void(sip::MessageBuilder&)>& write,
                                         std::uint32_t max_forwards) {
    Leg& asked = leg(to);
    const bool is_ended = asked.is_ended && !is_of_subscription(method);
    const auto hop = is_ended ? std::nullopt : context_.host.hop_in_dialog(context_.ref, asked);
    if (!hop) {
        return std::nullopt;
    }
    const Adjacency& out = adjacency_of(asked);
    auto request = asked.dialog.request(method, sip::to_string(method), max_forwards);
    request.header(HeaderName::Via, context_.new_via(out, hop->transport));
    if (is_refresh(method)) {
        request.header(HeaderName::Contact, contact(out, hop->transport, asked.scheme, asked.user));
    }
    write(request);
    sip::MessagePtr message = request.build();
    if (method == Method::Invite) {
        asked.invited = message;
    }
    return context_.host.send_in_dialog(context_.ref, *hop, std::move(message));
}

Leg DialogPair::replace(Side side, Leg leg) {
    turn_away_open();
    close_relays();
    relays_.clear();
    provisionals_.reset();
    close_exchange();
    leg.timer =
        sip::session::SessionTimer(adjacency_of(leg).session_timer, context_.host.now().monotonic);
    Leg replaced = std::exchange(this->leg(side), std::move(leg));
    watch_session();
    return replaced;
}

bool DialogPair::is_negotiating() const {
    return caller_.answered || callee_.answered || is_open_from(Side::Caller, Method::Invite) ||
           is_open_from(Side::Callee, Method::Invite) || caller_.session.is_open() ||
           callee_.session.is_open();
}

void DialogPair::accept_own(Side side, std::uint32_t cseq) {
    Leg& asked = leg(side);
    asked.accept(cseq, asked.invited == nullptr ? "" : own_credentials(*asked.invited));
}

void DialogPair::acknowledge(Side side, std::uint32_t cseq) {
    Leg& to = leg(side);
    if (!to.accepted || to.accepted->cseq != cseq) {
        accept_own(side, cseq);
    }
    send_ack(side);
}

Leg DialogPair::leg_to_go(Side side) const {
    Leg going = leg(side);
    if (const auto told = std::exchange(going.invited, nullptr)) {
        note_description(going, *told);
    }
    going.session = {};
    going.refresh.reset();
    going.timer = sip::session::SessionTimer(adjacency_of(going).session_timer,
                                             context_.host.now().monotonic);
    return going;
}

// Who it was for is gone, the dialog it came in is not: 481 would end that (RFC 5057 §5.1).
void DialogPair::turn_away_open(int status) {
    for (Relay& relay : relays_) {
        if (relay.is_open && relay.request->method() != Method::Invite) {
            relay.is_open = false;
            answer(leg(relay.from), relay.server, *relay.request, status,
                   sip::reason_phrase(status));
        }
    }
    for (const Held& held : std::exchange(held_, {})) {
        answer(leg(held.from), held.server, *held.request, status, sip::reason_phrase(status));
    }
}

void DialogPair::part(Side side) {
    turn_away_open();
    close_relays();
    close_exchange();
    leg(side).is_ended = true;
}

void DialogPair::seat(Side side, Leg party) {
    party.session = leg(side).session;
    leg(side) = std::move(party);
    watch_session();
}

void DialogPair::join(Side side, Leg party, const sip::Message& answer,
                      const policy::MediaVerdict& media) {
    leg(side) = std::move(party);
    close_exchange();
    send_ack(other_side(side), &answer, &media);
    watch_session();
}

void DialogPair::take_over(Side side, Leg newcomer, ServerId invite, ClientId client,
                           const sip::MessagePtr& asked, const sip::MessagePtr& success) {
    const sip::Message& request = *asked;
    Leg replaced = replace(side, std::move(newcomer));
    Leg& remaining = leg(other_side(side));
    const sip::MessagePtr told = std::exchange(remaining.invited, nullptr);
    CHECK(told != nullptr);  // it was asked by send()
    note_description(remaining, *told);
    // Like any answered INVITE it stays, for repetitions of its 2xx.
    relays_.push_back(Relay{++last_relay_, side, invite, client, asked, told});
    relays_.back().is_open = false;
    leg(side).answered =
        Leg::Answered{invite,
                      success,
                      request.cseq().number,
                      context_.host.timers().t1,
                      context_.host.now().monotonic + 64 * context_.host.timers().t1,
                      true};
    describe(side, bears_description(request), *success);
    refreshed(*told, *success);  // what the one replaced had agreed on is no more
    context_.host.respond(invite, success);
    start_repeating(side);
    if (!replaced.is_ended) {
        send_bye(replaced);
    }
}

Reasons DialogPair::reasons() const {
    return bye_ == nullptr ? Reasons{} : reasons_of(*bye_);
}

void DialogPair::end() {
    close_relays();
    provisionals_.reset();
    send_bye(Side::Callee);
    send_bye(Side::Caller);
}

void DialogPair::abandon() {
    close_relays();
    provisionals_.reset();
    caller_.is_ended = true;
    callee_.is_ended = true;
}

void DialogPair::close_relays() {
    for (Relay& relay : relays_) {
        // What of a subscription is under way ends by itself: it may outlive the call.
        if (!relay.is_open || is_of_subscription(relay.request->method())) {
            continue;
        }
        relay.is_open = false;
        if (relay.request->method() == Method::Invite) {
            answer(leg(relay.from), relay.server, *relay.request, 487, "Request Terminated");
            context_.host.cancel(context_.ref, relay.client, reasons());
        } else {
            answer(leg(relay.from), relay.server, *relay.request, 481,
                   "Call/Transaction Does Not Exist");
        }
    }
    for (const Held& held : std::exchange(held_, {})) {
        const bool is_invite = held.request->method() == Method::Invite;
        answer(leg(held.from), held.server, *held.request, is_invite ? 487 : 481,
               is_invite ? "Request Terminated" : "Call/Transaction Does Not Exist");
    }
}

void DialogPair::send_bye(Side side) {
    Leg& to = leg(side);
    if (!to.is_ended && to.answered && to.answered->begins_dialog) {
        to.is_bye_owed = true;
        return;
    }
    if (std::exchange(to.is_ended, true)) {
        return;
    }
    to.answered.reset();
    if (to.accepted && to.accepted->ack.empty()) {
        send_ack(side);
    }
    send_bye(to);
}

void DialogPair::send_bye(Leg& to) {
    const auto hop = context_.host.hop_in_dialog(context_.ref, to);
    if (!hop) {
        return;  // its connection is gone: the dialog ends here
    }
    auto bye = to.dialog.request(Method::Bye, "BYE");
    bye.header(HeaderName::Via, context_.new_via(adjacency_of(to), hop->transport));
    if (bye_ != nullptr) {
        pass_bye(to, bye);
    } else if (ended_by_ && adjacency_of(to).tells_rule) {  // RFC 3326: as of the 488
        bye.header(HeaderName::Reason, std::string("SIP;cause=488;text=\"")
                                           .append(ended_by_->name)
                                           .append(": ")
                                           .append(ended_by_->sentence)
                                           .append("\""));
    }
    const ClientId sent = context_.host.send_in_dialog(context_.ref, *hop, bye.build());
    // A connection may be lost with it, and a datagram is repeated.
    ++to.goodbyes;
    to.goodbye = hop->transport == sip::Transport::Udp ? std::nullopt : std::optional(sent);
}

// What whoever hung up said by it, as of any request within a dialog; but a body that may not pass
// does not keep the call up.
void DialogPair::pass_bye(const Leg& to, sip::MessageBuilder& bye) const {
    const Side from = &to == &caller_ ? Side::Callee : Side::Caller;
    copy_end_to_end(bye, *bye_, adjacency_of(leg(from)), adjacency_of(to), author(from));
    const auto media = judge(from, *bye_);
    if (!media.passes()) {
        context_.host.count_refusal(policy::to_string(*media.refusal));
    }
    copy_body(bye, *bye_, media);
}

// ---- timers -------------------------------------------------------------------------------------

namespace {

// The owner's own timers leave the top bit free.
constexpr std::uint32_t pair_bit = 1U << 31;
static_assert(DialogPair::max_pairs <= 1U << 11);

}  // namespace

std::uint32_t cookie_of(const PairTimer& timer) {
    return pair_bit | static_cast<std::uint32_t>(timer.timer) << 27 |
           (static_cast<std::uint32_t>(timer.pair) & 0x7ffU) << 16 | (timer.number & 0xffffU);
}

std::optional<PairTimer> pair_timer(std::uint32_t cookie) {
    if ((cookie & pair_bit) == 0) {
        return std::nullopt;
    }
    return PairTimer{cookie >> 16 & 0x7ffU, static_cast<DialogPair::Timer>(cookie >> 27 & 0xfU),
                     cookie & 0xffffU};
}

void DialogPair::start_timer(Duration after, Timer timer, std::uint32_t number) {
    context_.host.start_timer(context_.ref, after, cookie_of({index_, timer, number}));
}

}  // namespace ringwall::sbc::b2bua
