#include "sbc/registrar/location.h"

#include <algorithm>
#include <functional>

#include "sbc/registrar/journal.h"

namespace ringwall::sbc::registrar {
namespace {

std::uint64_t hash_of(std::string_view address_of_record) {
    return std::hash<std::string_view>{}(address_of_record);
}

bool hangs_on_flow(const Binding& binding) {
    return binding.hop.transport != sip::Transport::Udp && !binding.is_stranded();
}

std::vector<const Binding*> live(const std::vector<Binding>& bindings, TimePoint now) {
    std::vector<const Binding*> out;
    for (const Binding& each : bindings) {
        if (each.expires > now) {
            out.push_back(&each);
        }
    }
    if (out.size() > 1) {
        std::ranges::stable_sort(out, [](const Binding* a, const Binding* b) {
            return a->q != b->q ? a->q > b->q : a->refreshed > b->refreshed;
        });
    }
    return out;
}

// Does one of them hang on this connection?
bool are_on(const std::vector<Binding>& bindings, FlowId flow) {
    return std::ranges::any_of(bindings, [flow](const Binding& each) {
        return hangs_on_flow(each) && each.hop.flow == flow;
    });
}

}  // namespace

std::optional<Location::Place> Location::Stripe::find(std::string_view address_of_record) const {
    return by_name.find(hash_of(address_of_record),
                        [&](Place each) { return users[each].name == address_of_record; });
}

Location::Place Location::Stripe::add(std::string_view address_of_record) {
    if (free.empty()) {
        free.push_back(static_cast<Place>(users.size()));
        users.emplace_back();
    }
    const Place place = free.back();
    free.pop_back();
    users[place].name = address_of_record;
    by_name.insert(hash_of(address_of_record), place);
    return place;
}

void Location::Stripe::remove(Place place) {
    by_name.erase(hash_of(users[place].name), place);
    users[place] = {};
    free.push_back(place);
}

Location::Held::Held(Location& location, std::string_view address_of_record)
    : location_(location),
      address_of_record_(address_of_record),
      stripe_(location.stripe(address_of_record)),
      lock_(stripe_.mutex),
      user_(stripe_.find(address_of_record)) {}

std::vector<const Binding*> Location::Held::find(TimePoint now) const {
    return user_ ? live(stripe_.users[*user_].bindings, now) : std::vector<const Binding*>{};
}

void Location::Held::assign(std::vector<Binding> bindings) {
    user_ = location_.assign(stripe_, user_, address_of_record_, std::move(bindings));
}

Location::Stripe& Location::stripe(std::string_view address_of_record) const {
    // By the bits that the index of a stripe does not look at.
    return stripes_[(hash_of(address_of_record) >> 32) % stripe_count];
}

Location::FlowStripe& Location::stripe(FlowId flow) const {
    return flow_stripes_[std::hash<FlowId>{}(flow) % stripe_count];
}

std::vector<Binding> Location::find(std::string_view address_of_record, TimePoint now) const {
    const Stripe& its = stripe(address_of_record);
    const std::lock_guard lock(its.mutex);
    const auto user = its.find(address_of_record);
    std::vector<Binding> out;
    if (user) {
        for (const Binding* each : live(its.users[*user].bindings, now)) {
            if (!each->is_stranded()) {
                out.push_back(*each);
            }
        }
    }
    return out;
}

Location::TokenStripe& Location::token_stripe(std::string_view token) const {
    return token_stripes_[hash_of(token) % stripe_count];
}

std::optional<Binding> Location::find_token(std::string_view token, TimePoint now) const {
    std::string user;
    {
        const TokenStripe& its = token_stripe(token);
        const std::lock_guard lock(its.mutex);
        const auto found = its.users.find(std::string(token));
        if (found == its.users.end()) {
            return std::nullopt;
        }
        user = found->second;
    }
    for (Binding& each : find(user, now)) {
        if (each.behind && each.behind->token == token) {
            return std::move(each);
        }
    }
    return std::nullopt;
}

std::vector<Binding> Location::find_all(TimePoint now) const {
    std::vector<Binding> out;
    for (const Stripe& its : stripes_) {
        const std::lock_guard lock(its.mutex);
        for (const User& user : its.users) {
            for (const Binding* each : live(user.bindings, now)) {
                out.push_back(*each);
            }
        }
    }
    return out;
}

std::set<std::string, std::less<>> Location::users_on(FlowId flow) const {
    const FlowStripe& its = stripe(flow);
    const std::lock_guard lock(its.mutex);
    const auto found = its.users.find(flow);
    return found == its.users.end() ? std::set<std::string, std::less<>>{} : found->second;
}

std::vector<std::string> Location::registered_on(FlowId flow, TimePoint now) const {
    std::vector<std::string> out;
    for (const std::string& each : users_on(flow)) {
        const Stripe& its = stripe(each);
        const std::lock_guard lock(its.mutex);
        const auto user = its.find(each);
        const auto hangs_on_it = [&](const Binding& one) {
            return hangs_on_flow(one) && one.hop.flow == flow && one.expires > now &&
                   one.path.empty();
        };
        if (user && std::ranges::any_of(its.users[*user].bindings, hangs_on_it)) {
            out.push_back(each);
        }
    }
    return out;
}

void Location::assign(std::string_view address_of_record, std::vector<Binding> bindings) {
    hold(address_of_record).assign(std::move(bindings));
}

void Location::tell_all() const {
    Journal* const journal = journal_.load();
    for (const Stripe& its : stripes_) {
        const std::lock_guard lock(its.mutex);
        for (const User& user : its.users) {
            if (journal != nullptr && !user.name.empty()) {
                journal->on_bindings(user.name, user.bindings);
            }
        }
    }
}

void Location::restore(std::string_view address_of_record, std::vector<Binding> bindings) {
    Held held = hold(address_of_record);
    for (const Binding* each : held.find(TimePoint::min())) {
        std::erase_if(bindings, [each](const Binding& old) {
            return old.contact == each->contact || old.call_id == each->call_id;
        });
        bindings.push_back(*each);
    }
    held.assign(std::move(bindings));
}

std::optional<Location::Place> Location::assign(Stripe& its, std::optional<Place> user,
                                                std::string_view address_of_record,
                                                Bindings bindings) {
    if (!user) {
        if (bindings.empty()) {
            return user;
        }
        user = its.add(address_of_record);
    }
    reindex(address_of_record, its.users[*user].bindings, bindings);
    if (Journal* const journal = journal_.load()) {
        journal->on_bindings(address_of_record, bindings);
    }
    if (bindings.empty()) {
        its.by_time.erase({its.users[*user].looked_at, *user});
        its.remove(*user);
        return std::nullopt;
    }
    const auto first = std::ranges::min_element(bindings, {}, &Binding::expires);
    look_at(its, *user, first->expires);
    its.users[*user].bindings = std::move(bindings);
    return user;
}

// Not later than `time`.
void Location::look_at(Stripe& its, Place user, TimePoint time) {
    TimePoint& looked_at = its.users[user].looked_at;
    if (looked_at <= time) {
        return;
    }
    its.by_time.erase({looked_at, user});
    looked_at = time;
    its.by_time.emplace(looked_at, user);
    expires_at(looked_at);
}

std::vector<Binding> Location::drop_flow(FlowId flow) {
    std::vector<Binding> dropped;
    for (const std::string& each : users_on(flow)) {
        Stripe& its = stripe(each);
        const std::lock_guard lock(its.mutex);
        const auto user = its.find(each);
        if (!user) {
            continue;
        }
        Bindings kept;
        for (const Binding& binding : its.users[*user].bindings) {
            const bool is_gone = hangs_on_flow(binding) && binding.hop.flow == flow;
            (is_gone ? dropped : kept).push_back(binding);
        }
        assign(its, user, each, std::move(kept));
    }
    return dropped;
}

std::vector<Binding> Location::drop_if(const std::function<bool(const Binding&)>& is_over) {
    std::vector<Binding> dropped;
    for (Stripe& its : stripes_) {
        const std::lock_guard lock(its.mutex);
        for (Place place = 0; place < its.users.size(); ++place) {
            if (std::ranges::none_of(its.users[place].bindings, is_over)) {
                continue;
            }
            Bindings kept;
            for (const Binding& binding : its.users[place].bindings) {
                (is_over(binding) ? dropped : kept).push_back(binding);
            }
            assign(its, place, std::string(its.users[place].name), std::move(kept));
        }
    }
    return dropped;
}

std::vector<std::size_t> Location::count_by_adjacency(std::size_t adjacencies) const {
    std::vector<std::size_t> counts(adjacencies);
    for (const Stripe& its : stripes_) {
        const std::lock_guard lock(its.mutex);
        for (const User& user : its.users) {
            for (const Binding& binding : user.bindings) {
                ++counts.at(binding.adjacency);
            }
        }
    }
    return counts;
}

std::vector<Binding> Location::expire(TimePoint now) {
    std::vector<Binding> expired;
    // What is put in meanwhile lowers it again, behind a stripe that we have passed or before.
    next_expiry_.store(TimePoint::max());
    for (Stripe& its : stripes_) {
        const std::lock_guard lock(its.mutex);
        while (!its.by_time.empty() && its.by_time.begin()->first <= now) {
            const Place place = its.by_time.begin()->second;
            its.by_time.erase(its.by_time.begin());
            User& user = its.users[place];
            user.looked_at = TimePoint::max();
            Bindings kept;
            for (const Binding& binding : user.bindings) {
                (binding.expires <= now ? expired : kept).push_back(binding);
            }
            assign(its, place, user.name, std::move(kept));
        }
        if (!its.by_time.empty()) {
            expires_at(its.by_time.begin()->first);
        }
    }
    return expired;
}

void Location::expires_at(TimePoint time) {
    TimePoint known = next_expiry_.load();
    while (time < known && !next_expiry_.compare_exchange_weak(known, time)) {
    }
}

std::optional<TimePoint> Location::next_expiry() const {
    const TimePoint next = next_expiry_.load();
    return binding_count() == 0 || next == TimePoint::max() ? std::nullopt : std::optional(next);
}

void Location::reindex(std::string_view address_of_record, const Bindings& before,
                       const Bindings& after) {
    for (const Binding& each : before) {
        if (hangs_on_flow(each) && !are_on(after, each.hop.flow)) {
            remove_from_flow(each.hop.flow, address_of_record);
        }
    }
    for (const Binding& each : after) {
        if (hangs_on_flow(each) && !are_on(before, each.hop.flow)) {
            add_to_flow(each.hop.flow, address_of_record);
        }
    }
    reindex_tokens(address_of_record, before, after);
    reindex_sources(before, after);
    binding_count_.fetch_add(after.size(), std::memory_order_relaxed);
    binding_count_.fetch_sub(before.size(), std::memory_order_relaxed);
}

void Location::reindex_sources(const Bindings& before, const Bindings& after) {
    const auto source = [](const Binding& each) {
        return std::pair(each.adjacency, each.hop.remote.address);
    };
    if (std::ranges::equal(before, after, {}, source, source)) {
        return;  // refreshed
    }
    const std::lock_guard lock(sources_.mutex);
    for (const Binding& each : after) {
        ++sources_.bindings[source(each)];
    }
    for (const Binding& each : before) {
        const auto found = sources_.bindings.find(source(each));
        if (--found->second == 0) {
            sources_.bindings.erase(found);
        }
    }
}

std::size_t Location::count(std::span<const AdjacencyIndex> adjacencies,
                            const std::optional<Network>& source) const {
    const std::lock_guard lock(sources_.mutex);
    const auto& all = sources_.bindings;
    std::size_t out = 0;
    const auto add = [&](AdjacencyIndex adjacency) {
        for (auto at = all.lower_bound({adjacency, source ? source->address : IpAddress()});
             at != all.end() && at->first.first == adjacency; ++at) {
            if (source && !source->contains(at->first.second)) {
                break;  // addresses of one network stand together
            }
            out += at->second;
        }
    };
    if (!adjacencies.empty()) {
        std::ranges::for_each(adjacencies, add);
        return out;
    }
    for (auto at = all.begin(); at != all.end();
         at = all.lower_bound({at->first.first + 1, IpAddress()})) {
        add(at->first.first);
    }
    return out;
}

void Location::reindex_tokens(std::string_view address_of_record, const Bindings& before,
                              const Bindings& after) {
    const auto bear = [](const Bindings& bindings, const Behind& behind) {
        return std::ranges::any_of(bindings, [&](const Binding& each) {
            return each.behind && each.behind->token == behind.token;
        });
    };
    // One that stays is never missing: whoever looks for it does not hold the user.
    for (const Binding& each : after) {
        if (each.behind && !bear(before, *each.behind)) {
            TokenStripe& its = token_stripe(each.behind->token);
            const std::lock_guard lock(its.mutex);
            its.users.insert_or_assign(each.behind->token, std::string(address_of_record));
        }
    }
    for (const Binding& each : before) {
        if (each.behind && !bear(after, *each.behind)) {
            TokenStripe& its = token_stripe(each.behind->token);
            const std::lock_guard lock(its.mutex);
            its.users.erase(each.behind->token);
        }
    }
}

void Location::add_to_flow(FlowId flow, std::string_view address_of_record) {
    FlowStripe& its = stripe(flow);
    const std::lock_guard lock(its.mutex);
    its.users[flow].emplace(address_of_record);
}

void Location::remove_from_flow(FlowId flow, std::string_view address_of_record) {
    FlowStripe& its = stripe(flow);
    const std::lock_guard lock(its.mutex);
    const auto users = its.users.find(flow);
    if (users == its.users.end()) {
        return;
    }
    if (const auto user = users->second.find(address_of_record); user != users->second.end()) {
        users->second.erase(user);
    }
    if (users->second.empty()) {
        its.users.erase(users);
    }
}

std::size_t Location::user_count() const {
    std::size_t count = 0;
    for (const Stripe& its : stripes_) {
        const std::lock_guard lock(its.mutex);
        count += its.by_name.size();
    }
    return count;
}

bool Location::is_consistent() const {
    std::size_t count = 0;
    std::unordered_map<FlowId, std::set<std::string, std::less<>>> flows;
    std::unordered_map<std::string, std::string> tokens;
    for (const Stripe& its : stripes_) {
        const std::lock_guard lock(its.mutex);
        std::set<std::pair<TimePoint, Place>> times;
        for (Place place = 0; place < its.users.size(); ++place) {
            const User& user = its.users[place];
            if (user.name.empty()) {
                continue;
            }
            if (its.find(user.name) != place) {
                return false;
            }
            times.emplace(user.looked_at, place);
            for (const Binding& each : user.bindings) {
                ++count;
                if (each.expires < user.looked_at) {
                    return false;
                }
                if (hangs_on_flow(each)) {
                    flows[each.hop.flow].insert(user.name);
                }
                if (each.behind) {
                    tokens[each.behind->token] = user.name;
                }
            }
        }
        if (times.size() != its.by_name.size() || times != its.by_time ||
            (!times.empty() && times.begin()->first < next_expiry_.load())) {
            return false;
        }
    }
    std::unordered_map<FlowId, std::set<std::string, std::less<>>> known_flows;
    for (const FlowStripe& its : flow_stripes_) {
        const std::lock_guard lock(its.mutex);
        known_flows.insert(its.users.begin(), its.users.end());
    }
    std::unordered_map<std::string, std::string> known_tokens;
    for (const TokenStripe& its : token_stripes_) {
        const std::lock_guard lock(its.mutex);
        known_tokens.insert(its.users.begin(), its.users.end());
    }
    return count == binding_count() && flows == known_flows && tokens == known_tokens;
}

}  // namespace ringwall::sbc::registrar
