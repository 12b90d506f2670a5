// Who is shut out, for how long, and who is forgotten.
#include "sbc/blacklist.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::sbc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint start{1000s};
constexpr SourceRule rule{.trigger = {.size = 2, .period = 60s}, .timeout = 300s};

IpAddress host(std::uint32_t number) {
    return IpAddress::v4(10, static_cast<std::uint8_t>(number >> 16),
                         static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number));
}
SourceBuckets::Key failure_of(std::uint32_t number, AdjacencyIndex adjacency = 0) {
    return {adjacency, host(number), SourceEvent::AuthenticationFailure};
}
Ban ban_of(std::uint32_t number, TimePoint ends) {
    return {.source = host(number), .ends = ends};
}

bool is_there(const Blacklist& list, AdjacencyIndex adjacency, const IpAddress& address,
              TimePoint now) {
    return !list.bans_of(adjacency, address, now).empty();
}

TEST(Blacklist, CountsWhatASourceDoesOnEachAdjacency) {
    Blacklist list;
    EXPECT_FALSE(list.is_over(failure_of(1), rule, start));
    EXPECT_TRUE(list.note(failure_of(1), rule, start));
    EXPECT_TRUE(list.note(failure_of(1), rule, start));
    EXPECT_TRUE(list.is_over(failure_of(1), rule, start));
    EXPECT_FALSE(list.note(failure_of(1), rule, start));
    EXPECT_TRUE(list.note(failure_of(2), rule, start));
    EXPECT_TRUE(list.note(failure_of(1, 7), rule, start));
    EXPECT_THAT(list.limited(start), ElementsAre(failure_of(1)));
    EXPECT_FALSE(list.is_over(failure_of(1), rule, start + 30s));
    EXPECT_THAT(list.limited(start + 30s), IsEmpty());
}

TEST(Blacklist, ABanIsOfOneAdjacencyAndEnds) {
    Blacklist list;
    EXPECT_TRUE(list.add(ban_of(1, start + 300s), start));
    EXPECT_FALSE(list.add(ban_of(1, start + 900s), start + 1s));
    EXPECT_TRUE(is_there(list, 0, host(1), start + 299s));
    EXPECT_FALSE(is_there(list, 1, host(1), start));
    EXPECT_FALSE(is_there(list, 0, host(2), start));
    EXPECT_FALSE(is_there(list, 0, host(1), start + 300s));
    EXPECT_THAT(list.bans(start + 300s), IsEmpty());
    EXPECT_THAT(list.expire(start + 299s), IsEmpty());
    EXPECT_THAT(list.expire(start + 300s), ElementsAre(ban_of(1, start + 300s)));
    EXPECT_THAT(list.expire(start + 300s), IsEmpty());
}

TEST(Blacklist, OneThatHasEndedAndWasNotTakenOffYetMayBeginAgain) {
    Blacklist list;
    list.add(ban_of(1, start + 10s), start);
    EXPECT_TRUE(list.add(ban_of(1, start + 30s), start + 20s));
    EXPECT_TRUE(is_there(list, 0, host(1), start + 20s));
}

TEST(Blacklist, BeginsToCountAnewWithABan) {
    Blacklist list;
    list.note(failure_of(1), rule, start);
    list.note(failure_of(1), rule, start);
    list.add(ban_of(1, start + 10s), start);
    EXPECT_FALSE(list.is_over(failure_of(1), rule, start));
}

TEST(Blacklist, IsClearedOfOneSourceOrOfAll) {
    Blacklist list;
    for (const std::uint32_t each : {1, 2, 3}) {
        list.add(ban_of(each, start + 300s), start);
        list.note(failure_of(each), rule, start);
        list.note(failure_of(each), rule, start);
    }
    EXPECT_THAT(list.clear(host(9)), IsEmpty());
    EXPECT_THAT(list.clear(host(2)), ElementsAre(ban_of(2, start + 300s)));
    EXPECT_FALSE(is_there(list, 0, host(2), start));
    EXPECT_FALSE(list.is_over(failure_of(2), rule, start));
    EXPECT_TRUE(list.is_over(failure_of(1), rule, start));
    EXPECT_THAT(list.clear(std::nullopt),
                ElementsAre(ban_of(1, start + 300s), ban_of(3, start + 300s)));
    EXPECT_FALSE(list.is_over(failure_of(1), rule, start));
}

// A /64 of IPv6 is one source.
TEST(Blacklist, AHostWithManyAddressesIsOne) {
    Blacklist list;
    list.add({.source = *IpAddress::parse("2001:db8::"), .ends = start + 300s}, start);
    EXPECT_TRUE(is_there(list, 0, *IpAddress::parse("2001:db8::1:2:3:4"), start));
    EXPECT_FALSE(is_there(list, 0, *IpAddress::parse("2001:db8:0:1::1"), start));
}

