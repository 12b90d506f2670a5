#include "sbc/source_buckets.h"

namespace ringwall::sbc {

bool SourceBuckets::take(const Key& key, const TokenBucket::Rate& rate, TimePoint now) {
    const auto [at, is_new] = buckets_.try_emplace(key);
    Slot& slot = at->second;
    if (is_new) {
        turns_.push_front(key);
        slot.turn = turns_.begin();
    } else {
        turns_.splice(turns_.begin(), turns_, slot.turn);
    }
    slot.rate = rate;
    const bool is_there = slot.bucket.has(rate, now);
    if (is_there) {
        slot.bucket.take(rate, now);
    }
    if (buckets_.size() > most_) {
        buckets_.erase(turns_.back());
        turns_.pop_back();
    }
    return is_there;
}

bool SourceBuckets::has(const Key& key, const TokenBucket::Rate& rate, TimePoint now) const {
    const auto found = buckets_.find(key);
    return found == buckets_.end() || found->second.bucket.has(rate, now);
}

void SourceBuckets::forget(const std::optional<IpAddress>& source) {
    for (auto at = buckets_.begin(); at != buckets_.end();) {
        if (source && at->first.source != *source) {
            ++at;
            continue;
        }
        turns_.erase(at->second.turn);
        at = buckets_.erase(at);
    }
}

std::vector<SourceBuckets::Key> SourceBuckets::empty(TimePoint now) const {
    std::vector<Key> out;
    for (const auto& [key, slot] : buckets_) {
        if (!slot.bucket.has(slot.rate, now)) {
            out.push_back(key);
        }
    }
    return out;
}

}  // namespace ringwall::sbc
