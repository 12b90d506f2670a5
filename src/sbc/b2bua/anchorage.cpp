#include "sbc/b2bua/anchorage.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "sbc/b2bua/description.h"

namespace ringwall::sbc::b2bua {

namespace {

using Kind = MediaQuestion::Kind;

// The offer that an answer is to; null: there is none, or it is none.
const MediaSession::Offer* offer_of(const MediaQuestion& question) {
    const auto& offers = question.session->offers;
    const auto found = question.kind == Kind::Answer ? offers.find(question.offerer) : offers.end();
    return found == offers.end() ? nullptr : &found->second;
}

// A fork may answer an offer more than once.
void note_answer(const MediaQuestion& question) {
    MediaSession& session = *question.session;
    if (session.open && session.open->offerer == question.offerer) {
        session.agreed = std::exchange(session.open, std::nullopt);
    }
    if (session.agreed && session.agreed->offerer == question.offerer) {
        session.agreed->answerer = question.answerer;
        session.agreed->answer = question.message->body();
    }
}

}  // namespace

std::optional<media::Ticket> Anchorage::ask(const MediaQuestion& question) {
    const Adjacency& from = snapshot_.adjacencies[question.from];
    const Adjacency& to = snapshot_.adjacencies[question.to];
    const MediaSession::Offer* const offer = offer_of(question);
    policy::MediaVerdict shown = policy::judge_for_engine(
        policy::media_leg(from), *question.message,
        offer == nullptr ? std::nullopt : std::optional<std::string_view>(offer->told));
    if (!shown.passes()) {
        keep(question.message, std::move(shown));
        return std::nullopt;
    }
    std::string sdp = shown.body.value_or(std::string(question.message->body()));
    const std::string& id = question.session->id;
    if (question.kind == Kind::Answer) {
        return host_.ask_media(
            call_, id,
            media::write(media::NgAnswer{id, question.offerer, question.answerer, std::move(sdp)}));
    }
    MediaSession::Exchange& open = question.session->open.emplace();
    open.offerer = question.offerer;
    open.offer = sdp;
    open.towards = policy::towards(policy::media_leg(to), sdp, to.signaling_address.family);
    return host_.ask_media(
        call_, id,
        media::write(media::NgOffer{id, question.offerer, std::move(sdp), open.towards}));
}

policy::MediaVerdict Anchorage::judge(const MediaQuestion& question,
                                      const std::optional<media::NgReply>& reply) {
    if (!reply) {
        return {policy::MediaRefusal::EngineDown, {}};
    }
    if (reply->result == media::NgReply::Result::Error) {
        return {policy::MediaRefusal::NotAnchored, {}};
    }
    const std::string_view original = question.message->body();
    const MediaSession::Offer* const offer = offer_of(question);
    policy::MediaVerdict verdict = policy::judge_from_engine(
        policy::media_leg(snapshot_.adjacencies[question.to]), original, reply->sdp,
        offer == nullptr ? std::nullopt : std::optional<std::string_view>(offer->asked));
    if (verdict.passes() && question.kind == Kind::Offer) {
        question.session->offers[question.offerer] = {std::string(original), *verdict.body};
    }
    if (verdict.passes() && question.kind == Kind::Answer) {
        note_answer(question);
    }
    return verdict;
}

void Anchorage::keep(const sip::MessagePtr& message, policy::MediaVerdict verdict) {
    std::erase_if(kept_, [](const Kept& each) { return each.message.expired(); });
    kept_.push_back({message, std::move(verdict)});
}

policy::MediaVerdict Anchorage::take(const Adjacency& from, const Adjacency& to,
                                     const sip::Message& message) {
    const auto found = std::ranges::find_if(
        kept_, [&](const Kept& each) { return each.message.lock().get() == &message; });
    if (found != kept_.end()) {
        policy::MediaVerdict verdict = std::move(found->verdict);
        kept_.erase(found);
        return verdict;
    }
    if (bears_description(message) || trim(message.body()).starts_with("v=0")) {
        return {policy::MediaRefusal::NotAnchored, {}};
    }
    return policy::judge_media(policy::media_leg(from), policy::media_leg(to), message);
}

}  // namespace ringwall::sbc::b2bua
