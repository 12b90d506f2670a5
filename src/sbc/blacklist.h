// Sources that are shut out for a time, and the failures of the others, from all workers: the
// dynamic blacklist. Nobody is put on it by what may come from anywhere: the caller says whether an
// event has shown that the source is at its address. Time is a parameter.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>
#include <vector>

#include "sbc/source_buckets.h"

namespace ringwall::sbc {

struct Ban {
    AdjacencyIndex adjacency = 0;
    IpAddress source = {};  // of IPv6 a /64, or an address that the rules name
    SourceEvent reason = SourceEvent::AuthenticationFailure;
    TimePoint ends = {};
    bool operator==(const Ban&) const = default;
};

class Blacklist {
public:
    static constexpr std::size_t max_sources = 65'536;  // whose failures are counted
    static constexpr std::size_t max_bans = 16'384;     // then the one that ends first goes

    // One more of these. False: there were too many.
    bool note(const SourceBuckets::Key& key, const SourceRule& rule, TimePoint now);
    // So many that one more would be too many.
    bool is_over(const SourceBuckets::Key& key, const SourceRule& rule, TimePoint now) const;

    // False: for that reason it is there already. It begins anew with what is counted of it.
    bool add(const Ban& ban, TimePoint now);
    // Of that address, and of its /64.
    std::vector<Ban> bans_of(AdjacencyIndex adjacency, const IpAddress& address,
                             TimePoint now) const;
    // What has ended, taken off.
    std::vector<Ban> expire(TimePoint now);
    // Taken off by an operator, with what was counted of them: bans_of() that address, or all.
    std::vector<Ban> clear(const std::optional<IpAddress>& address);
    // The one that ends first in front.
    std::vector<Ban> bans(TimePoint now) const;
    // Who may do no more of that just now.
    std::vector<SourceBuckets::Key> limited(TimePoint now) const;

private:
    using Who = std::tuple<AdjacencyIndex, IpAddress, SourceEvent>;
    std::vector<Ban> take_off(const std::function<bool(const Ban&)>& is_it);

    mutable std::mutex mutex_;
    SourceBuckets buckets_{max_sources};
    std::atomic<bool> has_counted_ = false;  // so that nobody waits for the mutex in peace
    std::map<Who, Ban> bans_;
    std::atomic<bool> is_empty_ = true;
};

}  // namespace ringwall::sbc
