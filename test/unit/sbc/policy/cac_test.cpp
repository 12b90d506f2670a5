// Which entries of an admission policy an event meets, and what it is counted with.
#include "sbc/policy/cac.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sbc/policy/arrival.h"

namespace ringwall::sbc::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

CacEntry entry(unsigned number, CacLimit limit, std::uint32_t most) {
    CacEntry out{.number = number};
    out.limits[static_cast<std::size_t>(limit)] = most;
    return out;
}

class Cac : public testing::Test {
protected:
    Cac() {
        snapshot.adjacencies[phones].account = "home";
        snapshot.adjacencies[softswitch].account = "home";
        snapshot.adjacencies[carrier].account = "carriers";
        snapshot.cac_policy = CacPolicySet{.number = 1, .tables = {}};
    }
    CacTable& table(CacMatch match, const std::string& name = "T") {
        return snapshot.cac_policy->tables.emplace_back(
            CacTable{.name = name, .match = match, .entries = {}});
    }
    std::vector<std::string> keys(AdjacencyIndex from, std::optional<AdjacencyIndex> to = {},
                                  const char* source = "192.0.2.7") const {
        std::vector<std::string> out;
        for (const CacDemand& each :
             demands_of(snapshot, {.source = from,
                                  .source_address = *IpAddress::parse(source),
                                  .destination = to})) {
            out.push_back(each.key);
        }
        return out;
    }

    Snapshot snapshot = example_snapshot();
};

TEST_F(Cac, WithoutAPolicyNothingIsMet) {
    snapshot.cac_policy.reset();
    EXPECT_THAT(keys(phones), IsEmpty());
}

TEST_F(Cac, OfALimitTableTheFirstEntryThatMatchesApplies) {
    CacTable& its = table(CacMatch::SourceAdjacency);
    its.entries = {entry(1, CacLimit::MaxNumCalls, 2), entry(2, CacLimit::MaxNumCalls, 3),
                   entry(3, CacLimit::MaxNumCalls, 4)};
    its.entries[0].match = "carrier";
    its.entries[0].adjacency = carrier;
    EXPECT_THAT(keys(carrier), ElementsAre("T 1 global "));
    EXPECT_THAT(keys(phones), ElementsAre("T 2 global "));
}

TEST_F(Cac, OfAPolicySetTableAllApplyEachWithItsScope) {
    CacTable& its = table(CacMatch::All);
    its.is_policy_set = true;
    its.entries = {entry(1, CacLimit::MaxNumCalls, 2), entry(2, CacLimit::MaxNumCalls, 3),
                   entry(3, CacLimit::MaxNumCalls, 4)};
    its.entries[1].scope = CacScope::SourceAccount;
    its.entries[2].scope = CacScope::SourceAddress;
    EXPECT_THAT(keys(phones),
                ElementsAre("T 1 global ", "T 2 src-account home", "T 3 src-address 192.0.2.7"));
    EXPECT_THAT(keys(phones, {}, "2001:db8::1:2:3:4").back(), "T 3 src-address 2001:db8::");
}

TEST_F(Cac, AnEntryThatLimitsNothingIsNotCounted) {
    CacTable& its = table(CacMatch::All);
    its.entries = {CacEntry{.number = 1}};
    EXPECT_THAT(keys(phones), IsEmpty());
}

TEST_F(Cac, WhatIsOfTheCalledSideWaitsUntilThatIsKnown) {
    CacTable& its = table(CacMatch::DestinationAdjacency);
    its.entries = {entry(1, CacLimit::MaxNumCalls, 2)};
    its.entries[0].match = "carrier";
    its.entries[0].adjacency = carrier;
    EXPECT_THAT(keys(phones), IsEmpty());
    EXPECT_THAT(keys(phones, carrier), ElementsAre("T 1 global "));
    EXPECT_THAT(keys(phones, outside), IsEmpty());
    its.match = CacMatch::All;
    its.entries[0].match.clear();
    its.entries[0].scope = CacScope::DestinationAccount;
    EXPECT_THAT(keys(phones), IsEmpty());
    EXPECT_THAT(keys(phones, carrier), ElementsAre("T 1 dst-account carriers"));
}

// A table by adjacency or account is of the caller's side where a call comes in, and of the called
// one where it leaves.
TEST_F(Cac, ATableForEitherSideIsAskedForBoth) {
    CacTable& its = table(CacMatch::Adjacency);
    its.entries = {entry(1, CacLimit::MaxNumCalls, 2), entry(2, CacLimit::MaxNumCalls, 2)};
    its.entries[0].match = "phones";
    its.entries[0].adjacency = phones;
    its.entries[1].match = "carrier";
    its.entries[1].adjacency = carrier;
    EXPECT_THAT(keys(phones), ElementsAre("T 1 global "));
    EXPECT_THAT(keys(phones, carrier), ElementsAre("T 2 global "));
    EXPECT_THAT(keys(carrier, phones), ElementsAre("T 1 global "));
}

TEST_F(Cac, NextTableGoesOnWithTheScopeOfTheWayThere) {
    CacTable& first = table(CacMatch::SourceAccount, "FIRST");
    first.entries = {entry(1, CacLimit::MaxNumCalls, 9)};
    first.entries[0].match = "home";
    first.entries[0].scope = CacScope::SourceAccount;
    first.entries[0].next_table = 1;
    CacTable& second = table(CacMatch::SourceAddress, "SECOND");
    second.entries = {entry(1, CacLimit::MaxCallRate, 9)};
    second.entries[0].match = "192.0.2.0/24";
    second.entries[0].source = Network{IpAddress::v4(192, 0, 2, 0), 24};
    EXPECT_THAT(keys(phones), ElementsAre("FIRST 1 src-account home", "SECOND 1 src-account home"));
    EXPECT_THAT(keys(phones, {}, "198.51.100.1"), ElementsAre("FIRST 1 src-account home"));
    EXPECT_THAT(keys(carrier), IsEmpty());
}

// Many entries may lead to one table: it is looked at once.
TEST_F(Cac, ATableIsMetOnceForEachScope) {
    CacTable& first = table(CacMatch::All, "FIRST");
    first.is_policy_set = true;
    for (unsigned i = 1; i <= 3; ++i) {
        first.entries.push_back(CacEntry{.number = i, .next_table = 1});
    }
    table(CacMatch::All, "SECOND").entries = {entry(1, CacLimit::MaxNumCalls, 1)};
    EXPECT_THAT(keys(phones), ElementsAre("SECOND 1 global "));
}

TEST_F(Cac, ARegistrationIsCountedWithThoseOfItsEntryAndScope) {
    CacTable& its = table(CacMatch::SourceAccount);
    its.entries = {entry(1, CacLimit::MaxRegs, 5)};
    its.entries[0].match = "home";
    const CacEvent event{.kind = CacEvent::Kind::Registration,
                         .source = phones,
                         .source_address = IpAddress::v4(192, 0, 2, 7)};
    EXPECT_THAT(demands_of(snapshot, event)[0].population.adjacencies,
                ElementsAre(phones, softswitch));
    its.entries[0].scope = CacScope::SourceAddress;
    EXPECT_EQ(demands_of(snapshot, event)[0].population.source,
              (Network{IpAddress::v4(192, 0, 2, 7), 32}));
}

}  // namespace
}  // namespace ringwall::sbc::policy
