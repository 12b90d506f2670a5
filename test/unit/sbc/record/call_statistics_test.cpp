#include "sbc/record/call_statistics.h"

#include <gtest/gtest.h>

namespace ringwall::sbc {
namespace {

// A multiple of every interval's length.
constexpr WallTime day_begins = WallTime(std::chrono::days(20'000));

CallRecord record(std::string result, std::optional<FailureCause> cause = {},
                  std::string adjacency = "phones") {
    CallRecord out;
    out.from_adjacency = std::move(adjacency);
    out.result = std::move(result);
    out.cause = cause;
    return out;
}

std::uint64_t failures(const CallCounts& counts, FailureCause cause) {
    return counts.failures[static_cast<std::size_t>(cause)];
}

TEST(CallStatistics, CountsWhatBecameOfAttempts) {
    CallStatistics statistics;
    for (int i = 0; i < 4; ++i) {
        statistics.on_attempt("phones", day_begins);
    }
    CallRecord secure = record("answered");
    secure.is_secure = true;
    statistics.on_end(secure, day_begins);
    statistics.on_end(record("answered", FailureCause::ActiveCall), day_begins);
    statistics.on_end(record("cancelled"), day_begins);
    statistics.on_end(record("refused", FailureCause::RtpDisallowed), day_begins);

    const CallCounts& counts = statistics.all().total();
    EXPECT_EQ(counts.attempts, 4U);
    EXPECT_EQ(counts.answered, 2U);
    EXPECT_EQ(counts.secure, 1U);
    EXPECT_EQ(counts.cancelled, 1U);
    EXPECT_EQ(counts.failed_attempts(), 1U);
    EXPECT_EQ(failures(counts, FailureCause::RtpDisallowed), 1U);
    EXPECT_EQ(failures(counts, FailureCause::ActiveCall), 1U);
}

TEST(CallStatistics, AnIntervalBecomesThePreviousOneAndThenIsForgotten) {
    for (int i = 0; i < interval_count; ++i) {
        const auto interval = static_cast<Interval>(i);
        const auto length = length_of(interval);
        CallStatistics statistics;
        const WallTime last = day_begins + length - 1ms;
        statistics.on_attempt("phones", day_begins);
        statistics.on_attempt("phones", last);
        const IntervalCounts& all = statistics.all();
        EXPECT_EQ(all.current(interval, last).attempts, 2U);
        EXPECT_EQ(all.previous(interval, last).attempts, 0U);
        EXPECT_EQ(all.current(interval, last + 1ms).attempts, 0U);
        EXPECT_EQ(all.previous(interval, last + 1ms).attempts, 2U);
        EXPECT_EQ(all.previous(interval, last + length + 1ms).attempts, 0U);
        EXPECT_EQ(all.total().attempts, 2U);

        statistics.on_attempt("phones", last + 1ms);
        EXPECT_EQ(all.current(interval, last + 1ms).attempts, 1U);
        EXPECT_EQ(all.previous(interval, last + 1ms).attempts, 2U);
    }
}

TEST(CallStatistics, AreKeptByTheAdjacencyThatTheCallCameFrom) {
    CallStatistics statistics;
    statistics.on_attempt("phones", day_begins);
    statistics.on_attempt("trunk", day_begins);
    statistics.on_end(record("refused", FailureCause::Routing, "trunk"), day_begins);

    ASSERT_NE(statistics.from("trunk"), nullptr);
    EXPECT_EQ(statistics.from("trunk")->total().attempts, 1U);
    EXPECT_EQ(statistics.from("trunk")->total().failed_attempts(), 1U);
    EXPECT_EQ(statistics.from("phones")->total().failed_attempts(), 0U);
    EXPECT_EQ(statistics.from("nobody"), nullptr);
    EXPECT_EQ(statistics.all().total().attempts, 2U);
}

TEST(CallStatistics, OfTwoWorkersAreAddedIntervalByInterval) {
    CallStatistics earlier;
    CallStatistics later;
    earlier.on_attempt("phones", day_begins);
    later.on_attempt("phones", day_begins + 5min);
    for (const auto& [one, other] : {std::pair(&earlier, &later), std::pair(&later, &earlier)}) {
        CallStatistics sum = *one;
        sum += *other;
        const WallTime now = day_begins + 6min;
        EXPECT_EQ(sum.all().current(Interval::FiveMinutes, now).attempts, 1U);
        EXPECT_EQ(sum.all().previous(Interval::FiveMinutes, now).attempts, 1U);
        EXPECT_EQ(sum.all().current(Interval::Hour, now).attempts, 2U);
        EXPECT_EQ(sum.from("phones")->total().attempts, 2U);
    }
}

TEST(CallStatistics, BeginAt0WhenCleared) {
    CallStatistics statistics;
    statistics.on_attempt("phones", day_begins);
    statistics.clear();
    EXPECT_EQ(statistics.all().total(), CallCounts{});
    EXPECT_EQ(statistics.from("phones"), nullptr);
}

}  // namespace
}  // namespace ringwall::sbc
