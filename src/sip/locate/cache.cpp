#include "sip/locate/cache.h"

#include <algorithm>
#include <utility>

namespace ringwall::sip::locate {
namespace {

constexpr Duration longest = 24h;
// RFC 1035 §3.2.1: 0 is for the transaction in progress; those of the same second share it.
constexpr Duration shortest = 1s;
constexpr Duration longest_without_records = 300s;
// So that a name server that is down is not asked for every call.
constexpr Duration failure_lifetime = 5s;

Duration lifetime_of(const dns::Answer& answer) {
    switch (answer.outcome) {
        case dns::Outcome::Records:
            return std::clamp(answer.lifetime, shortest, longest);
        case dns::Outcome::NoRecords:
            return std::clamp(answer.lifetime, failure_lifetime, longest_without_records);
        case dns::Outcome::Failed:
            return failure_lifetime;
    }
    return Duration::zero();
}

}  // namespace

const dns::Answer* Cache::find(const dns::Question& question, TimePoint now) const {
    const auto found = entries_.find(question);
    return found == entries_.end() || found->second.until <= now ? nullptr : &found->second.answer;
}

void Cache::put(const dns::Question& question, dns::Answer answer, TimePoint now) {
    drop(question);
    if (capacity_ == 0) {
        return;
    }
    if (entries_.size() == capacity_) {
        drop(dns::Question(by_end_.begin()->second));
    }
    const TimePoint until = now + lifetime_of(answer);
    by_end_.emplace(until, question);
    entries_.emplace(question, Entry{std::move(answer), until});
}

void Cache::drop(const dns::Question& question) {
    if (const auto found = entries_.find(question); found != entries_.end()) {
        by_end_.erase({found->second.until, question});
        entries_.erase(found);
    }
}

bool Cache::is_consistent() const {
    return entries_.size() <= capacity_ && by_end_.size() == entries_.size() &&
           std::ranges::all_of(entries_, [this](const auto& entry) {
               return by_end_.contains({entry.second.until, entry.first});
           });
}

}  // namespace ringwall::sip::locate
