#include "sbc/registrar/location.h"

#include <algorithm>

namespace ringwall::sbc::registrar {
namespace {

bool is_over_connection(const Binding& binding) {
    return binding.hop.transport != sip::Transport::Udp;
}

}  // namespace

std::vector<Binding> Location::find(std::string_view address_of_record, TimePoint now) const {
    std::vector<Binding> out;
    const auto user = users_.find(std::string(address_of_record));
    if (user == users_.end()) {
        return out;
    }
    std::ranges::copy_if(user->second, std::back_inserter(out),
                         [&](const Binding& each) { return each.expires > now; });
    std::ranges::stable_sort(out, [](const Binding& a, const Binding& b) {
        return a.q != b.q ? a.q > b.q : a.refreshed > b.refreshed;
    });
    return out;
}

std::vector<std::string> Location::registered_on(FlowId flow, TimePoint now) const {
    std::vector<std::string> out;
    const auto users = users_by_flow_.find(flow);
    if (users == users_by_flow_.end()) {
        return out;
    }
    for (const std::string& each : users->second) {
        const auto user = users_.find(each);
        if (user != users_.end() && std::ranges::any_of(user->second, [&](const Binding& binding) {
                return is_over_connection(binding) && binding.hop.flow == flow &&
                       binding.expires > now;
            })) {
            out.push_back(each);
        }
    }
    return out;
}

void Location::assign(const std::string& address_of_record, std::vector<Binding> bindings) {
    if (const auto user = users_.find(address_of_record); user != users_.end()) {
        unindex(address_of_record, user->second);
        users_.erase(user);
    }
    if (!bindings.empty()) {
        index(address_of_record, bindings);
        users_.emplace(address_of_record, std::move(bindings));
    }
}

std::vector<Binding> Location::drop_flow(FlowId flow) {
    std::vector<Binding> dropped;
    const auto found = users_by_flow_.find(flow);
    if (found == users_by_flow_.end()) {
        return dropped;
    }
    const std::set<std::string> users = found->second;
    for (const std::string& each : users) {
        Bindings kept;
        for (const Binding& binding : users_[each]) {
            const bool is_gone = is_over_connection(binding) && binding.hop.flow == flow;
            (is_gone ? dropped : kept).push_back(binding);
        }
        assign(each, std::move(kept));
    }
    return dropped;
}

std::vector<Binding> Location::expire(TimePoint now) {
    std::vector<Binding> expired;
    while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) {
        const std::string user = by_expiry_.begin()->second;
        Bindings kept;
        for (const Binding& binding : users_[user]) {
            (binding.expires <= now ? expired : kept).push_back(binding);
        }
        assign(user, std::move(kept));
    }
    return expired;
}

std::optional<TimePoint> Location::next_expiry() const {
    return by_expiry_.empty() ? std::nullopt : std::optional(by_expiry_.begin()->first);
}

void Location::index(const std::string& address_of_record, const Bindings& bindings) {
    for (const Binding& each : bindings) {
        by_expiry_.emplace(each.expires, address_of_record);
        if (is_over_connection(each)) {
            users_by_flow_[each.hop.flow].insert(address_of_record);
        }
    }
    binding_count_ += bindings.size();
}

void Location::unindex(const std::string& address_of_record, const Bindings& bindings) {
    for (const Binding& each : bindings) {
        by_expiry_.erase({each.expires, address_of_record});
        const auto users = users_by_flow_.find(each.hop.flow);
        if (users != users_by_flow_.end()) {
            users->second.erase(address_of_record);
            if (users->second.empty()) {
                users_by_flow_.erase(users);
            }
        }
    }
    binding_count_ -= bindings.size();
}

bool Location::is_consistent() const {
    std::size_t count = 0;
    std::set<std::pair<TimePoint, std::string>> expiries;
    std::unordered_map<FlowId, std::set<std::string>> flows;
    for (const auto& [user, bindings] : users_) {
        for (const Binding& each : bindings) {
            ++count;
            expiries.emplace(each.expires, user);
            if (is_over_connection(each)) {
                flows[each.hop.flow].insert(user);
            }
        }
    }
    return count == binding_count_ && expiries == by_expiry_ && flows == users_by_flow_;
}

}  // namespace ringwall::sbc::registrar
