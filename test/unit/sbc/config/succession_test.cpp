#include "sbc/config/succession.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::sbc {
namespace {

using ::testing::ElementsAre;

Adjacency named(const std::string& name) {
    Adjacency adjacency;
    adjacency.name = name;
    adjacency.is_attached = true;
    return adjacency;
}

Snapshot of(const std::vector<std::string>& names) {
    Snapshot snapshot;
    for (const std::string& name : names) {
        snapshot.adjacencies.push_back(named(name));
    }
    return snapshot;
}

// An entry in a table for each of these destinations, by name.
void route(Snapshot& snapshot, const std::vector<std::string>& destinations) {
    RoutingTable& table = snapshot.call_policy.emplace().tables.emplace_back();
    for (const std::string& name : destinations) {
        const auto found = std::ranges::find(snapshot.adjacencies, name, &Adjacency::name);
        RoutingEntry& entry = table.entries.emplace_back();
        entry.destination = static_cast<AdjacencyIndex>(found - snapshot.adjacencies.begin());
    }
    table.entries.emplace_back().action = RoutingEntry::Action::Reject;
}

std::vector<std::string> names(const Snapshot& snapshot) {
    std::vector<std::string> out;
    out.reserve(snapshot.adjacencies.size());
    for (const Adjacency& each : snapshot.adjacencies) {
        out.push_back(each.name + (each.is_removed ? " (removed)" : ""));
    }
    return out;
}

TEST(Succeed, AnAdjacencyKeepsItsIndexByItsName) {
    const SnapshotPtr next = succeed(of({"a", "b", "c"}), of({"c", "new", "a", "b"}));
    EXPECT_THAT(names(*next), ElementsAre("a", "b", "c", "new"));
}

TEST(Succeed, WhatIsGoneStaysAsRemovedAndWithoutSecrets) {
    Snapshot running = of({"a", "b"});
    Adjacency& gone = running.adjacencies[0];
    gone.security = Security::TrustedUnencrypted;
    gone.domains = {"example.com"};
    gone.outbound_accounts.emplace_back().username = "trunk";
    gone.registration.emplace();
    const SnapshotPtr next = succeed(running, of({"b", "c"}));
    EXPECT_THAT(names(*next), ElementsAre("a (removed)", "b", "c"));
    const Adjacency& left = next->adjacencies[0];
    EXPECT_FALSE(left.is_attached);
    EXPECT_EQ(left.security, Security::TrustedUnencrypted);  // of the connections that it has
    EXPECT_TRUE(left.domains.empty());
    EXPECT_TRUE(left.outbound_accounts.empty());
    EXPECT_FALSE(left.registration);
    EXPECT_EQ(left.tls_server, nullptr);
    EXPECT_EQ(left.tls_client, nullptr);
}

TEST(Succeed, OneOfTheSameNameHasTheIndexAgain) {
    const SnapshotPtr without = succeed(of({"a", "b"}), of({"b"}));
    const SnapshotPtr still = succeed(*without, of({"b"}));
    EXPECT_THAT(names(*still), ElementsAre("a (removed)", "b"));
    const SnapshotPtr again = succeed(*still, of({"x", "b", "a"}));
    EXPECT_THAT(names(*again), ElementsAre("a", "b", "x"));
    EXPECT_TRUE(again->adjacencies[0].is_attached);
}

TEST(Succeed, SoDoesTheRegistrarBehind) {
    Snapshot next = of({"new", "phones", "switch"});
    next.adjacencies[1].registration_target = 2;
    const SnapshotPtr after = succeed(of({"switch", "phones"}), std::move(next));
    EXPECT_THAT(names(*after), ElementsAre("switch", "phones", "new"));
    EXPECT_EQ(after->adjacencies[1].registration_target, AdjacencyIndex{0});
}

TEST(Succeed, RoutesLeadWhereTheyLed) {
    Snapshot next = of({"new", "b", "a"});
    route(next, {"a", "new", "b"});
    const SnapshotPtr merged = succeed(of({"a", "b"}), std::move(next));
    std::vector<std::string> led;
    for (const RoutingEntry& entry : merged->call_policy->tables[0].entries) {
        led.push_back(entry.destination ? merged->adjacencies[*entry.destination].name : "none");
    }
    EXPECT_THAT(led, ElementsAre("a", "new", "b", "none"));
}

TEST(Succeed, LimitsAreOfThoseThatTheyWereOf) {
    Snapshot next = of({"new", "b", "a"});
    CacTable& table = next.cac_policy.emplace().tables.emplace_back();
    table.entries = {CacEntry{.number = 1, .adjacency = 2}, CacEntry{.number = 2}};
    const SnapshotPtr merged = succeed(of({"a", "b"}), std::move(next));
    const auto& entries = merged->cac_policy->tables[0].entries;
    EXPECT_EQ(merged->adjacencies[entries[0].adjacency.value_or(9)].name, "a");
    EXPECT_EQ(entries[1].adjacency, std::nullopt);
}

TEST(Succeed, WhatIsNewIsWhatIsSaid) {
    Snapshot running = of({"a"});
    running.service = "old";
    running.adjacencies[0].description = "old";
    running.call_policy.emplace();
    Snapshot next = of({"a"});
    next.service = "new";
    next.adjacencies[0].is_attached = false;
    const SnapshotPtr merged = succeed(running, std::move(next));
    EXPECT_EQ(merged->service, "new");
    EXPECT_EQ(merged->adjacencies[0].description, "");
    EXPECT_FALSE(merged->adjacencies[0].is_attached);
    EXPECT_FALSE(merged->adjacencies[0].is_removed);
    EXPECT_FALSE(merged->call_policy);
    EXPECT_GT(merged->generation, running.generation);
}

}  // namespace
}  // namespace ringwall::sbc
