// Stage "route" and the tables that it walks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "sbc/policy/refusal_rule.h"
#include "sbc/policy/routing.h"
#include "sbc/policy/stages.h"
#include "unit/sbc/policy/arrival.h"

namespace ringwall::sbc::policy {
namespace {

using Action = RoutingEntry::Action;
using Kind = RoutingTable::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

RoutingEntry to(unsigned number, std::string match, AdjacencyIndex destination) {
    return {.number = number,
            .match = std::move(match),
            .action = Action::Complete,
            .destination = destination,
            .next_table = ""};
}
RoutingEntry next(unsigned number, std::string match, std::string table) {
    return {.number = number,
            .match = std::move(match),
            .action = Action::NextTable,
            .destination = std::nullopt,
            .next_table = std::move(table)};
}
RoutingEntry reject(unsigned number, std::string match) {
    return {.number = number,
            .match = std::move(match),
            .action = Action::Reject,
            .destination = std::nullopt,
            .next_table = ""};
}
CallPolicySet tables(std::vector<RoutingTable> list) {
    CallPolicySet set;
    set.first_call_routing_table = list.front().name;
    set.tables = std::move(list);
    return set;
}
CallPolicySet everything_to(std::vector<AdjacencyIndex> destinations) {
    RoutingTable table{.name = "T", .kind = Kind::SourceAdjacency, .entries = {}};
    for (const AdjacencyIndex destination : destinations) {
        const auto number = static_cast<unsigned>(table.entries.size() + 1);
        table.entries.push_back(to(number, "", destination));
    }
    return tables({table});
}

// --- the tables

TEST(Routing, TheSourceAdjacencyPicks) {
    const auto set = tables({{"T", Kind::SourceAdjacency, {to(1, "a", 1), to(2, "b", 2)}}});
    EXPECT_THAT(find_routes(set, {"b", "", ""}).destinations, ElementsAre(2u));
    EXPECT_THAT(find_routes(set, {"c", "", ""}).destinations, IsEmpty());
}

TEST(Routing, AnEntryOfThatNameComesBeforeOneForAll) {
    const auto set = tables({{"T", Kind::SourceAdjacency, {to(1, "", 1), to(2, "b", 2)}}});
    EXPECT_THAT(find_routes(set, {"b", "", ""}).destinations, ElementsAre(2u));
    EXPECT_THAT(find_routes(set, {"c", "", ""}).destinations, ElementsAre(1u));
}

TEST(Routing, TheLongestPrefixPicksAndAllEntriesOfItAreTried) {
    const auto set = tables({{"T",
                              Kind::DestinationAddress,
                              {to(1, "", 0), to(2, "+49", 1), to(3, "+4930", 2), to(4, "+4930", 3),
                               to(5, "+4930", 2)}}});
    EXPECT_THAT(find_routes(set, {"", "+49301234", ""}).destinations, ElementsAre(2u, 3u));
    EXPECT_THAT(find_routes(set, {"", "+4989", ""}).destinations, ElementsAre(1u));
    EXPECT_THAT(find_routes(set, {"", "alice", ""}).destinations, ElementsAre(0u));
}

TEST(Routing, TheDomainPicksInAnyCase) {
    const auto set = tables({{"T", Kind::DestinationDomain, {to(1, "Partner.example", 1)}}});
    EXPECT_THAT(find_routes(set, {"", "", "partner.EXAMPLE"}).destinations, ElementsAre(1u));
    EXPECT_THAT(find_routes(set, {"", "", "sip.partner.example"}).destinations, IsEmpty());
    EXPECT_THAT(find_routes(set, {"", "", ""}).destinations, IsEmpty());
}

TEST(Routing, ATableLeadsToTheNext) {
    const auto set = tables({{"T", Kind::SourceAdjacency, {next(1, "a", "U")}},
                             {"U", Kind::DestinationDomain, {to(1, "x.example", 3)}}});
    const auto answer = find_routes(set, {"a", "", "x.example"});
    EXPECT_THAT(answer.destinations, ElementsAre(3u));
    EXPECT_EQ(answer.decided_by, "table U entry 1");
    EXPECT_THAT(find_routes(set, {"a", "", "y.example"}).destinations, IsEmpty());
}

RoutingEntry weighing(unsigned weight, RoutingEntry entry) {
    entry.weight = weight;
    return entry;
}

TEST(Routing, EntriesWithAWeightAreDrawnAndTheOthersFollow) {
    const auto set = tables({{"T",
                              Kind::SourceAdjacency,
                              {to(1, "", 0), weighing(1, to(2, "", 1)), to(3, "", 2),
                               weighing(3, to(4, "", 3)), weighing(0, to(5, "", 4))}}});
    std::map<AdjacencyIndex, int> first;
    for (std::uint64_t draw = 0; draw < 4000; ++draw) {
        const auto found = find_routes(set, {"a", "", "", draw}).destinations;
        ASSERT_EQ(found.size(), 5U);
        EXPECT_EQ(found[0], 0U) << "what stands before them";
        EXPECT_THAT((std::vector{found[3], found[4]}), ElementsAre(2U, 4U)) << "and behind";
        EXPECT_NE(found[1], found[2]);
        ++first[found[1]];
        EXPECT_EQ(found, find_routes(set, {"a", "", "", draw}).destinations);
    }
    EXPECT_NEAR(first[1], 1000, 100);
    EXPECT_NEAR(first[3], 3000, 100);
}

TEST(Routing, RejectEndsTheSearch) {
    const auto set = tables(
        {{"T", Kind::DestinationAddress, {to(1, "", 1), reject(2, "+1900"), to(3, "+1900", 2)}}});
    const auto answer = find_routes(set, {"", "+19001234", ""});
    EXPECT_TRUE(answer.is_rejected);
    EXPECT_THAT(answer.destinations, IsEmpty());
    EXPECT_EQ(answer.decided_by, "table T entry 2");
}

TEST(Routing, RejectAfterADestinationKeepsIt) {
    const auto set =
        tables({{"T", Kind::SourceAdjacency, {to(1, "", 1), reject(2, ""), to(3, "", 2)}}});
    const auto answer = find_routes(set, {"a", "", ""});
    EXPECT_FALSE(answer.is_rejected);
    EXPECT_THAT(answer.destinations, ElementsAre(1u));
}

TEST(Routing, ACircleOfTablesEnds) {
    const auto set = tables(
        {{"T", Kind::SourceAdjacency, {next(1, "", "U"), next(2, "", "U"), next(3, "", "U")}},
         {"U", Kind::SourceAdjacency, {next(1, "", "T"), next(2, "", "T"), to(3, "", 1)}}});
    EXPECT_THAT(find_routes(set, {"a", "", ""}).destinations, ElementsAre(1u));
}

TEST(Routing, AMissingTableOrDestinationLeadsNowhere) {
    auto set = tables({{"T", Kind::SourceAdjacency, {next(1, "", "gone"), to(2, "", 1)}}});
    set.tables[0].entries[1].destination.reset();
    EXPECT_THAT(find_routes(set, {"a", "", ""}).destinations, IsEmpty());
}

// --- the stage

std::vector<AdjacencyIndex> destinations(const Inbound& inbound) {
    std::vector<AdjacencyIndex> list;
    for (const Route& route : inbound.routes) {
        const auto* to_adjacency = std::get_if<ToAdjacency>(&route);
        list.push_back(to_adjacency == nullptr ? 999 : to_adjacency->adjacency);
    }
    return list;
}
constexpr AdjacencyIndex location = 999;

TEST(Route, UsersOfAServedDomainGoToLocationWhetherTheyExistOrNot) {
    for (const char* uri :
         {"sip:bob@example.com", "sips:bob@EXAMPLE.COM", "sip:nobody@example.com"}) {
        Arrival arrival{.by = softswitch, .request_uri = uri};
        Inbound& inbound = arrival.identified();
        EXPECT_TRUE(continues(choose_route(inbound))) << uri;
        EXPECT_THAT(destinations(inbound), ElementsAre(location));
    }
}

// Seed: calls of untrusted callers never leave by a trusted-encrypted adjacency: location is not
// asked.
TEST(Route, AnUntrustedCallerHearsTheSameForEveryUserOfEncryptedPhones) {
    for (const char* uri : {"sip:bob@example.com", "sip:nobody@example.com"}) {
        Arrival arrival{.by = outside, .request_uri = uri};
        Inbound& inbound = arrival.identified();
        const Reject reject = rejected(choose_route(inbound));
        EXPECT_EQ(reject.status, 480);
        EXPECT_EQ(reject.warning, 0);
        EXPECT_EQ(reject.detail, "untrusted-caller-encrypted-target");
        EXPECT_THAT(inbound.routes, IsEmpty());
    }
}

TEST(Route, OneServingAdjacencyThatCouldTakeTheCallIsEnough) {
    Arrival arrival{.by = outside};
    Adjacency other = arrival.snapshot.adjacencies[phones];
    other.security = Security::Untrusted;
    other.signaling_port = 5080;
    arrival.snapshot.adjacencies.push_back(other);
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(choose_route(inbound)));
    EXPECT_THAT(destinations(inbound), ElementsAre(location));
}

TEST(Route, SipCallsOutRefuseAtThePhonesIs480WithWarning381) {
    Arrival arrival{.by = softswitch};
    arrival.snapshot.adjacencies[phones].sip_calls_out = SipCallsOut::Refuse;
    const Reject reject = rejected(choose_route(arrival.identified()));
    EXPECT_EQ(reject.status, 480);
    EXPECT_EQ(reject.warning, 381);
    arrival.request_uri = "sips:bob@example.com";
    EXPECT_TRUE(continues(choose_route(arrival.identified())));
}

TEST(Route, ADomainWhoseAdjacencyIsDetachedIs480) {
    Arrival arrival{.by = softswitch};
    arrival.snapshot.adjacencies[phones].is_attached = false;
    arrival.snapshot.call_policy = everything_to({outside});
    const Reject reject = rejected(choose_route(arrival.identified()));
    EXPECT_EQ(reject.status, 480);
    EXPECT_EQ(reject.warning, 0);
}

TEST(Route, RegisterAndOptionsToOurselvesAreNotRouted) {
    Arrival reg{.method = "REGISTER", .request_uri = "sip:example.com"};
    Inbound& inbound = reg.identified();
    EXPECT_TRUE(continues(choose_route(inbound)));
    EXPECT_THAT(inbound.routes, IsEmpty());
    Arrival options{.by = outside, .method = "OPTIONS", .request_uri = "sip:10.1.0.2"};
    Inbound& ping = options.identified();
    EXPECT_TRUE(continues(choose_route(ping)));
    EXPECT_THAT(ping.routes, IsEmpty());
}

// --- where phones register at a registrar behind us

constexpr const char* token = "rw-0123456789abcdef0123456789abcdef";

TEST(Route, TheUsersOfARegistrarBehindUsAreItsToFind) {
    Arrival arrival{.by = phones};
    arrival.snapshot.adjacencies[phones].registration_target = softswitch;
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(choose_route(inbound)));
    EXPECT_THAT(destinations(inbound), ElementsAre(softswitch));
    arrival.by = softswitch;  // but its own question is for us
    Inbound& back = arrival.identified();
    EXPECT_TRUE(continues(choose_route(back)));
    EXPECT_THAT(destinations(back), ElementsAre(location));
    arrival.by = outside;
    arrival.snapshot.adjacencies[softswitch].untrusted_callers = UntrustedCallers::Refuse;
    EXPECT_EQ(rejected(choose_route(arrival.identified())).status, 480);
    arrival.by = phones;
    arrival.snapshot.adjacencies[softswitch].is_attached = false;
    EXPECT_EQ(rejected(choose_route(arrival.identified())).status, 480);
}

