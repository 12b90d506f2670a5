// How a call whose media goes through the media engine shows it what its messages describe, and
// looks whether media still passes.
//
// What comes while a description is being shown to the engine waits its turn, so that nothing
// overtakes it: not the 2xx a provisional response, not the BYE an ACK. CANCEL, timers and lost
// connections do not wait; what they leave behind is told so when its turn comes.
#include <algorithm>
#include <utility>

#include "sbc/b2bua/call.h"
#include "sbc/b2bua/description.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::b2bua {

using sip::Method;
using sip::transaction::ClientId;
using sip::transaction::ServerId;

namespace {

using Kind = MediaQuestion::Kind;

constexpr std::string_view callers_tag = "caller";
constexpr std::string_view callees_tag = "callee";  // of one that came by a re-INVITE
constexpr Duration look_interval = 5s;
constexpr unsigned max_silent_looks = 2;

}  // namespace

MediaSessionPtr Call::new_session() {
    auto session = std::make_shared<MediaSession>();
    session->id = bucket_token(setup_.bucket, host_.random(), 24);
    sessions_.push_back(session);
    return session;
}

// ---- in turn ------------------------------------------------------------------------------------

void Call::take(Arrival arrival) {
    if (!is_anchored()) {
        look_at(arrival);
        return;
    }
    arrivals_.push_back(std::move(arrival));
    advance();
}

void Call::advance() {
    while (!arrivals_.empty() && (is_over_ || !asked_ticket_)) {
        Arrival& first = arrivals_.front();
        if (!is_over_ && !std::exchange(first.is_asked, true)) {
            asked_ = question(first);
            const auto ticket = asked_ ? anchorage_.ask(*asked_) : std::nullopt;
            if (ticket) {
                asked_ticket_ = *ticket;
                if (first.kind == Arrival::Kind::Request &&
                    first.message->method() == Method::Invite) {  // it may be cancelled meanwhile
                    host_.respond(first.server, sip::reply(*first.message, 100, {}).build());
                }
                return;
            }
        }
        asked_.reset();
        asked_ticket_ = {};
        const Arrival arrival = std::move(first);
        arrivals_.pop_front();
        look_at(arrival);
    }
}

void Call::look_at(const Arrival& arrival) {
    switch (arrival.kind) {
        case Arrival::Kind::Request:
            on_request_now(arrival.server, arrival.from, arrival.message);
            return;
        case Arrival::Kind::Ack:
            on_ack_now(arrival.from, arrival.message);
            return;
        case Arrival::Kind::Response:
            on_response_now(arrival.client, arrival.message);
            return;
        case Arrival::Kind::Join:
            on_joined(arrival);
            return;
    }
}

void Call::on_media(media::Ticket ticket, const std::optional<media::NgReply>& reply) {
    const auto branch = std::ranges::find_if(branches_, [&](const Branch& each) {
        return each.unsent != nullptr && each.unsent->ticket == ticket;
    });
    if (asked_ && asked_ticket_ == ticket) {
        anchorage_.keep(asked_->message, anchorage_.judge(*asked_, reply));
        asked_ticket_ = {};
        advance();
    } else if (branch != branches_.end()) {
        on_branch_media(static_cast<std::size_t>(branch - branches_.begin()), reply);
    } else if (joining_ && joining_->ticket == ticket) {
        on_newcomer_media(reply);
    } else if (watch_ticket_ == ticket) {
        on_watch(reply);
    } else if (take_back_ticket_ == ticket) {
        on_offer_taken_back();
    }
    check_over();
}

// A re-INVITE that waits is cancelled (RFC 3261 §9.2).
bool Call::drop_arrival(ServerId invite) {
    const auto found = std::ranges::find_if(arrivals_, [&](const Arrival& each) {
        return each.kind == Arrival::Kind::Request && each.server == invite;
    });
    const auto place = found == arrivals_.end() ? std::nullopt : place_of(*found->message);
    if (!place) {
        return false;
    }
    context_.answer(pairs_[place->pair]->leg(place->side).peer.adjacency, invite, *found->message,
                    487, sip::reason_phrase(487));
    const bool is_first = found == arrivals_.begin();
    arrivals_.erase(found);
    if (is_first) {
        asked_.reset();
        asked_ticket_ = {};
        advance();
    }
    return true;
}

