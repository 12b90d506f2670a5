#include "sip/session/invite_session.h"

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "sip/header/contact.h"
#include "sip/header/media_type.h"
#include "sip/session/session_timer.h"

namespace ringwall::sip::session {
namespace {

constexpr std::string_view sdp = "application/sdp";
constexpr std::size_t max_forks = 16;  // early dialogs that are followed
constexpr std::string_view allowed =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY";

bool is_final(const Message& response) {
    return response.status() >= 200;
}

bool is_success(const Message& response) {
    return response.status() >= 200 && response.status() < 300;
}

std::string description_in(const Message& message) {
    return is_media_type(message.content_type(), "application", "sdp") ? std::string(message.body())
                                                                       : "";
}

// RFC 3261 §8.2.2.3: what it demands and we do not know.
std::string unsupported_in(const Message& request) {
    std::string unsupported;
    for (const std::string_view option : request.values(HeaderName::Require)) {
        const bool is_known = equals_ignoring_case(option, "100rel") ||
                              equals_ignoring_case(option, "timer") ||
                              equals_ignoring_case(option, "replaces");
        if (!is_known) {
            unsupported.append(unsupported.empty() ? "" : ", ").append(option);
        }
    }
    return unsupported;
}

}  // namespace

InviteSession::InviteSession(Setup setup)
    : setup_(std::move(setup)), authentication_(setup_.accounts, setup_.max_auth) {}

// ---- the caller ---------------------------------------------------------------------------------

void InviteSession::invite(Invitation invitation, Actions& out) {
    call_id_ = invitation.call_id;
    local_tag_ = invitation.local_tag;
    invitation_ = std::move(invitation);
    state_ = State::Inviting;
    send_invite(out);
}

void InviteSession::send_invite(Actions& out) {
    is_refresh_wanted_ = false;
    auto builder = MessageBuilder::request("INVITE", invitation_.target);
    for (const std::string& route : invitation_.routes) {
        builder.header(HeaderName::Route, route);
    }
    builder.header(HeaderName::MaxForwards, std::to_string(setup_.max_forwards))
        .header(HeaderName::From, invitation_.from + ";tag=" + local_tag_)
        .header(HeaderName::To, invitation_.to)
        .header(HeaderName::CallId, call_id_)
        .header(HeaderName::CSeq, std::to_string(++cseq_) + " INVITE");
    add_own_fields(builder, true);
    if (setup_.session_expires || min_se_ != 0) {
        const std::uint32_t seconds = std::max(setup_.session_expires.value_or(0), min_se_);
        builder.header(HeaderName::SessionExpires, std::to_string(seconds));
        builder.header(HeaderName::MinSe, std::to_string(std::max(min_se_, shortest_session)));
    }
    if (setup_.invite_expires != 0) {
        builder.header(HeaderName::Expires, std::to_string(setup_.invite_expires));
    }
    for (const auto& [name, value] : invitation_.fields) {
        builder.header(name, value);
    }
    if (!invitation_.offer.empty()) {
        builder.body(sdp, invitation_.offer);
    }
    say(Send{std::move(builder)}, Pending{cseq_, Method::Invite, true}, out);
}

void InviteSession::on_response(const Message& request, const Message& response, TimePoint now,
                                Random& random, Actions& out) {
    Pending* const pending = pending_of(request);
    const bool is_repeated = pending == nullptr || pending->is_answered;
    if (is_repeated && !(request.method() == Method::Invite && is_success(response))) {
        return;
    }
    if (is_repeated) {
        if (!acknowledge_again(response, out) && request.to_tag().empty()) {
            on_surplus(request, response, out);
        }
        return;
    }
    if (is_final(response)) {
        pending->is_answered = true;
    }
    if (request.method() == Method::Invite && request.to_tag().empty()) {
        on_invite_response(*pending, request, response, now, random, out);
    } else if (is_final(response)) {
        const Pending asked = *pending;
        const bool may_try = asked.method == Method::Bye || state_ != State::Ended;
        if (may_try && retry_challenged(asked, request, response, random, out)) {
            return;
        }
        if (asked.method == Method::Invite || asked.method == Method::Update) {
            on_offer_response(asked, request, response, now, random, out);
        } else {
            on_other_response(asked, response, out);
        }
    }
    proceed(now, out);
}

void InviteSession::on_invite_response(Pending& pending, const Message& request,
                                       const Message& response, TimePoint now, Random& random,
                                       Actions& out) {
    if (!is_final(response)) {
        on_provisional(request, response, out);
        return;
    }
    if (is_success(response)) {
        on_invite_success(request, response, now, out);
        return;
    }
    legs_.clear();  // RFC 3261 §13.2.2.3: all early dialogs are over
    const Pending asked = pending;
    const bool is_over = is_cancelled_ || state_ != State::Inviting;
    if (is_over || retry_challenged(asked, request, response, random, out) ||
        retry_longer(response, out)) {
        return;
    }
    on_invite_failure(response, out);
}

void InviteSession::on_provisional(const Message& request, const Message& response, Actions& out) {
    has_provisional_ = true;
    if (is_cancelled_) {
        if (!std::exchange(is_cancel_sent_, true)) {
            out.emplace_back(CancelInvite{});
        }
        return;
    }
    if (response.status() == 100 || response.to_tag().empty() || state_ != State::Inviting) {
        return;
    }
    Leg* leg = leg_of(response.to_tag());
    if (leg == nullptr) {
        auto dialog = Dialog::of_response(request, response);
        if (!dialog || legs_.size() >= max_forks) {
            return;
        }
        leg = &legs_.emplace_back(Leg{std::move(*dialog), {}});
        leg->offers.on_offer_sent();
    }
    note_peer(response);
    const auto rseq = reliable_number(response);
    if (rseq) {
        if (!leg->receiver.accept(*rseq)) {
            return;  // RFC 3262 §4: a repetition, or one before it is missing
        }
        auto prack = leg->dialog.request(Method::Prack, "PRACK", setup_.max_forwards);
        prack.header(HeaderName::RAck, std::to_string(*rseq) + " " +
                                           std::to_string(request.cseq().number) + " INVITE");
        add_own_fields(prack, false);
        say(Send{std::move(prack)}, Pending{leg->dialog.local_cseq(), Method::Prack}, out);
    }
    if (std::string answer = description_in(response); !answer.empty() && leg->offers.is_open()) {
        if (rseq) {
            leg->offers.close();
        }
        leg->preview = answer;
        out.emplace_back(Answer{std::move(answer), std::string(response.to_tag())});
    }
    out.emplace_back(Ringing{response.status()});
}

void InviteSession::on_invite_success(const Message& request, const Message& response,
                                      TimePoint now, Actions& out) {
    if (state_ != State::Inviting) {  // it crossed our CANCEL
        on_surplus(request, response, out);
        return;
    }
    Leg* known = leg_of(response.to_tag());
    const auto made = known == nullptr ? Dialog::of_response(request, response)
                                       : Result<Dialog, ParseError>(known->dialog);
    if (!made || (known != nullptr && !known->dialog.confirm(response))) {
        end(response.status(), "the answer has no usable contact", false, out);
        on_surplus(request, response, out);
        return;
    }
    Leg chosen = known == nullptr ? Leg{*made, {}} : *known;
    if (known == nullptr) {
        chosen.offers.on_offer_sent();
    }
    legs_.clear();
    legs_.push_back(std::move(chosen));
    Leg& leg = legs_.front();
    state_ = State::Confirmed;
    note_peer(response);
    acknowledge(leg, request.cseq().number, out);
    std::string answer = description_in(response);
    if (leg.offers.is_open() && answer.empty() && leg.preview.empty()) {
        send_bye(leg, out);
        end(0, "the answer to the call has no description", false, out);
        return;
    }
    const bool is_new = leg.offers.is_open() && !answer.empty() && answer != leg.preview;
    leg.offers.close();
    if (is_new) {
        out.emplace_back(Answer{std::move(answer), std::string(response.to_tag())});
    }
    take_session_timer(request, response, now);
    out.emplace_back(Established{});
}

// A 2xx of a dialog that we do not want: acknowledged and ended (RFC 3261 §13.2.2.4).
void InviteSession::on_surplus(const Message& request, const Message& response, Actions& out) {
    auto dialog = Dialog::of_response(request, response);
    if (!dialog) {
        return;  // without a Contact nobody can be told
    }
    Leg leg{std::move(*dialog), {}};
    acknowledge(leg, request.cseq().number, out);
    send_bye(leg, out);
}

void InviteSession::on_invite_failure(const Message& response, Actions& out) {
    std::vector<std::string> targets;
    const auto contacts = response.status() < 400 ? parse_contacts(response)
                                                  : Result<Contacts, ParseError>(Contacts{});
    if (contacts) {
        auto list = contacts->list;
        std::ranges::stable_sort(list, std::greater{}, &Contact::q);
        for (const Contact& each : list) {
            targets.emplace_back(each.address.uri.text);
        }
    }
    refuse_invitation({response.status(), std::string(response.reason()), true}, std::move(targets),
                      out);
}

void InviteSession::refuse_invitation(Ended end, std::vector<std::string> contacts, Actions& out) {
    const int status = end.status;
    refusal_ = std::move(end);
    out.emplace_back(Refused{status, std::move(contacts)});
}

void InviteSession::invite_again(std::string_view target, const std::string& offer, Actions& out) {
    if (!refusal_) {
        return;
    }
    refusal_.reset();
    invitation_.target = target;
    invitation_.offer = offer;
    legs_.clear();
    has_provisional_ = false;
    send_invite(out);
}

void InviteSession::give_up(Actions& out) {
    if (refusal_) {
        const Ended ended = *std::exchange(refusal_, std::nullopt);
        end(ended.status, ended.reason, ended.is_by_peer, out);
    }
}

bool InviteSession::retry_challenged(const Pending& pending, const Message& request,
                                     const Message& response, Random& random, Actions& out) {
    if (response.status() != 401 && response.status() != 407) {
        return false;
    }
    Pending next = pending;
    next.is_answered = false;
    using Verdict = auth::ClientAuthentication::Verdict;
    if (authentication_.on_challenge(request, response, next.tries) != Verdict::Answer) {
        return false;
    }
    Leg* const leg = request.to_tag().empty() ? nullptr : leg_of(request.to_tag());
    if (leg == nullptr && !request.to_tag().empty()) {
        return false;
    }
    next.cseq = leg == nullptr ? ++cseq_ : leg->dialog.next_cseq();
    has_provisional_ = has_provisional_ && leg != nullptr;
    say(Send{authentication_.again(request, next.cseq, random)}, next, out);
    return true;
}

// RFC 4028 §7.4: once more with the interval that they want.
bool InviteSession::retry_longer(const Message& response, Actions& out) {
    const auto least = min_se(response);
    if (response.status() != 422 || !least || *least <= min_se_ || *least > 86'400) {
        return false;
    }
    min_se_ = *least;
    send_invite(out);
    return true;
}

void InviteSession::on_failed(const Message& request, Failure why, TimePoint now, Actions& out) {
    Pending* const pending = pending_of(request);
    if (pending == nullptr || pending->is_answered) {
        return;
    }
    pending->is_answered = true;
    const bool bears_offer = pending->bears_offer;
    if (request.method() == Method::Invite && request.to_tag().empty()) {
        if (state_ == State::Inviting) {
            refuse_invitation({0, "no answer", false}, {}, out);
        }
    } else if (request.method() == Method::Invite || request.method() == Method::Update) {
        on_offer_failed(why, bears_offer, out);
    } else if (request.method() == Method::Bye && why == Failure::Lost && !is_bye_lost() &&
               !legs_.empty() && request.to_tag() == legs_.front().dialog.remote_tag()) {
        lost_bye_until_ = now + 64 * setup_.timers.t1;
    } else if (request.method() == Method::Refer && state_ == State::Confirmed) {
        is_referring_ = false;
        out.emplace_back(Referred{408, true});
    }
    proceed(now, out);
}

bool InviteSession::is_quiet() const {
    return state_ == State::Ended && !is_bye_lost() &&
           std::ranges::all_of(pending_, &Pending::is_answered);
}

void InviteSession::on_ended(const Message& request) {
    std::erase_if(pending_, [&](const Pending& each) {
        return each.cseq == request.cseq().number && each.method == request.method();
    });
}

// ---- the callee ---------------------------------------------------------------------------------

void InviteSession::on_invite(ServerId id, const MessagePtr& invite, std::string local_tag,
                              Actions& out) {
    call_id_ = invite->call_id();
    local_tag_ = std::move(local_tag);
    invite_id_ = id;
    invite_ = invite;
    state_ = State::Ended;
    if (const std::string unsupported = unsupported_in(*invite); !unsupported.empty()) {
        refuse(id, *invite, 420, out, {{"Unsupported", unsupported}});
        return;
    }
    remote_offer_ = description_in(*invite);
    if (!invite->body().empty() && remote_offer_.empty()) {
        refuse(id, *invite, 415, out, {{"Accept", std::string(sdp)}});
        return;
    }
    if (const auto asked = session_expires(*invite); asked && asked->seconds < shortest_session) {
        refuse(id, *invite, 422, out, {{"Min-SE", std::to_string(shortest_session)}});
        return;
    }
    auto dialog = Dialog::of_request(*invite, local_tag_, Dialog::State::Early);
    if (!dialog) {
        refuse(id, *invite, 400, out);
        return;
    }
    legs_.push_back(Leg{std::move(*dialog), {}});
    if (!remote_offer_.empty()) {
        legs_.front().offers.on_offer_received();
    }
    note_peer(*invite);
    state_ = State::Incoming;
}

void InviteSession::ring(int status, TimePoint now, Random& random, Actions& out) {
    if (state_ != State::Incoming || (reliable_ && reliable_->is_waiting())) {
        return;
    }
    const bool is_required = invite_->has_token(HeaderName::Require, "100rel");
    const bool is_supported = invite_->has_token(HeaderName::Supported, "100rel");
    auto response = reply(*invite_, status, local_tag_);
    response.copy(HeaderName::RecordRoute, *invite_);
    add_own_fields(response, true);
    if (!is_required && !(setup_.is_reliable && is_supported)) {
        respond(invite_id_, std::move(response), out);
        return;
    }
    if (remote_offer_.empty()) {
        return;  // RFC 3262 §5: a reliable one would have to bear our offer; so there is none
    }
    if (!reliable_) {
        reliable_.emplace(static_cast<std::uint32_t>(random.number() % 0x7fff'0000U) + 1,
                          invite_->cseq().number);
    }
    response.header(HeaderName::Require, "100rel")
        .header(HeaderName::RSeq, std::to_string(reliable_->next()));
    const MessagePtr built = response.build();
    out.emplace_back(Respond{invite_id_, built});
    reliable_due_ = now + reliable_->on_sent(built, setup_.timers.t1, now);
    arm(now, out);
}

void InviteSession::accept(const std::string& description, TimePoint now, Actions& out) {
    if (state_ != State::Incoming) {
        return;
    }
    if (reliable_) {
        reliable_->on_final();
        reliable_due_ = TimePoint::max();
    }
    legs_.front().dialog.confirm();
    state_ = State::Accepted;
    succeed(Theirs{invite_id_, invite_, remote_offer_.empty()}, description, now, out);
    invite_.reset();
    arm(now, out);
}

void InviteSession::reject(int status, const Fields& fields, Actions& out) {
    if (state_ != State::Incoming) {
        return;
    }
    if (reliable_) {
        reliable_->on_final();
        reliable_due_ = TimePoint::max();
    }
    refuse(invite_id_, *invite_, status, out, fields);
    end(status, reason_phrase(status), false, out);
}

void InviteSession::on_cancel(Actions& out) {
    if (state_ != State::Incoming) {
        return;
    }
    refuse(invite_id_, *invite_, 487, out);
    reliable_due_ = TimePoint::max();
    end(0, "cancelled", true, out);
}

void InviteSession::on_ack(const Message& ack, TimePoint now, Actions& out) {
    if (!unacknowledged_ || ack.cseq().number != unacknowledged_->cseq) {
        return;
    }
    const bool bears_offer = unacknowledged_->bears_offer;
    unacknowledged_.reset();
    if (state_ == State::Ended) {
        return;
    }
    const bool is_first = state_ == State::Accepted;
    state_ = State::Confirmed;
    if (bears_offer) {
        legs_.front().offers.close();
        std::string answer = description_in(ack);
        if (answer.empty()) {
            send_bye(legs_.front(), out);
            end(0, "the ACK has no answer to our offer", false, out);
            return;
        }
        out.emplace_back(Answer{std::move(answer), std::string(ack.from_tag())});
    }
    if (is_first) {
        out.emplace_back(Established{});
    }
    proceed(now, out);
}

// ---- the end ------------------------------------------------------------------------------------

void InviteSession::hang_up(TimePoint now, Actions& out) {
    switch (state_) {
        case State::Idle:
        case State::Ended:
            return;
        case State::Inviting:
            is_cancelled_ = true;
            // RFC 3261 §9.1: not before a provisional response, and whoever does not answer it
            // within 64*T1 does not answer.
            if (has_provisional_) {
                is_cancel_sent_ = true;
                out.emplace_back(CancelInvite{});
            }
            cancel_until_ = now + 64 * setup_.timers.t1;
            end(0, "hung up", false, out);
            arm(now, out);
            return;
        case State::Incoming:
            reject(603, {}, out);
            return;
        case State::Accepted:
            // RFC 3261 §15: the callee sends no BYE before the ACK, or before it has not come.
            wants_bye_ = true;
            return;
        case State::Confirmed:
            send_bye(legs_.front(), out);
            end(0, "hung up", false, out);
            return;
    }
}

void InviteSession::send_bye(Leg& leg, Actions& out) {
    auto bye = leg.dialog.request(Method::Bye, "BYE", setup_.max_forwards);
    add_own_fields(bye, false);
    say(Send{std::move(bye)}, Pending{leg.dialog.local_cseq(), Method::Bye}, out);
}

void InviteSession::end(int status, std::string_view reason, bool is_by_peer, Actions& out) {
    state_ = State::Ended;
    if (theirs_) {
        const Theirs waiting = *std::exchange(theirs_, std::nullopt);
        refuse(waiting.id, *waiting.request, 487, out);
    }
    unacknowledged_.reset();
    is_refresh_wanted_ = is_refresh_lost_ = is_offer_lost_ = is_offer_wanted_ = false;
    session_seconds_.reset();
    refresh_due_ = TimePoint::max();
    out.emplace_back(Ended{status, std::string(reason), is_by_peer});
}

// ---- small things -------------------------------------------------------------------------------

void InviteSession::acknowledge(const Leg& leg, std::uint32_t cseq, Actions& out) {
    std::erase_if(acknowledged_, [&](const Acknowledged& each) {
        return each.tag == leg.dialog.remote_tag() && each.cseq != cseq;
    });
    auto ack = leg.dialog.ack(cseq);
    out.emplace_back(SendAck{ack});
    acknowledged_.push_back({leg.dialog.remote_tag(), cseq, std::move(ack)});
}

// The same ACK for every repetition of a 2xx (RFC 3261 §13.2.2.4).
bool InviteSession::acknowledge_again(const Message& response, Actions& out) const {
    const auto found = std::ranges::find_if(acknowledged_, [&](const Acknowledged& each) {
        return each.tag == response.to_tag() && each.cseq == response.cseq().number;
    });
    if (found == acknowledged_.end()) {
        return false;
    }
    out.emplace_back(SendAck{found->ack});
    return true;
}

void InviteSession::say(Send send, Pending pending, Actions& out) {
    pending_.push_back(pending);
    out.emplace_back(std::move(send));
}

void InviteSession::respond(ServerId id, MessageBuilder builder, Actions& out) const {
    out.emplace_back(Respond{id, builder.build()});
}

void InviteSession::refuse(ServerId id, const Message& request, int status, Actions& out,
                           const Fields& fields) const {
    auto builder = reply(request, status, local_tag_);
    for (const auto& [name, value] : fields) {
        builder.header(name, value);
    }
    if (status == 405) {
        builder.header(HeaderName::Allow, allowed);
    }
    respond(id, std::move(builder), out);
}

InviteSession::Leg* InviteSession::leg_of(std::string_view remote_tag) {
    const auto found = std::ranges::find_if(
        legs_, [&](const Leg& leg) { return leg.dialog.remote_tag() == remote_tag; });
    return found == legs_.end() ? nullptr : &*found;
}

InviteSession::Pending* InviteSession::pending_of(const Message& request) {
    const auto found = std::ranges::find_if(pending_, [&](const Pending& each) {
        return each.cseq == request.cseq().number && each.method == request.method();
    });
    return found == pending_.end() ? nullptr : &*found;
}

// What the peer can, as it said last.
void InviteSession::note_peer(const Message& message) {
    if (message.count(HeaderName::Allow) != 0) {
        can_update_ = message.has_token(HeaderName::Allow, "UPDATE");
    }
}

void InviteSession::add_own_fields(MessageBuilder& builder, bool is_target_refresh) const {
    if (is_target_refresh) {
        builder.header(HeaderName::Contact, setup_.contact)
            .header(HeaderName::Allow, allowed)
            .header(HeaderName::Supported, "100rel, replaces, timer");
    }
    if (!setup_.user_agent.empty()) {
        builder.header(HeaderName::UserAgent, setup_.user_agent);
    }
}

std::optional<DialogIds> InviteSession::dialog_ids() const {
    if (legs_.empty()) {
        return std::nullopt;
    }
    // As the peer sees them: its own tag is our remote one.
    return DialogIds{call_id_, legs_.front().dialog.remote_tag(), local_tag_};
}

bool InviteSession::is_dialog(const DialogIds& replaces) const {
    return !legs_.empty() && replaces.call_id == call_id_ && replaces.to_tag == local_tag_ &&
           replaces.from_tag == legs_.front().dialog.remote_tag();
}

}  // namespace ringwall::sip::session