TEST(Route, AContactThatItKnowsIsItsAlone) {
    Arrival arrival{.by = softswitch, .request_uri = std::string("sip:") + token + "@10.1.0.2"};
    EXPECT_EQ(rejected(choose_route(arrival.identified())).status, 404);
    arrival.snapshot.adjacencies[phones].registration_target = softswitch;
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(choose_route(inbound)));
    ASSERT_THAT(destinations(inbound), ElementsAre(location));
    EXPECT_EQ(std::get<ToLocation>(inbound.routes.front()).token, token);
    arrival.by = carrier;
    EXPECT_EQ(rejected(choose_route(arrival.identified())).status, 404);
    arrival.by = softswitch;
    arrival.request_uri = std::string("sip:") + token + "@elsewhere.example";
    EXPECT_EQ(rejected(choose_route(arrival.identified())).status, 404);
}

TEST(Route, ARegisterGoesToTheRegistrarBehindUsIfItMay) {
    Arrival arrival{
        .method = "REGISTER", .request_uri = "sip:example.com", .to = "<sip:alice@example.com>"};
    arrival.snapshot.adjacencies[phones].registration_target = softswitch;
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(choose_route(inbound)));
    EXPECT_THAT(destinations(inbound), ElementsAre(softswitch));
    // Of SIPS it is if either says so.
    arrival.to = "<sips:alice@example.com>";
    arrival.snapshot.adjacencies[softswitch].sips_conversion = SipsConversion::ToSip;
    const Reject reject = rejected(choose_route(arrival.identified()));
    EXPECT_EQ(reject.status, 480);
    EXPECT_EQ(reject.warning, 380);
}

