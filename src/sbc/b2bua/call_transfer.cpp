// How a call changes its parties: REFER within it, with the subscription that it implies (RFC
// 3515), and an INVITE from outside that replaces one of its legs (RFC 3891).
//
//      replaced  <-- BYE -- \                              the newcomer's INVITE becomes a
//                            Call -- re-INVITE -> remaining   re-INVITE of the leg that remains;
//      newcomer  -- INVITE -/                              the replaced one hears BYE when it is
//      won
#include <algorithm>
#include <array>
#include <utility>

#include "sbc/b2bua/call.h"
#include "sbc/b2bua/description.h"
#include "sbc/b2bua/refer_to.h"
#include "sbc/b2bua/tag.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sbc/policy/carried.h"
#include "sbc/policy/referral.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::b2bua {

using policy::Event;
using sip::HeaderName;
using sip::Method;
using sip::transaction::ClientId;
using sip::transaction::ServerId;
using sip::transaction::TerminationCause;

namespace {

// None: no rule refused it.
std::optional<policy::JudgedTarget> target_refused(AdjacencyIndex adjacency, Event event,
                                                   sip::Scheme scheme,
                                                   const policy::Reject& reject) {
    if (reject.rule) {
        return policy::refused(adjacency, event, scheme, *reject.rule);
    }
    return reject.referral_rule
               ? std::optional(policy::refused(adjacency, event, scheme, *reject.referral_rule))
               : std::nullopt;
}

// Of the first Refer-To; sip where there is none.
sip::Scheme scheme_of_target(const sip::Message& refer) {
    const auto targets = refer.name_addrs(HeaderName::ReferTo);
    return targets && !targets->empty() ? targets->front().uri.scheme : sip::Scheme::Sip;
}

}  // namespace

// ---- REFER --------------------------------------------------------------------------------------

Fate Call::pass_on(Place place, ServerId id, const sip::Hop& from, const sip::MessagePtr& request) {
    DialogPair& pair = *pairs_[place.pair];
    switch (request->method()) {
        case Method::Refer:
            return on_refer(place, id, from, request);
        case Method::Notify:
        case Method::Subscribe: {
            if (pair.is_over() && !referrals_.has(place.pair)) {
                host_.refuse_unknown(id, from, *request);
                return {};
            }
            if (transfer_ != nullptr &&
                transfer_->is_subscribed(place.pair, place.side, *request)) {
                if (const auto fate = pair.admit(place.side, id, from, request)) {
                    return *fate;
                }
                transfer_->on_subscribe(id, *request);
                return {};
            }
            const Changes changes = referrals_.changes(place.pair, place.side, *request);
            const sip::Dialog& told = pair.leg(other_side(place.side)).dialog;
            const std::uint32_t before = told.local_cseq();
            const Fate fate = pair.on_request(place.side, id, from, request, changes);
            if (request->method() == Method::Notify && told.local_cseq() != before) {  // it went on
                referrals_.on_notify(place.pair, place.side, *request, told.local_cseq(),
                                     host_.now().monotonic, 64 * host_.timers().t1);
            }
            return fate;
        }
        case Method::Invite:
        case Method::Ack:
        case Method::Bye:
        case Method::Cancel:
        case Method::Options:
        case Method::Register:
        case Method::Prack:
        case Method::Update:
        case Method::Info:
        case Method::Message:
        case Method::Publish:
        case Method::Unknown:
            return pair.on_request(place.side, id, from, request);
    }
    return {};
}

