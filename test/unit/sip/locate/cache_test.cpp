#include "sip/locate/cache.h"

#include <gtest/gtest.h>

namespace ringwall::sip::locate {
namespace {

const TimePoint start{};
const dns::Question question{dns::RecordType::A, "example.com"};

dns::Answer answer(dns::Outcome outcome, Duration lifetime) {
    dns::Answer out;
    out.outcome = outcome;
    out.lifetime = lifetime;
    return out;
}

TEST(DnsCache, HoldsAnAnswerForItsLifetime) {
    Cache cache;
    EXPECT_EQ(cache.find(question, start), nullptr);
    cache.put(question, answer(dns::Outcome::Records, 60s), start);
    EXPECT_NE(cache.find(question, start + 59s), nullptr);
    EXPECT_EQ(cache.find(question, start + 60s), nullptr);
}

// A name server that says 0 is not asked for every call.
TEST(DnsCache, HoldsWhatHasNoLifetimeForASecond) {
    Cache cache;
    cache.put(question, answer(dns::Outcome::Records, 60s), start);
    cache.put(question, answer(dns::Outcome::Records, 0s), start);
    EXPECT_NE(cache.find(question, start + 999ms), nullptr);
    EXPECT_EQ(cache.find(question, start + 1s), nullptr);
    EXPECT_EQ(cache.size(), 1U);
}

// RFC 2308 §5, §7: that there is nothing holds too, and a failure for seconds.
TEST(DnsCache, HoldsThatThereIsNothingForMinutesAndAFailureForSeconds) {
    Cache cache;
    cache.put(question, answer(dns::Outcome::NoRecords, 24h), start);
    EXPECT_NE(cache.find(question, start + 299s), nullptr);
    EXPECT_EQ(cache.find(question, start + 300s), nullptr);
    cache.put(question, answer(dns::Outcome::Failed, 24h), start);
    EXPECT_NE(cache.find(question, start + 4s), nullptr);
    EXPECT_EQ(cache.find(question, start + 5s), nullptr);
}

TEST(DnsCache, NobodySaysForHowManyYears) {
    Cache cache;
    cache.put(question, answer(dns::Outcome::Records, 10000h), start);
    EXPECT_EQ(cache.find(question, start + 24h), nullptr);
}

TEST(DnsCache, WhenItIsFullWhatEndsFirstGoes) {
    Cache cache(2);
    const dns::Question other{dns::RecordType::Srv, "example.com"};
    const dns::Question third{dns::RecordType::Naptr, "example.com"};
    cache.put(question, answer(dns::Outcome::Records, 60s), start);
    cache.put(other, answer(dns::Outcome::Records, 30s), start);
    cache.put(third, answer(dns::Outcome::Records, 10s), start);
    EXPECT_EQ(cache.size(), 2U);
    EXPECT_NE(cache.find(question, start), nullptr);
    EXPECT_EQ(cache.find(other, start), nullptr);
    EXPECT_NE(cache.find(third, start), nullptr);
}

}  // namespace
}  // namespace ringwall::sip::locate
