#include "sbc/registrar/register_order.h"

#include <algorithm>

namespace ringwall::sbc::registrar {

RegisterOrder::Key RegisterOrder::key_of(const sip::Message& request, std::string_view user) {
    return {std::string(user), std::string(request.call_id())};
}

void RegisterOrder::begin(const sip::Message& request, std::string_view user) {
    const std::lock_guard lock(mutex_);
    ++under_way_[key_of(request, user)].count;
}

void RegisterOrder::end(const sip::Message& request, std::string_view user) {
    const std::lock_guard lock(mutex_);
    const auto found = under_way_.find(key_of(request, user));
    if (found != under_way_.end() && --found->second.count == 0) {
        under_way_.erase(found);
    }
}

void RegisterOrder::answered(const sip::Message& request, std::string_view user) {
    const std::lock_guard lock(mutex_);
    if (const auto found = under_way_.find(key_of(request, user)); found != under_way_.end()) {
        found->second.newest = std::max(found->second.newest, request.cseq().number);
    }
}

bool RegisterOrder::is_overtaken(const sip::Message& request, std::string_view user) const {
    const std::lock_guard lock(mutex_);
    const auto found = under_way_.find(key_of(request, user));
    return found != under_way_.end() && request.cseq().number < found->second.newest;
}

std::size_t RegisterOrder::size() const {
    const std::lock_guard lock(mutex_);
    return under_way_.size();
}

}  // namespace ringwall::sbc::registrar