// ---- what is shown ------------------------------------------------------------------------------

std::optional<MediaQuestion> Call::question(const Arrival& arrival) const {
    switch (arrival.kind) {
        case Arrival::Kind::Request:
        case Arrival::Kind::Ack: {
            const auto place = place_of(*arrival.message);
            return place ? pairs_[place->pair]->question(place->side, arrival.from, arrival.message)
                         : std::nullopt;
        }
        case Arrival::Kind::Join:
            return confirmed_ ? std::optional(pairs_[*confirmed_]->question(
                                    arrival.side, Kind::Answer, arrival.message))
                              : std::nullopt;
        case Arrival::Kind::Response:
            break;
    }
    for (const Branch& branch : branches_) {
        if (branch.client == arrival.client) {
            return question_of_branch(branch, arrival.message);
        }
    }
    if (joining_ && joining_->client == arrival.client) {
        return question_of_newcomer(arrival.message);
    }
    for (const auto& pair : pairs_) {
        if (auto found = pair->question(arrival.client, arrival.message)) {
            return found;
        }
    }
    return std::nullopt;
}

MediaQuestion Call::offer_of(const Branch& branch) const {
    return {.session = branch.media,
            .kind = Kind::Offer,
            .offerer = std::string(callers_tag),
            .answerer = {},
            .from = setup_.caller.adjacency,
            .to = branch.adjacency,
            .message = setup_.request};
}

std::optional<MediaQuestion> Call::question_of_branch(const Branch& branch,
                                                      const sip::MessagePtr& response) const {
    const int status = response->status();
    if (branch.media == nullptr || !branch.is_open || branch.is_cancelled || is_answered_ ||
        status <= 100 || status >= 300 || response->to_tag().empty() ||
        !bears_description(*response)) {
        return std::nullopt;
    }
    const bool answers = bears_description(*setup_.request);
    const std::string callee(response->to_tag());
    return MediaQuestion{.session = branch.media,
                         .kind = answers ? Kind::Answer : Kind::Offer,
                         .offerer = answers ? std::string(callers_tag) : callee,
                         .answerer = answers ? callee : std::string(callers_tag),
                         .from = branch.adjacency,
                         .to = setup_.caller.adjacency,
                         .message = response};
}

std::optional<MediaQuestion> Call::question_of_newcomer(const sip::MessagePtr& response) const {
    const Joining& joining = *joining_;
    if (joining.media == nullptr || joining.is_answered || response->status() < 200 ||
        response->status() >= 300 || !bears_description(*response)) {
        return std::nullopt;
    }
    const DialogPair& pair = *pairs_[joining.place.pair];
    const bool is_caller = joining.place.side == Side::Caller;
    const std::string newcomer(is_caller ? callers_tag : callees_tag);
    const std::string remaining(is_caller ? callees_tag : callers_tag);
    const bool answers = bears_description(*joining.newcomer.request);
    return MediaQuestion{.session = joining.media,
                         .kind = answers ? Kind::Answer : Kind::Offer,
                         .offerer = answers ? newcomer : remaining,
                         .answerer = answers ? remaining : newcomer,
                         .from = pair.leg(other_side(joining.place.side)).peer.adjacency,
                         .to = joining.newcomer.peer.adjacency,
                         .message = response};
}

void Call::on_branch_media(std::size_t index, const std::optional<media::NgReply>& reply) {
    Branch& branch = branches_[index];
    policy::MediaVerdict media = anchorage_.judge(offer_of(branch), reply);
    if (!reply && policy::media_way(caller_adjacency(), adjacency(branch.adjacency), false) ==
                      policy::MediaWay::Bypass) {
        branch.media = nullptr;
        media = judge_offer(branch);
    }
    if (media.passes()) {
        send_branch(index, media);
        return;
    }
    record_->decisions.add(branch.adjacency, branch.unsent->event,
                           branch.unsent->permit.leg_scheme(), *media.refusal);
    refuse(*media.refusal);
    branch.unsent.reset();
    branch.is_open = false;
    go_on_or_fail();
}

