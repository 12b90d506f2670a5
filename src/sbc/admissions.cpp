#include "sbc/admissions.h"

#include <algorithm>

#include "base/text.h"

namespace ringwall::sbc {

using policy::CacDemand;
using policy::CacRefusal;

// ---- what a call holds --------------------------------------------------------------------------

Admissions::Held::Counted* Admissions::Held::find(std::string_view key) {
    const auto found = std::ranges::find(counted_, key, &Counted::key);
    return found == counted_.end() ? nullptr : &*found;
}

void Admissions::Held::release() {
    for (const Counted& each : std::exchange(counted_, {})) {
        owner_->release(each.key);
    }
}

void Admissions::Held::keep_legs(std::span<const AdjacencyIndex> legs) {
    std::erase_if(counted_, [&](Counted& each) {
        std::erase_if(each.legs, [&](AdjacencyIndex leg) {
            return std::ranges::find(legs, leg) == legs.end();
        });
        const bool is_gone = !each.is_of_caller && each.legs.empty();
        if (is_gone) {
            owner_->release(each.key);
        }
        return is_gone;
    });
}

// ---- the counts ---------------------------------------------------------------------------------

// By a limit of the entry that is reached. What is counted with it already is not counted again.
std::optional<CacRefusal> Admissions::refuse(const CacDemand& demand, const Count* count,
                                             bool is_counted, bool leaves, bool has_left,
                                             TimePoint now) {
    static const Count nothing;
    const Count& its = count == nullptr ? nothing : *count;
    const CacEntry& entry = *demand.entry;
    const auto is_full = [&](CacLimit limit, std::size_t used) {
        return entry.limit(limit) && used >= *entry.limit(limit);
    };
    const auto refused = [&](CacLimit limit, Duration wait) {
        return CacRefusal{limit, policy::detail_of(demand, limit), wait};
    };
    const auto by_rate = [&](CacLimit limit,
                             const TokenBucket& bucket) -> std::optional<CacRefusal> {
        const auto size = entry.limit(limit);
        const TokenBucket::Rate rate{size.value_or(0), minute};
        return size && !bucket.has(rate, now)
                   ? std::optional(refused(limit, *size == 0 ? minute : bucket.wait(rate, now)))
                   : std::nullopt;
    };
    if (!is_counted && is_full(CacLimit::MaxNumCalls, its.calls)) {
        return refused(CacLimit::MaxNumCalls, {});
    }
    if (!is_counted) {
        if (auto out = by_rate(CacLimit::MaxCallRate, its.call_rate)) {
            return out;
        }
    }
    if (!leaves) {
        return by_rate(CacLimit::MaxInCallRate, its.in_rate);
    }
    return has_left ? std::nullopt : by_rate(CacLimit::MaxOutCallRate, its.out_rate);
}

// There is one of that key now, the youngest.
Admissions::Counts::iterator Admissions::touch(const std::string& key) {
    const auto [at, is_new] = counts_.try_emplace(key);
    if (!is_new && at->second.calls == 0) {
        idle_.erase(at->second.since);
    }
    at->second.since = ++last_since_;
    return at;
}

// What has no call is kept for its rates only, and only as long as there is room.
void Admissions::settle(Counts::iterator count) {
    if (count->second.calls > 0) {
        return;
    }
    idle_.emplace(count->second.since, count);
    if (idle_.size() > max_idle) {
        counts_.erase(idle_.begin()->second);
        idle_.erase(idle_.begin());
    }
}

void Admissions::release(std::string_view key) {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(key);
    if (found != counts_.end() && --found->second.calls == 0) {
        found->second.since = ++last_since_;
        settle(found);
    }
}

std::optional<CacRefusal> Admissions::admit_call(std::span<const CacDemand> demands,
                                                 std::optional<AdjacencyIndex> leg, Urgency urgency,
                                                 Held& held, TimePoint now) {
    const std::lock_guard lock(mutex_);
    for (const CacDemand& each : demands) {
        const auto count = counts_.find(each.key);
        const Held::Counted* const before = held.find(each.key);
        auto refused =
            refuse(each, count == counts_.end() ? nullptr : &count->second, before != nullptr,
                   leg.has_value(), before != nullptr && before->has_left, now);
        if (refused && urgency == Urgency::Normal) {
            return refused;
        }
    }
    held.owner_ = this;
    for (const CacDemand& each : demands) {
        const auto take = [&](CacLimit limit, TokenBucket& bucket) {
            if (const auto size = each.entry->limit(limit); size && urgency != Urgency::Standing) {
                bucket.take({*size, minute}, now);
            }
        };
        const auto at = touch(each.key);
        Count& count = at->second;
        Held::Counted* counted = held.find(each.key);
        if (counted == nullptr) {
            counted = &held.counted_.emplace_back(Held::Counted{.key = each.key, .legs = {}});
            ++count.calls;
            take(CacLimit::MaxCallRate, count.call_rate);
        }
        if (!leg) {
            counted->is_of_caller = true;
            take(CacLimit::MaxInCallRate, count.in_rate);
            continue;
        }
        if (!std::exchange(counted->has_left, true)) {
            take(CacLimit::MaxOutCallRate, count.out_rate);
        }
        if (std::ranges::find(counted->legs, *leg) == counted->legs.end()) {
            counted->legs.push_back(*leg);
        }
    }
    return std::nullopt;
}

std::optional<CacRefusal> Admissions::would_refuse_call(std::span<const CacDemand> demands,
                                                        std::optional<AdjacencyIndex> leg,
                                                        TimePoint now) const {
    const std::lock_guard lock(mutex_);
    for (const CacDemand& each : demands) {
        const auto count = counts_.find(each.key);
        if (auto refused = refuse(each, count == counts_.end() ? nullptr : &count->second, false,
                                  leg.has_value(), false, now)) {
            return refused;
        }
    }
    return std::nullopt;
}

std::optional<CacRefusal> Admissions::admit_registration(std::span<const CacDemand> demands,
                                                         std::span<const Contacts> contacts,
                                                         bool is_new, TimePoint now) {
    const std::lock_guard lock(mutex_);
    const auto rate_of = [](const CacDemand& demand) {
        return TokenBucket::Rate{demand.entry->limit(CacLimit::MaxRegRate).value_or(0), minute};
    };
    for (std::size_t i = 0; i < demands.size(); ++i) {
        const CacEntry& entry = *demands[i].entry;
        const auto& [registered, added] = contacts[i];
        if (entry.limit(CacLimit::MaxRegs) && added > 0 &&
            registered + added > *entry.limit(CacLimit::MaxRegs)) {
            return CacRefusal{
                CacLimit::MaxRegs, policy::detail_of(demands[i], CacLimit::MaxRegs), {}};
        }
        const auto found = counts_.find(demands[i].key);
        const TokenBucket bucket = found == counts_.end() ? TokenBucket{} : found->second.reg_rate;
        if (is_new && entry.limit(CacLimit::MaxRegRate) && !bucket.has(rate_of(demands[i]), now)) {
            return CacRefusal{
                CacLimit::MaxRegRate, policy::detail_of(demands[i], CacLimit::MaxRegRate),
                rate_of(demands[i]).size == 0 ? minute : bucket.wait(rate_of(demands[i]), now)};
        }
    }
    for (const CacDemand& each : demands) {
        if (is_new && each.entry->limit(CacLimit::MaxRegRate)) {
            const auto at = touch(each.key);
            at->second.reg_rate.take(rate_of(each), now);
            settle(at);
        }
    }
    return std::nullopt;
}

std::vector<Admissions::Usage> Admissions::usage(const CacTable& table,
                                                 const CacEntry& entry) const {
    const std::string prefix = policy::key_of(table, entry);
    const std::lock_guard lock(mutex_);
    std::vector<Usage> out;
    for (auto at = counts_.lower_bound(prefix);
         at != counts_.end() && at->first.starts_with(prefix); ++at) {
        std::string_view rest = std::string_view(at->first).substr(prefix.size());
        const std::string scope(cut(rest, ' '));
        if (at->second.calls > 0) {
            out.push_back({scope, std::string(rest), at->second.calls});
        }
    }
    return out;
}

std::size_t Admissions::size() const {
    const std::lock_guard lock(mutex_);
    return counts_.size();
}

bool Admissions::is_consistent() const {
    const std::lock_guard lock(mutex_);
    const auto idle =
        std::ranges::count_if(counts_, [](const auto& each) { return each.second.calls == 0; });
    return static_cast<std::size_t>(idle) == idle_.size() && idle_.size() <= max_idle;
}

}  // namespace ringwall::sbc