Fate Call::on_refer(Place place, ServerId id, const sip::Hop& from,
                    const sip::MessagePtr& request) {
    DialogPair& pair = *pairs_[place.pair];
    const Leg& asking = pair.leg(place.side);
    const Leg& asked = pair.leg(other_side(place.side));
    const Adjacency& in = adjacency(asking.peer.adjacency);
    const Adjacency& out = adjacency(asked.peer.adjacency);
    if (pair.is_over() || !host_.is_peer_of(ref(), asking, from)) {
        host_.refuse_unknown(id, from, *request);
        return {};
    }
    const auto allowed =
        policy::judge_refer(context_.security, in,
                            asking.went_out ? policy::target_of(in, asking.scheme)
                                            : policy::callers_leg(in, asking.scheme),
                            *request);
    const auto refuse = [&](const policy::Reject& reject) {
        context_.answer(asking.peer.adjacency, id, *request, reject.status, reject.reason, 0,
                        policy::rule_of(reject));
        context_.keep_refusal({.message = *request,
                               .from = asking.peer.adjacency,
                               .to = asked.peer.adjacency,
                               .status = reject.status,
                               .reason = reject.detail.empty() ? reject.reason : reject.detail,
                               .target = target_refused(asking.peer.adjacency, Event::Refer,
                                                        scheme_of_target(*request), reject)});
        return Fate{};
    };
    if (!allowed) {
        if (!policy::rule_of(allowed.error())) {
            host_.count_refusal(allowed.error().detail);
        }
        return refuse(allowed.error());
    }
    if (in.refer == ReferMode::Handle) {
        if (const auto fate = follow(place, id, from, request, allowed->leg_scheme())) {
            return *fate;
        }
    }
    if (referrals_.is_full()) {
        return refuse({.status = 500, .reason = "Server Internal Error"});
    }
    const auto changes =
        refer_changes(*request, allowed->leg_scheme(), in, out, [&](const sip::DialogIds& ids) {
            return host_.vouch_for(ids, {asking.peer, asking.hop.remote.address});
        });
    if (!changes) {
        return refuse({.status = 400, .reason = "Refer-To Too Long"});
    }
    const std::uint32_t before = asked.dialog.local_cseq();
    const Fate fate = pair.on_request(place.side, id, from, request, *changes);
    if (asked.dialog.local_cseq() != before) {  // it went on
        const Duration limit = 64 * host_.timers().t1;
        const auto number =
            referrals_.add(place.pair, place.side, request->cseq().number,
                           asked.dialog.local_cseq(), host_.now().monotonic + 2 * limit);
        host_.start_timer(ref(), 2 * limit, referral_timer | *number);
    }
    return fate;
}

void Call::on_referral_timer(std::uint32_t number) {
    const auto deadline = referrals_.deadline(number);
    const TimePoint now = host_.now().monotonic;
    if (deadline && *deadline <= now) {
        referrals_.drop(number);
    } else if (deadline) {
        host_.start_timer(ref(), *deadline - now, referral_timer | number);
    }
}

// ---- REFER that Ringwall obeys itself -----------------------------------------------------------

// None: it passes like any other. That is so where its Replaces names a dialog of another worker,
// for no leg can leave its own.
std::optional<Fate> Call::follow(Place place, ServerId id, const sip::Hop& from,
                                 const sip::MessagePtr& refer, sip::Scheme scheme) {
    DialogPair& pair = *pairs_[place.pair];
    const Leg& asking = pair.leg(place.side);
    const Leg& party = pair.leg(other_side(place.side));
    const auto targets = refer->name_addrs(HeaderName::ReferTo);
    const sip::NameAddr& target = targets->front();
    const std::string replaces = sip::uri_header(target.uri.headers, "Replaces");
    const auto replaced = sip::parse_replaces(replaces);
    if (replaced && host_.is_elsewhere(replaced->to_tag)) {
        return std::nullopt;
    }
    if (const auto fate = pair.admit(place.side, id, from, refer)) {
        return fate;
    }
    const auto refuse = [&](int status, std::string_view reason) {
        context_.answer(asking.peer.adjacency, id, *refer, status, reason);
        context_.keep_refusal({.message = *refer,
                               .from = asking.peer.adjacency,
                               .to = party.peer.adjacency,
                               .status = status,
                               .reason = reason});
        return Fate{};
    };
    const auto method = target.uri.parameters.find("method");
    if (method && *method != "INVITE") {
        return refuse(403, "REFER Only To INVITE");
    }
    if (!replaces.empty() && !replaced) {
        return refuse(400, "Bad Replaces");
    }
    if (replaced && place_of(*replaced)) {
        return refuse(403, "REFER To The Same Call");
    }
    if (confirmed_ != place.pair || party.is_ended || joining_ ||
        (transfer_ != nullptr && !transfer_->is_over())) {
        return refuse(491, "Request Pending");
    }
    const Adjacency& in = adjacency(asking.peer.adjacency);
    const Adjacency& out = adjacency(party.peer.adjacency);
    sip::MessagePtr invite =
        referred_invite(*refer, scheme, {in, asking.peer.address_of_record, out, party, context_});
    if (invite == nullptr) {
        return refuse(400, "Refer-To Too Long");
    }
    constexpr std::uint32_t numbers = 1U << 11;
    transfer_ = std::make_unique<Transfer>(context_, pair, place.pair, place.side, *refer,
                                           ++transfers_ % numbers);
    transfer_->begin(id, *refer, std::move(invite));
    return Fate{};
}