// ---- what comes to nothing ----------------------------------------------------------------------

// An offer was refused (RFC 3261 §14.1: the session is as it was): the engine is told again what
// was agreed on before. Whatever is offered next puts it right as well.
void Call::take_back_offer() {
    const DialogPair* const pair = confirmed_ && !is_over_ ? pairs_[*confirmed_].get() : nullptr;
    MediaSession* const session = pair == nullptr ? nullptr : pair->media_session().get();
    if (session == nullptr || !session->open || asked_ticket_ || !arrivals_.empty() ||
        pair->is_negotiating()) {
        return;
    }
    session->open.reset();
    if (const auto& agreed = session->agreed) {
        take_back_ticket_ =
            host_.ask_media(ref(), session->id,
                            media::write(media::NgOffer{session->id, agreed->offerer, agreed->offer,
                                                        agreed->towards}));
    }
}

void Call::on_offer_taken_back() {
    take_back_ticket_ = {};
    const DialogPair* const pair = confirmed_ && !is_over_ ? pairs_[*confirmed_].get() : nullptr;
    const MediaSession* const session = pair == nullptr ? nullptr : pair->media_session().get();
    if (session != nullptr && session->agreed && !session->open && !pair->is_negotiating()) {
        const auto& agreed = *session->agreed;
        host_.ask_media(ref(), session->id,
                        media::write(media::NgAnswer{session->id, agreed.offerer, agreed.answerer,
                                                     agreed.answer}));
    }
}

// ---- whether it passes --------------------------------------------------------------------------

// The engine is to forget what nobody uses any more.
void Call::release_media() {
    const auto is_used = [&](const MediaSessionPtr& session) {
        return !is_over_ && ((joining_ && joining_->media == session) ||
                             (confirmed_ && pairs_[*confirmed_]->media_session() == session) ||
                             std::ranges::any_of(branches_, [&](const Branch& branch) {
                                 return branch.is_open && branch.media == session;
                             }));
    };
    std::erase_if(sessions_, [&](const MediaSessionPtr& session) {
        if (is_used(session)) {
            return false;
        }
        host_.forget_media(session->id);
        return true;
    });
}

void Call::watch_media() {
    const bool is_anchored = confirmed_ && pairs_[*confirmed_]->media_session() != nullptr;
    if (is_anchored && !std::exchange(is_media_watched_, true)) {
        host_.start_timer(ref(), look_interval, media_timer);
    }
}

void Call::look_at_media() {
    is_media_watched_ = false;
    const MediaSessionPtr session =
        confirmed_ && !is_over_ ? pairs_[*confirmed_]->media_session() : nullptr;
    if (session == nullptr) {
        return;
    }
    if (session->offers.empty()) {
        watch_media();
        return;
    }
    watched_ = session;
    watch_ticket_ = host_.ask_media(ref(), session->id, media::write_query(session->id));
}

void Call::on_watch(const std::optional<media::NgReply>& reply) {
    watch_ticket_ = {};
    const MediaSessionPtr session = std::exchange(watched_, nullptr);
    if (is_over_ || !confirmed_ || pairs_[*confirmed_]->media_session() != session) {
        watch_media();  // others talk now
        return;
    }
    silent_looks_ = reply ? 0 : silent_looks_ + 1;
    if (silent_looks_ >= max_silent_looks) {
        lose("media engine does not answer", 480);
        return;
    }
    if (reply && reply->result == media::NgReply::Result::Error) {
        lose("media engine lost the call",
             480);  // it began anew, or heard nothing for its own limit
        return;
    }
    const TimePoint now = host_.now().monotonic;
    if (reply && (reply->is_silent || reply->packets != session->packets || !session->changed)) {
        session->packets = reply->packets;
        session->changed = now;
    }
    const auto limit = setup_.snapshot->media_timeout;
    if (reply && limit && now - *session->changed >= *limit) {
        lose("no media", 480);
        return;
    }
    watch_media();
}

}  // namespace ringwall::sbc::b2bua
