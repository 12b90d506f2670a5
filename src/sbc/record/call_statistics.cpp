#include "sbc/record/call_statistics.h"

#include <algorithm>
#include <numeric>

namespace ringwall::sbc {
namespace {

std::int64_t number_of(Interval interval, WallTime now) {
    return std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()) / length_of(interval);
}

}  // namespace

std::uint64_t CallCounts::failed_attempts() const {
    return std::accumulate(failures.begin(), failures.end(), std::uint64_t{0}) -
           failures[static_cast<std::size_t>(FailureCause::ActiveCall)];
}

std::uint64_t CallCounts::cac_policy_failures() const {
    return failures[static_cast<std::size_t>(FailureCause::CacCallLimit)] +
           failures[static_cast<std::size_t>(FailureCause::CacRateLimit)];
}

CallCounts& CallCounts::operator+=(const CallCounts& other) {
    attempts += other.attempts;
    answered += other.answered;
    cancelled += other.cancelled;
    secure += other.secure;
    for (std::size_t i = 0; i < failures.size(); ++i) {
        failures[i] += other.failures[i];
    }
    return *this;
}

std::chrono::seconds length_of(Interval interval) {
    switch (interval) {
        case Interval::FiveMinutes:
            return 5min;
        case Interval::FifteenMinutes:
            return 15min;
        case Interval::Hour:
            return 1h;
        case Interval::Day:
            break;
    }
    return 24h;
}

// What it holds once that interval has begun.
IntervalCounts::Slot IntervalCounts::at(Slot slot, std::int64_t number) {
    if (slot.number == number) {
        return slot;
    }
    return {.number = number,
            .current = {},
            .previous = slot.number + 1 == number ? slot.current : CallCounts{}};
}

void IntervalCounts::add(const CallCounts& counts, WallTime now) {
    total_ += counts;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        slots_[i] = at(slots_[i], number_of(static_cast<Interval>(i), now));
        slots_[i].current += counts;
    }
}

CallCounts IntervalCounts::current(Interval interval, WallTime now) const {
    return at(slots_[static_cast<std::size_t>(interval)], number_of(interval, now)).current;
}

CallCounts IntervalCounts::previous(Interval interval, WallTime now) const {
    return at(slots_[static_cast<std::size_t>(interval)], number_of(interval, now)).previous;
}

IntervalCounts& IntervalCounts::operator+=(const IntervalCounts& other) {
    total_ += other.total_;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        const std::int64_t newest = std::max(slots_[i].number, other.slots_[i].number);
        slots_[i] = at(slots_[i], newest);
        const Slot theirs = at(other.slots_[i], newest);
        slots_[i].current += theirs.current;
        slots_[i].previous += theirs.previous;
    }
    return *this;
}

void CallStatistics::add(const CallCounts& counts, std::string_view from_adjacency, WallTime now) {
    all_.add(counts, now);
    auto found = by_source_.find(from_adjacency);
    if (found == by_source_.end()) {
        found = by_source_.emplace(std::string(from_adjacency), IntervalCounts{}).first;
    }
    found->second.add(counts, now);
}

void CallStatistics::on_attempt(std::string_view from_adjacency, WallTime now) {
    add({.attempts = 1}, from_adjacency, now);
}

void CallStatistics::on_end(const CallRecord& record, WallTime now) {
    CallCounts counts;
    if (record.result == "answered") {
        counts.answered = 1;
        counts.secure = record.is_secure ? 1 : 0;
    } else if (record.result == "cancelled") {
        counts.cancelled = 1;
    }
    if (record.cause) {
        counts.failures[static_cast<std::size_t>(*record.cause)] = 1;
    }
    add(counts, record.from_adjacency, now);
}

void CallStatistics::clear() {
    *this = CallStatistics{};
}

const IntervalCounts* CallStatistics::from(std::string_view adjacency) const {
    const auto found = by_source_.find(adjacency);
    return found == by_source_.end() ? nullptr : &found->second;
}

CallStatistics& CallStatistics::operator+=(const CallStatistics& other) {
    all_ += other.all_;
    for (const auto& [name, counts] : other.by_source_) {
        by_source_[name] += counts;
    }
    return *this;
}

}  // namespace ringwall::sbc