// The referrer has only itself left on this call, and will hang up when it hears of it; else we do.
void Call::on_transferred() {
    finish("answered", 200, "transferred");
    host_.start_timer(ref(), 64 * host_.timers().t1, referrer_timer);
}

void Call::on_errand(ServerId errand, const sip::MessagePtr& response) {
    if (transfer_ != nullptr) {
        act_on(transfer_->pair(), transfer_->on_errand(errand, response));
        check_over();
    }
}

bool Call::join(std::string_view our_tag, const Leg& party, const sip::Message& asked,
                const sip::MessagePtr& answer) {
    if (!confirmed_) {
        return false;
    }
    DialogPair& pair = *pairs_[*confirmed_];
    const Side side =
        pair.leg(Side::Caller).dialog.local_tag() == our_tag ? Side::Caller : Side::Callee;
    const Leg& other = pair.leg(other_side(side));
    const bool is_anchored = pair.media_session() != nullptr;
    policy::MediaVerdict media;
    if (!is_anchored) {
        media = judge_answer(adjacency(party.peer.adjacency), adjacency(other.peer.adjacency),
                             asked, *answer);
    }
    if (!media.passes() || !bears_description(*answer) || other.is_ended) {
        if (media.refusal) {
            keep_refused_answer(party, other, *answer, *media.refusal);
        }
        lose("answer refused by media-security", 480);
        return false;
    }
    host_.own_tag(party.dialog.local_tag(), ref());
    host_.own_call_id(party.dialog.call_id(), ref());
    Leg joined = party;
    joined.timer.on_refreshed(sip::session::agreed(asked, *answer), host_.now().monotonic);
    if (is_anchored) {
        pair.seat(side, std::move(joined));
        take({.kind = Arrival::Kind::Join, .message = answer, .side = side});
    } else {
        pair.join(side, std::move(joined), *answer, media);
    }
    return true;
}

void Call::keep_refused_answer(const Leg& party, const Leg& other, const sip::Message& answer,
                               policy::MediaRefusal rule) {
    context_.keep_refusal({.message = answer,
                           .from = party.peer.adjacency,
                           .to = other.peer.adjacency,
                           .target = policy::refused(party.peer.adjacency, Event::RefreshByResponse,
                                                     party.scheme, rule)});
}

// The engine was shown what the party answers.
void Call::on_joined(const Arrival& arrival) {
    if (!confirmed_ || is_over_) {
        return;
    }
    DialogPair& pair = *pairs_[*confirmed_];
    const Leg& party = pair.leg(arrival.side);
    const Leg& other = pair.leg(other_side(arrival.side));
    const auto media = anchorage_.take(adjacency(party.peer.adjacency),
                                       adjacency(other.peer.adjacency), *arrival.message);
    if (!media.passes() || other.is_ended) {
        if (media.refusal) {
            keep_refused_answer(party, other, *arrival.message, *media.refusal);
        }
        lose("answer refused by media-security", 480);
    } else {
        pair.join(arrival.side, Leg(party), *arrival.message, media);
    }
    check_over();
}

