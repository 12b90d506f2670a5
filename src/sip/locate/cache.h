// What the DNS has answered, for as long as it holds (RFC 1035 §3.2.1, RFC 2308 for what is not
// there). Bounded: when it is full, what would go first goes now.
//
// Pure: time is a parameter.
#pragma once

#include <cstddef>
#include <map>
#include <set>

#include "base/dns.h"
#include "base/time.h"

namespace ringwall::sip::locate {

class Cache {
public:
    explicit Cache(std::size_t capacity = 4096) : capacity_(capacity) {}

    // Null: not known, or not any more.
    const dns::Answer* find(const dns::Question& question, TimePoint now) const;
    void put(const dns::Question& question, dns::Answer answer, TimePoint now);
    std::size_t size() const { return entries_.size(); }
    bool is_consistent() const;

private:
    struct Entry {
        dns::Answer answer;
        TimePoint until;
    };
    void drop(const dns::Question& question);

    std::size_t capacity_;
    std::map<dns::Question, Entry> entries_;
    std::set<std::pair<TimePoint, dns::Question>> by_end_;
};

}  // namespace ringwall::sip::locate