// Settled: 404 when no route matches.
TEST(Route, WhatNoRouteMatchesIs404) {
    Arrival arrival{.by = softswitch, .request_uri = "sip:+4930@elsewhere.example"};
    EXPECT_EQ(rejected(choose_route(arrival.identified())).status, 404);
    arrival.snapshot.call_policy =
        tables({{"T", Kind::DestinationAddress, {to(1, "+1", carrier)}}});
    EXPECT_EQ(rejected(choose_route(arrival.identified())).status, 404);
}

TEST(Route, CandidatesKeepTheirOrderAndTheirPermit) {
    Arrival arrival{.by = phones, .request_uri = "sip:+4930@elsewhere.example"};
    arrival.snapshot.adjacencies[carrier].sip_calls_out = SipCallsOut::SecureOnly;
    arrival.snapshot.call_policy = everything_to({carrier, softswitch});
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(choose_route(inbound)));
    EXPECT_THAT(destinations(inbound), ElementsAre(carrier, softswitch));
    EXPECT_EQ(std::get<ToAdjacency>(inbound.routes[0]).permit.leg_scheme(), sip::Scheme::Sip);
}

TEST(Route, AConvertedLegCarriesSip) {
    Arrival arrival{.by = phones, .request_uri = "sips:+4930@elsewhere.example"};
    arrival.snapshot.adjacencies[softswitch].sips_conversion = SipsConversion::ToSip;
    arrival.snapshot.call_policy = everything_to({softswitch});
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(choose_route(inbound)));
    EXPECT_EQ(std::get<ToAdjacency>(inbound.routes.at(0)).permit.leg_scheme(), sip::Scheme::Sip);
}

