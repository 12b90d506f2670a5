#include "sbc/trunk/challenges.h"

#include <utility>

#include "sip/message_builder.h"

namespace ringwall::sbc::trunk {
void Challenges::sent(ClientId id, Sent what) {
    Open open{std::move(what), id, nullptr, false};
    if (next_ && next_->request == open.sent.request) {
        open.first = next_->first;
        open.chain = std::move(next_->chain);
        current_[open.first] = id;
        next_.reset();
    }
    open_.insert_or_assign(id, std::move(open));
}

sip::MessagePtr Challenges::answer(ClientId id, const std::vector<sip::auth::Account>& accounts,
                                   Stale stale, const sip::Message& response, std::string_view via,
                                   std::uint32_t cseq, Random& random) {
    const auto found = open_.find(id);
    if (found == open_.end() || found->second.is_given_up) {
        return nullptr;
    }
    Open& open = found->second;
    if (open.chain == nullptr) {
        open.chain = std::make_unique<Chain>(accounts, stale);
    }
    const sip::Message& request = *open.sent.request;
    const auto verdict =
        open.chain->authentication.on_challenge(request, response, open.chain->tries);
    if (verdict != sip::auth::ClientAuthentication::Verdict::Answer) {
        return nullptr;
    }
    auto builder = open.chain->authentication.again(request, cseq, random);
    builder.header(sip::HeaderName::Via, via);
    next_ = Next{builder.build(), open.first, std::move(open.chain)};
    open.is_given_up = true;  // this transmission is answered
    return next_->request;
}

const Challenges::Sent* Challenges::find(ClientId id) const {
    const auto found = open_.find(id);
    return found == open_.end() ? nullptr : &found->second.sent;
}

Challenges::ClientId Challenges::first(ClientId id) const {
    const auto found = open_.find(id);
    return found == open_.end() ? id : found->second.first;
}

Challenges::ClientId Challenges::current(ClientId first) const {
    const auto found = current_.find(first);
    return found == current_.end() ? first : found->second;
}

void Challenges::give_up(ClientId first) {
    if (const auto found = open_.find(current(first)); found != open_.end()) {
        found->second.is_given_up = true;
    }
}

void Challenges::ended(ClientId id) {
    const auto found = open_.find(id);
    if (found == open_.end()) {
        return;
    }
    const auto now = current_.find(found->second.first);
    if (now != current_.end() && now->second == id) {
        current_.erase(now);
    }
    open_.erase(found);
}

}  // namespace ringwall::sbc::trunk
