// The order of the stages, and that the first one which objects ends it.
#include "sbc/policy/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "sbc/policy/refusal_rule.h"
#include "unit/sbc/policy/arrival.h"

namespace ringwall::sbc::policy {
namespace {

using testing::ElementsAre;

TEST(Pipeline, HasElevenStagesInThisOrder) {
    std::vector<std::string_view> names;
    for (const Stage& stage : stages()) {
        names.push_back(stage.name);
    }
    EXPECT_THAT(names, ElementsAre("source", "identify", "transport-security", "certificate-name",
                                   "sanity", "target-security", "authenticate", "header-profile-in",
                                   "number-analysis", "route", "admit"));
}

TEST(Pipeline, ARegisteredPhoneCallsAnother) {
    Arrival arrival{.registered = {"alice@example.com"}};
    Inbound& inbound = arrival.inbound();
    const Outcome outcome = run_pipeline(inbound);
    EXPECT_TRUE(continues(outcome.verdict)) << outcome.stage;
    EXPECT_EQ(outcome.stage, "admit");
    EXPECT_EQ(inbound.adjacency, phones);
    EXPECT_TRUE(inbound.call.is_secure());
    EXPECT_EQ(inbound.caller, "alice@example.com");
    ASSERT_EQ(inbound.routes.size(), 1u);
    EXPECT_TRUE(std::holds_alternative<ToLocation>(inbound.routes[0]));
}

// What each stage stops, in a request that later stages would stop as well.
TEST(Pipeline, TheFirstStageThatObjectsEndsIt) {
    Arrival arrival{.by = outside, .request_uri = "sips:bob@example.com"};
    arrival.source.port = 0;
    arrival.adjacency().is_attached = false;
    arrival.transport = sip::Transport::Tls;
    arrival.max_forwards = 0;
    EXPECT_EQ(run_pipeline(arrival.inbound()).stage, "source");
    arrival.source.port = 40'000;
    EXPECT_EQ(run_pipeline(arrival.inbound()).stage, "identify");
    arrival.adjacency().is_attached = true;
    EXPECT_EQ(run_pipeline(arrival.inbound()).stage, "transport-security");
    arrival.transport = sip::Transport::Udp;
    EXPECT_EQ(run_pipeline(arrival.inbound()).stage, "sanity");
    arrival.max_forwards = 70;
    EXPECT_EQ(run_pipeline(arrival.inbound()).stage, "target-security");
    arrival.request_uri = "sip:bob@example.com";
    EXPECT_EQ(run_pipeline(arrival.inbound()).stage, "authenticate");
    arrival.from = "<sip:anybody@anywhere.example>";
    EXPECT_EQ(run_pipeline(arrival.inbound()).stage, "route");
}

TEST(Pipeline, APeersCertificateIsLookedAtBeforeItsMessage) {
    Arrival arrival{.by = carrier, .max_forwards = 0};
    arrival.show_certificate("mallory.example");
    EXPECT_EQ(run_pipeline(arrival.inbound()).stage, "certificate-name");
}

// An unauthenticated phone learns nothing about routes.
TEST(Pipeline, APhoneIsChallengedBeforeItsCallIsRouted) {
    Arrival arrival{.request_uri = "sip:nowhere@elsewhere.example"};
    EXPECT_EQ(run_pipeline(arrival.inbound()).stage, "authenticate");
}

// The sentence of the whole stage would speak of something else.
TEST(Pipeline, ARuleAmongSeveralOfAStageIsNamed) {
    const auto rule = [](Arrival& arrival) {
        Inbound& inbound = arrival.inbound();
        const Outcome outcome = run_pipeline(inbound);
        const Reject reject = std::get<Reject>(outcome.verdict);
        const Rule found = rule_of(inbound.decisions, reject.status,
                                   reject.detail.empty() ? reject.reason : reject.detail);
        EXPECT_THAT(std::string(found.sentence), testing::EndsWith("."));
        return found.name;
    };
    Arrival contact{.request_uri = "sips:bob@example.com", .registered = {"alice@example.com"}};
    EXPECT_EQ(rule(contact), "contact-scheme");
    Arrival nowhere{.request_uri = "sip:nobody@elsewhere.example",
                    .registered = {"alice@example.com"}};
    nowhere.snapshot.call_policy.reset();
    EXPECT_EQ(rule(nowhere), "no-route");
    RoutingEntry entry;
    entry.action = RoutingEntry::Action::Reject;
    CallPolicySet set;
    set.first_call_routing_table = "T";
    set.tables = {{.name = "T", .kind = RoutingTable::Kind::SourceAdjacency, .entries = {entry}}};
    nowhere.snapshot.call_policy = set;
    EXPECT_EQ(rule(nowhere), "action-reject");
    Arrival draining;
    draining.adjacency().is_attached = false;
    Inbound& inbound = draining.inbound();
    const std::array going_down{draining.by};
    inbound.going_down = going_down;
    const Outcome outcome = run_pipeline(inbound);
    EXPECT_EQ(outcome.stage, "identify");
    EXPECT_EQ(rule_of(inbound.decisions, 503, std::get<Reject>(outcome.verdict).detail).name,
              "going-down");
}

// `explain` asks the same question again.
TEST(Pipeline, GivesTheSameAnswerToTheSameRequest) {
    Arrival arrival{.by = outside, .from = "<sip:anybody@anywhere.example>"};
    const Outcome first = run_pipeline(arrival.inbound());
    const Outcome second = run_pipeline(arrival.inbound());
    EXPECT_EQ(first.stage, second.stage);
    EXPECT_EQ(first.verdict, second.verdict);
}

}  // namespace
}  // namespace ringwall::sbc::policy