// ---- INVITE with Replaces -----------------------------------------------------------------------

namespace {

// Dialog-info (RFC 4235) tells whoever may watch a line the ids of its calls: to know them is no
// right to them. A peer of a trunk that one may trust, or whose addresses are known, is one party.
bool is_party(const Speaker& speaker, const Leg& leg, const Adjacency& adjacency) {
    if (speaker.peer.adjacency != leg.peer.adjacency) {
        return false;
    }
    if (!leg.peer.address_of_record.empty() || !leg.peer.fingerprint.empty()) {
        const bool is_same_user = !leg.peer.address_of_record.empty() &&
                                  speaker.peer.address_of_record == leg.peer.address_of_record;
        const bool is_same_certificate =
            !leg.peer.fingerprint.empty() && speaker.peer.fingerprint == leg.peer.fingerprint;
        if (is_same_user || is_same_certificate || adjacency.profile == Profile::Access) {
            return is_same_user || is_same_certificate;
        }
    }
    return adjacency.is_one_party() || speaker.address == leg.hop.remote.address;
}

// What a newcomer says to the leg that remains. That one replaces nothing (RFC 3891 §6.2), and none
// of its provisional responses passes, so it is not to send them reliably.
void copy_newcomers_fields(sip::MessageBuilder& builder, const sip::Message& invite,
                           const Adjacency& from, const Adjacency& to,
                           const policy::Author& author) {
    constexpr std::array lists{HeaderName::Supported, HeaderName::Require};
    constexpr std::array<std::string_view, 2> removed{"replaces", "100rel"};
    copy_end_to_end(builder, invite, from, to, author, lists);
    for (const HeaderName list : lists) {
        copy_options(builder, invite, list, removed);
    }
}

}  // namespace

std::optional<policy::Reject> Call::refuse_replacement(const Place& place,
                                                       const Newcomer& newcomer) const {
    const DialogPair& pair = *pairs_[place.pair];
    const Leg& remaining = pair.leg(other_side(place.side));
    const auto judge = [&](const policy::CallSecurity& security) {
        return policy::refuse_replacement(
            {.call = context_.security,
             .newcomer = security,
             .newcomer_on = adjacency(newcomer.peer.adjacency),
             .replaced_on = adjacency(pair.leg(place.side).peer.adjacency),
             .remaining_on = adjacency(remaining.peer.adjacency),
             .remaining_scheme = remaining.scheme,
             .replaces_caller = place.side == Side::Caller});
    };
    auto refusal = judge(newcomer.security);
    if (!refusal && newcomer.absent_caller) {
        refusal = judge(*newcomer.absent_caller);
    }
    return refusal;
}

// Counted where a rule did so. It is not in this call's own trace: a stranger would fill that.
void Call::keep_refusal(const Newcomer& newcomer, const Place& place, int status,
                        std::string_view reason, std::optional<policy::JudgedTarget> target) {
    CallRecord record =
        record_of(*newcomer.request, &adjacency(newcomer.peer.adjacency), host_.now().wall);
    const Adjacency& to = adjacency(pairs_[place.pair]->leg(other_side(place.side)).peer.adjacency);
    record.within = name();
    record.to_adjacency = to.name;
    record.to_security = to.security;
    record.is_secure = newcomer.security.is_secure();
    record.result = "refused";
    record.status = status;
    record.reason = reason;
    record.decisions = newcomer.decisions;
    if (target) {
        record.decisions.add(*target);
        const auto rule = policy::rule_of(*target);
        record.reason = rule->name;
        host_.count_refusal(rule->name);
    }
    host_.keep_refusal(std::move(record));
}

void Call::refuse(const Newcomer& newcomer, const Place& place, int status, std::string_view reason,
                  std::optional<policy::JudgedTarget> target) {
    const bool is_told = target && !target->media_refusal();
    context_.answer(newcomer.peer.adjacency, newcomer.invite, *newcomer.request, status, reason, 0,
                    is_told ? policy::rule_of(*target) : std::nullopt);
    keep_refusal(newcomer, place, status, reason, target);
}

