// How many calls there were and what became of them: in all, and in the current and the previous
// five minutes, quarter of an hour, hour and day (CISCO-SESS-BORDER-CTRLR-CALL-STATS-MIB). One set
// for each worker, one writer; intervals begin at whole multiples of their length since 1970, so
// that those of all workers are the same.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sbc/record/call_record.h"

namespace ringwall::sbc {

struct CallCounts {
    std::uint64_t attempts = 0;
    std::uint64_t answered = 0;
    std::uint64_t cancelled = 0;
    std::uint64_t secure = 0;  // of those answered
    std::array<std::uint64_t, failure_cause_count> failures{};

    // All but ActiveCall.
    std::uint64_t failed_attempts() const;
    // By any limit of it.
    std::uint64_t cac_policy_failures() const;
    CallCounts& operator+=(const CallCounts& other);
    bool operator==(const CallCounts&) const = default;
};

enum class Interval : std::uint8_t { FiveMinutes, FifteenMinutes, Hour, Day };
inline constexpr int interval_count = 4;
std::chrono::seconds length_of(Interval interval);

class IntervalCounts {
public:
    void add(const CallCounts& counts, WallTime now);

    const CallCounts& total() const { return total_; }
    CallCounts current(Interval interval, WallTime now) const;
    CallCounts previous(Interval interval, WallTime now) const;
    IntervalCounts& operator+=(const IntervalCounts& other);

private:
    struct Slot {
        std::int64_t number = 0;  // of the interval since 1970
        CallCounts current;
        CallCounts previous;  // of the one before that
    };
    static Slot at(Slot slot, std::int64_t number);

    CallCounts total_;
    std::array<Slot, interval_count> slots_{};
};

class CallStatistics {
public:
    void on_attempt(std::string_view from_adjacency, WallTime now);
    // Its end, as the record has it.
    void on_end(const CallRecord& record, WallTime now);
    void clear();

    const IntervalCounts& all() const { return all_; }
    // By the adjacency that they came from; null: none came.
    const IntervalCounts* from(std::string_view adjacency) const;
    CallStatistics& operator+=(const CallStatistics& other);

private:
    void add(const CallCounts& counts, std::string_view from_adjacency, WallTime now);

    IntervalCounts all_;
    std::map<std::string, IntervalCounts, std::less<>> by_source_;  // names that are configured
};

}  // namespace ringwall::sbc
