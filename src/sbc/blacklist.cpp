#include "sbc/blacklist.h"

#include <algorithm>

#include "sbc/source.h"

namespace ringwall::sbc {

bool Blacklist::note(const SourceBuckets::Key& key, const SourceRule& rule, TimePoint now) {
    const std::lock_guard lock(mutex_);
    has_counted_ = true;
    return buckets_.take(key, rule.trigger, now);
}

bool Blacklist::is_over(const SourceBuckets::Key& key, const SourceRule& rule,
                        TimePoint now) const {
    if (!has_counted_) {
        return false;
    }
    const std::lock_guard lock(mutex_);
    return !buckets_.has(key, rule.trigger, now);
}

bool Blacklist::add(const Ban& ban, TimePoint now) {
    const std::lock_guard lock(mutex_);
    const auto [at, is_new] = bans_.try_emplace({ban.adjacency, ban.source, ban.reason}, ban);
    if (!is_new && at->second.ends > now) {
        return false;
    }
    at->second = ban;
    buckets_.forget(ban.source);
    if (bans_.size() > max_bans) {
        bans_.erase(
            std::ranges::min_element(bans_, {}, [](const auto& each) { return each.second.ends; }));
    }
    is_empty_ = false;
    return true;
}

std::vector<Ban> Blacklist::bans_of(AdjacencyIndex adjacency, const IpAddress& address,
                                    TimePoint now) const {
    if (is_empty_) {
        return {};
    }
    const std::lock_guard lock(mutex_);
    std::vector<Ban> out;
    const auto add_those_of = [&](const IpAddress& source) {
        for (auto at = bans_.lower_bound({adjacency, source, SourceEvent{}});
             at != bans_.end() && at->second.adjacency == adjacency && at->second.source == source;
             ++at) {
            if (at->second.ends > now) {
                out.push_back(at->second);
            }
        }
    };
    add_those_of(source_of(address));
    if (address != source_of(address)) {
        add_those_of(address);
    }
    return out;
}

std::vector<Ban> Blacklist::take_off(const std::function<bool(const Ban&)>& is_it) {
    std::vector<Ban> out;
    for (auto at = bans_.begin(); at != bans_.end();) {
        if (is_it(at->second)) {
            out.push_back(at->second);
            at = bans_.erase(at);
        } else {
            ++at;
        }
    }
    is_empty_ = bans_.empty();
    return out;
}

std::vector<Ban> Blacklist::expire(TimePoint now) {
    const std::lock_guard lock(mutex_);
    return take_off([now](const Ban& ban) { return ban.ends <= now; });
}

std::vector<Ban> Blacklist::clear(const std::optional<IpAddress>& address) {
    const auto whole = address ? std::optional(source_of(*address)) : std::nullopt;
    const std::lock_guard lock(mutex_);
    buckets_.forget(address);
    buckets_.forget(whole);
    return take_off(
        [&](const Ban& ban) { return !address || ban.source == *address || ban.source == *whole; });
}

std::vector<Ban> Blacklist::bans(TimePoint now) const {
    const std::lock_guard lock(mutex_);
    std::vector<Ban> out;
    for (const auto& [who, ban] : bans_) {
        if (ban.ends > now) {
            out.push_back(ban);
        }
    }
    std::ranges::sort(out, {}, &Ban::ends);
    return out;
}

std::vector<SourceBuckets::Key> Blacklist::limited(TimePoint now) const {
    const std::lock_guard lock(mutex_);
    return buckets_.empty(now);
}

}  // namespace ringwall::sbc