bool Call::replace(const sip::DialogIds& ids, const Newcomer& newcomer) {
    const auto place = place_of(ids);
    if (!place || pairs_[place->pair]->is_over()) {
        return false;
    }
    DialogPair& pair = *pairs_[place->pair];
    const Leg& remaining = pair.leg(other_side(place->side));
    const Leg& replaced = pair.leg(place->side);
    const AdjacencyIndex on = newcomer.peer.adjacency;
    const auto refuse = [&](int status, std::string_view reason,
                            std::optional<policy::JudgedTarget> target = std::nullopt) {
        this->refuse(newcomer, *place, status, reason, target);
        return true;
    };
    if (confirmed_ != place->pair) {
        return false;  // RFC 3891 §3: an early dialog that is not the replaced one's to give
    }
    if (ids.early_only) {
        return refuse(486, "Busy Here");
    }
    const sip::Scheme scheme = newcomer.security.scheme;
    if (const auto reject = refuse_replacement(*place, newcomer)) {
        return refuse(reject->status, reject->reason,
                      target_refused(on, Event::Fork, scheme, *reject));
    }
    if (adjacency(replaced.peer.adjacency).replaces == ReplacesMode::Own &&
        !is_party(newcomer.speaker, replaced, adjacency(replaced.peer.adjacency))) {
        return refuse(
            403, "Not Your Dialog",
            policy::refused(on, Event::Fork, scheme, policy::ReferralRefusal::ReplacesOwn));
    }
    if (joining_ || is_transferring() || pair.is_negotiating()) {
        return refuse(491, "Request Pending");
    }
    if (context_.refuse_short_session(on, newcomer.invite, *newcomer.request)) {
        keep_refusal(newcomer, *place, 422, sip::reason_phrase(422), std::nullopt);
        return true;
    }
    const Adjacency& in = adjacency(on);
    const Adjacency& out = adjacency(remaining.peer.adjacency);
    const auto refuse_media = [&](policy::MediaRefusal refusal) {
        return refuse(policy::answer_to(refusal).status, policy::answer_to(refusal).text,
                      policy::refused(on, Event::RefreshByRequest, scheme, refusal));
    };
    const auto way = policy::media_way(in, out, host_.is_media_engine_up());
    if (way == policy::MediaWay::None) {
        return refuse_media(policy::MediaRefusal::EngineDown);
    }
    last_newcomer_ = (last_newcomer_ + 1) % lost_newcomer_timer;
    Joining joining{.newcomer = newcomer, .place = *place, .client = {}, .number = last_newcomer_};
    policy::MediaVerdict media;
    if (way == policy::MediaWay::Bypass) {
        media =
            policy::judge_media(policy::media_leg(in), policy::media_leg(out), *newcomer.request);
    } else {
        joining.media = new_session();
        const auto ticket =
            bears_description(*newcomer.request) ? anchorage_.ask(offer_of(joining)) : std::nullopt;
        if (ticket) {
            joining.ticket = *ticket;
        } else {
            media = anchorage_.take(in, out, *newcomer.request);
        }
    }
    if (!media.passes()) {
        refuse_media(*media.refusal);
        release_media();
        return true;
    }
    joining_ = std::move(joining);
    // Whatever else is offered on the call meanwhile is glare.
    pair.leg(other_side(place->side)).session.on_offer_sent();
    if (!joining_->ticket && !send_newcomers_invite(media)) {
        release_media();
        return true;
    }
    host_.respond(newcomer.invite, sip::reply(*newcomer.request, 100, {}).build());
    host_.start_timer(ref(), timer_c, newcomer_timer | last_newcomer_);
    return true;
}