// Whose address is named in the rules is one by itself.
TEST(Blacklist, AnAddressOfAHostWithManyMayBeThereBesides) {
    Blacklist list;
    const IpAddress address = *IpAddress::parse("2001:db8::1");
    const Ban whole{.source = *IpAddress::parse("2001:db8::"), .ends = start + 300s};
    const Ban its{.source = address, .ends = start + 300s};
    list.add(its, start);
    EXPECT_THAT(list.bans_of(0, *IpAddress::parse("2001:db8::2"), start), IsEmpty());
    list.add(whole, start);
    EXPECT_THAT(list.bans_of(0, address, start), ElementsAre(whole, its));
    EXPECT_THAT(list.bans_of(0, *IpAddress::parse("2001:db8::2"), start), ElementsAre(whole));
    EXPECT_THAT(list.clear(address), ElementsAre(whole, its));
}

TEST(Blacklist, KeepsEachReason) {
    Blacklist list;
    Ban ban = ban_of(1, start + 300s);
    EXPECT_TRUE(list.add(ban, start));
    ban.reason = SourceEvent::CorruptMessage;
    EXPECT_TRUE(list.add(ban, start));
    EXPECT_FALSE(list.add(ban, start));
    EXPECT_THAT(list.bans_of(0, host(1), start), ElementsAre(ban_of(1, start + 300s), ban));
}

TEST(Blacklist, HasRoomForSoManyAndTheOneThatEndsFirstGoes) {
    Blacklist list;
    for (std::uint32_t i = 0; i < Blacklist::max_bans + 1; ++i) {
        EXPECT_TRUE(list.add(ban_of(i, start + 1000s - std::chrono::milliseconds(i)), start));
    }
    EXPECT_EQ(list.bans(start).size(), Blacklist::max_bans);
    EXPECT_TRUE(is_there(list, 0, host(0), start));
    EXPECT_FALSE(is_there(list, 0, host(Blacklist::max_bans), start));
}

TEST(SourceBuckets, ForgetsWhoWasNotSeenForLongest) {
    SourceBuckets buckets(3);
    const TokenBucket::Rate one{1, 60s};
    for (const std::uint32_t each : {1, 2, 3}) {
        EXPECT_TRUE(buckets.take(failure_of(each), one, start));
    }
    EXPECT_FALSE(buckets.take(failure_of(1), one, start));  // it was seen now
    EXPECT_TRUE(buckets.take(failure_of(4), one, start));
    EXPECT_EQ(buckets.size(), 3U);
    EXPECT_FALSE(buckets.has(failure_of(1), one, start));
    EXPECT_TRUE(buckets.has(failure_of(2), one, start));
    EXPECT_FALSE(buckets.has(failure_of(3), one, start));
}

// ---- the rules ----------------------------------------------------------------------------------

TEST(SourceRules, FailedAuthenticationIsLimitedUnlessItIsSaidOtherwise) {
    SourceRules rules;
    const auto find = [&](SourceEvent event, std::uint32_t number, bool is_peer = false) {
        const SourceRule* const found = rules.find(event, host(number), is_peer);
        return found == nullptr ? 0 : found->trigger.size;
    };
    EXPECT_EQ(find(SourceEvent::AuthenticationFailure, 1), 100U);
    EXPECT_EQ(find(SourceEvent::CorruptMessage, 1), 0U);
    rules.of_all(SourceEvent::CorruptMessage) = SourceRule{{5, 60s}, 300s};
    rules.of(host(2), SourceEvent::CorruptMessage) = std::nullopt;
    rules.of(host(3), SourceEvent::CorruptMessage) = SourceRule{{7, 60s}, 300s};
    EXPECT_EQ(find(SourceEvent::CorruptMessage, 1), 5U);
    EXPECT_EQ(find(SourceEvent::CorruptMessage, 2), 0U);
    EXPECT_EQ(find(SourceEvent::CorruptMessage, 3), 7U);
    EXPECT_EQ(find(SourceEvent::AuthenticationFailure, 3), 100U);
}

TEST(SourceRules, ASignalingPeerIsExemptUnlessItsAddressIsNamed) {
    SourceRules rules;
    EXPECT_EQ(rules.find(SourceEvent::AuthenticationFailure, host(1), true), nullptr);
    rules.of(host(1), SourceEvent::AuthenticationFailure) = rule;
    ASSERT_NE(rules.find(SourceEvent::AuthenticationFailure, host(1), true), nullptr);
    EXPECT_EQ(*rules.find(SourceEvent::AuthenticationFailure, host(1), true), rule);
}

}  // namespace
}  // namespace ringwall::sbc