TEST(Route, WhatPermitRefusesAndWhatIsDetachedIsLeftOut) {
    Arrival arrival{.by = phones, .request_uri = "sip:+4930@elsewhere.example"};
    arrival.snapshot.call_policy = everything_to({outside, carrier, softswitch});
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(choose_route(inbound)));
    EXPECT_THAT(destinations(inbound), ElementsAre(softswitch));

    arrival.snapshot.adjacencies[softswitch].is_attached = false;
    arrival.snapshot.call_policy = everything_to({softswitch});
    const Reject reject = rejected(choose_route(arrival.identified()));
    EXPECT_EQ(reject.status, 480);
    EXPECT_EQ(reject.warning, 0);
}

// A peer that misses its pings is no route, whatever its place; without another it is 480.
TEST(Route, APeerThatIsDownIsLeftOut) {
    Arrival arrival{.by = phones, .request_uri = "sip:+4930@elsewhere.example"};
    arrival.snapshot.adjacencies[phones].sip_calls_in = SipCallsIn::Insecure;
    arrival.snapshot.call_policy = everything_to({softswitch, outside});
    Inbound& both = arrival.identified();
    both.peers_down = {softswitch};
    EXPECT_TRUE(continues(choose_route(both)));
    EXPECT_THAT(destinations(both), ElementsAre(outside));
    // What the other answers has its own reason.
    EXPECT_EQ(reason_in_words(both.decisions, 480, "Busy Elsewhere"), "Busy Elsewhere");

    Inbound& none = arrival.identified();
    none.peers_down = {softswitch, outside};
    const Reject reject = rejected(choose_route(none));
    EXPECT_EQ(reject.status, 480);
    EXPECT_EQ(reject.warning, 0);
    EXPECT_EQ(reject.detail, "no peer of the route is up");
    ASSERT_EQ(none.decisions.targets().size(), 2U);
    EXPECT_EQ(failure_of(none.decisions.targets()[0]), TargetFailure::Down);
}