MediaQuestion Call::offer_of(const Joining& joining) const {
    const DialogPair& pair = *pairs_[joining.place.pair];
    return {.session = joining.media,
            .kind = MediaQuestion::Kind::Offer,
            .offerer = joining.place.side == Side::Caller ? "caller" : "callee",
            .answerer = {},
            .from = joining.newcomer.peer.adjacency,
            .to = pair.leg(other_side(joining.place.side)).peer.adjacency,
            .message = joining.newcomer.request};
}

void Call::on_newcomer_media(const std::optional<media::NgReply>& reply) {
    joining_->ticket = {};
    const auto media = anchorage_.judge(offer_of(*joining_), reply);
    if (media.passes()) {
        send_newcomers_invite(media);
        return;
    }
    turn_newcomer_away(policy::answer_to(*media.refusal).status,
                       policy::answer_to(*media.refusal).text, media.refusal);
}

// Nothing was sent to the leg that remains.
void Call::turn_newcomer_away(int status, std::string_view reason,
                              std::optional<policy::MediaRefusal> rule) {
    const Joining joining = *std::exchange(joining_, std::nullopt);
    const Newcomer& newcomer = joining.newcomer;
    pairs_[joining.place.pair]->leg(other_side(joining.place.side)).session.close();
    refuse(newcomer, joining.place, status, reason,
           rule ? std::optional(policy::refused(newcomer.peer.adjacency, Event::RefreshByRequest,
                                                newcomer.security.scheme, *rule))
                : std::nullopt);
}

bool Call::send_newcomers_invite(const policy::MediaVerdict& media) {
    const Newcomer& newcomer = joining_->newcomer;
    const Place& place = joining_->place;
    DialogPair& pair = *pairs_[place.pair];
    const Adjacency& in = adjacency(newcomer.peer.adjacency);
    const Adjacency& out = adjacency(pair.leg(other_side(place.side)).peer.adjacency);
    const auto client = pair.send(
        other_side(place.side), Method::Invite,
        [&](sip::MessageBuilder& invite) {
            copy_newcomers_fields(invite, *newcomer.request, in, out,
                                  {.address_of_record = newcomer.peer.address_of_record,
                                   .is_ourselves = newcomer.absent_caller.has_value()});
            copy_body(invite, *newcomer.request, media);
        },
        newcomer.request->max_forwards().value_or(70) - 1);
    if (!client) {
        turn_newcomer_away(480, "Temporarily Unavailable");
        return false;
    }
    joining_->client = *client;
    return true;
}

std::optional<Call::Place> Call::place_of(const sip::DialogIds& ids) const {
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        for (const Side side : {Side::Caller, Side::Callee}) {
            const sip::Dialog& dialog = pairs_[i]->leg(side).dialog;
            if (dialog.local_tag() == ids.to_tag && dialog.remote_tag() == ids.from_tag &&
                dialog.call_id() == ids.call_id) {
                return Place{i, side};
            }
        }
    }
    return std::nullopt;
}

