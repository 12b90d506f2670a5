// A bucket for each source and kind of event, of the last ones only: who had none is given a full
// one, and whose was not touched for longest is forgotten. Pure: time is a parameter.
#pragma once

#include <compare>
#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "base/endpoint.h"
#include "base/time.h"
#include "base/token_bucket.h"
#include "sbc/config/snapshot.h"

namespace ringwall::sbc {

class SourceBuckets {
public:
    struct Key {
        AdjacencyIndex adjacency = 0;
        IpAddress source = {};  // of IPv6 a /64, or an address that the rules name
        SourceEvent event = SourceEvent::RequestRate;
        bool is_emergency = false;  // a bucket of its own
        bool operator==(const Key&) const = default;
        auto operator<=>(const Key&) const = default;  // NOLINT(modernize-use-nullptr)
    };

    explicit SourceBuckets(std::size_t most) : most_(most) {}

    // False: it is empty.
    bool take(const Key& key, const TokenBucket::Rate& rate, TimePoint now);
    bool has(const Key& key, const TokenBucket::Rate& rate, TimePoint now) const;
    // Its buckets are full again; or those of all.
    void forget(const std::optional<IpAddress>& source);
    // Whose are empty.
    std::vector<Key> empty(TimePoint now) const;
    std::size_t size() const { return buckets_.size(); }

private:
    struct Slot {
        TokenBucket bucket;
        TokenBucket::Rate rate;  // by which it was looked at last
        std::list<Key>::iterator turn;
    };
    const std::size_t most_;
    std::map<Key, Slot> buckets_;
    std::list<Key> turns_;  // the one that was touched last in front
};

}  // namespace ringwall::sbc
