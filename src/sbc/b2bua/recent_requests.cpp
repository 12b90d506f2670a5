#include "sbc/b2bua/recent_requests.h"

namespace ringwall::sbc::b2bua {

namespace {

std::string identity_of(const sip::Message& request) {
    std::string identity(request.call_id());
    identity.append(" ").append(std::to_string(request.cseq().number));
    identity.append(" ").append(request.method_text());
    return identity.append(" ").append(request.from_tag());
}

}  // namespace

void RecentRequests::add(sip::transaction::ServerId id, const sip::Message& request) {
    const auto [place, is_new] = identities_.insert(identity_of(request));
    if (is_new) {
        by_server_[id] = place;
    }
}

void RecentRequests::on_server_ended(sip::transaction::ServerId id) {
    if (const auto found = by_server_.find(id); found != by_server_.end()) {
        identities_.erase(found->second);
        by_server_.erase(found);
    }
}

bool RecentRequests::contains(const sip::Message& request) const {
    return !identities_.empty() && identities_.contains(identity_of(request));
}

}  // namespace ringwall::sbc::b2bua