// Settled: secure call, no trusted adjacency to route to: SIPS URI: 480 with Warning 380.
TEST(Route, ASipsCallWithOnlyUntrustedRoutesIs480WithWarning380) {
    Arrival arrival{.by = phones, .request_uri = "sips:+4930@elsewhere.example"};
    arrival.snapshot.call_policy = everything_to({outside});
    const Reject reject = rejected(choose_route(arrival.identified()));
    EXPECT_EQ(reject.status, 480);
    EXPECT_EQ(reject.warning, 380);
}

// The same: sip URI: 480, with Warning 381 where `sip-calls-out refuse` was the reason.
TEST(Route, ASecureSipCallWithoutATrustedRouteIs480) {
    Arrival arrival{.by = phones, .request_uri = "sip:+4930@elsewhere.example"};
    arrival.snapshot.call_policy = everything_to({outside});
    EXPECT_EQ(rejected(choose_route(arrival.identified())).warning, 0);
    arrival.snapshot.call_policy = everything_to({outside, carrier});
    const Reject reject = rejected(choose_route(arrival.identified()));
    EXPECT_EQ(reject.status, 480);
    EXPECT_EQ(reject.warning, 381);
}

TEST(Route, ARejectedNumberIs403AndTheTableIsNamedOnlyToUs) {
    Arrival arrival{.by = phones, .request_uri = "sip:+19001234@elsewhere.example"};
    arrival.snapshot.call_policy = tables({{"T", Kind::DestinationAddress, {reject(1, "+1900")}}});
    const Reject verdict = rejected(choose_route(arrival.identified()));
    EXPECT_EQ(verdict.status, 403);
    EXPECT_EQ(verdict.reason.find("table"), std::string::npos);
    EXPECT_EQ(verdict.detail, "rejected by table T entry 1");
}

// RFC 3966 §5.1.1: visual separators are not part of the number.
TEST(Route, ATelNumberIsRoutedWithoutItsSeparators) {
    Arrival arrival{.by = phones, .request_uri = "tel:+49-30.(12)34"};
    arrival.snapshot.call_policy =
        tables({{"T", Kind::DestinationAddress, {to(1, "+493012", softswitch)}}});
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(choose_route(inbound)));
    EXPECT_THAT(destinations(inbound), ElementsAre(softswitch));
}

}  // namespace
}  // namespace ringwall::sbc::policy