void Call::on_newcomers_answer(const sip::MessagePtr& response) {
    const int status = response->status();
    if (status < 200) {
        if (std::exchange(joining_->is_cancel_owed, false)) {
            host_.cancel(ref(), joining_->client, joining_->reasons);
        }
        return;
    }
    const Joining joining = *std::exchange(joining_, std::nullopt);
    const Newcomer& newcomer = joining.newcomer;
    DialogPair& pair = *pairs_[joining.place.pair];
    const Side side = joining.place.side;
    Leg& remaining = pair.leg(other_side(side));
    const Adjacency& in = adjacency(newcomer.peer.adjacency);
    const Adjacency& out = adjacency(remaining.peer.adjacency);
    remaining.session.close();
    if (joining.is_answered && status < 300) {  // it crossed the CANCEL: nobody is there for it
        pair.acknowledge(other_side(side), response->cseq().number);
        act_on(joining.place.pair, Fate::lost("replacement cancelled too late"));
        return;
    }
    if (joining.is_answered) {
        return;
    }
    if (status >= 300) {
        refuse_newcomer(joining, *response);
        if (status == 408 || status == 481) {
            act_on(joining.place.pair, Fate::lost("peer lost the dialog"));
        }
        return;
    }
    pair.accept_own(other_side(side), response->cseq().number);
    const std::string tag = make_tag(setup_.bucket, host_.random());
    auto dialog = sip::Dialog::of_request(*newcomer.request, tag, sip::Dialog::State::Confirmed);
    const auto media = joining.media != nullptr
                           ? anchorage_.take(out, in, *response)
                           : judge_answer(out, in, *newcomer.request, *response);
    const bool is_refresh_refused =
        pair.refuses_target(other_side(side), *response, Event::RefreshByResponse);
    if (!media.passes() || !dialog || is_refresh_refused) {
        refuse(newcomer, joining.place, 488, "Not Acceptable Here");
        act_on(joining.place.pair, Fate::lost("answer refused"));
        return;
    }
    if (const auto target = sip::dialog_contact(*response); target && *target) {
        remaining.dialog.set_remote_target((*target)->uri.text);
    }
    const sip::Scheme scheme =
        newcomer.security.scheme == sip::Scheme::Sips ? sip::Scheme::Sips : sip::Scheme::Sip;
    Leg leg{.peer = newcomer.peer,
            .scheme = scheme,
            .user = std::string(newcomer.request->to().uri.user),
            .hop = newcomer.from,
            .dialog = std::move(*dialog),
            .answered = {},
            .accepted = {},
            .asked = policy::privacy_of(*newcomer.request),
            .is_ended = newcomer.absent_caller.has_value()};
    auto builder = sip::reply(*newcomer.request, status, tag, response->reason());
    builder.copy(HeaderName::RecordRoute, *newcomer.request);  // RFC 3261 §12.1.1
    builder.header(HeaderName::Contact, contact(in, newcomer.from.transport, scheme, leg.user));
    pair.note_privacy(other_side(side), *response);
    copy_answer(builder, *response, *remaining.invited, out, in, pair.author(other_side(side)));
    copy_body(builder, *response, media);
    host_.own_tag(tag, ref());
    if (side == Side::Caller) {
        context_.security = newcomer.security;
    }
    pair.set_anchor({.session = joining.media});
    pair.take_over(side, std::move(leg), newcomer.invite, joining.client, newcomer.request,
                   builder.build());
    watch_media();
}

// The leg that remains does not want it: as in any dialog it hears why.
void Call::refuse_newcomer(const Joining& joining, const sip::Message& response) {
    const Newcomer& newcomer = joining.newcomer;
    const AdjacencyIndex on = newcomer.peer.adjacency;
    const int status = response.status();
    if (status < 400 || status == 401 || status == 407 || status == 503) {
        const int passed = status == 503 ? 500 : 480;
        context_.answer(on, newcomer.invite, *newcomer.request, passed, sip::reason_phrase(passed));
        return;
    }
    const DialogPair& pair = *pairs_[joining.place.pair];
    const Side remaining = other_side(joining.place.side);
    auto builder = sip::reply(*newcomer.request, status, context_.own_tag, response.reason());
    copy_end_to_end(builder, response, adjacency(pair.leg(remaining).peer.adjacency), adjacency(on),
                    pair.author(remaining));
    host_.respond(newcomer.invite, builder.build());
}

void Call::drop_newcomer(int status, std::string_view reason,
                         const sip::transaction::Reasons& reasons) {
    if (joining_ && joining_->ticket) {
        turn_newcomer_away(status, reason);
        return;
    }
    if (joining_ && !std::exchange(joining_->is_answered, true)) {
        const Newcomer& newcomer = joining_->newcomer;
        context_.answer(newcomer.peer.adjacency, newcomer.invite, *newcomer.request, status,
                        reason);
        // Before any provisional response it has to wait for one (RFC 3261 §9.1).
        joining_->reasons = reasons;
        joining_->is_cancel_owed = !host_.cancel(ref(), joining_->client, reasons);
    }
}

}  // namespace ringwall::sbc::b2bua
