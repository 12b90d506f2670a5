#include "sbc/policy/adjacency_selection.h"

#include <gtest/gtest.h>

#include "unit/sbc/policy/arrival.h"

namespace ringwall::sbc::policy {
namespace {

const IpAddress here = IpAddress::v4(10, 1, 0, 2);

Adjacency on_port(std::uint16_t port, std::vector<Network> remote = {}, bool is_attached = true) {
    Adjacency adjacency;
    adjacency.signaling_address = here;
    adjacency.signaling_port = port;
    adjacency.remote_addresses = std::move(remote);
    adjacency.is_attached = is_attached;
    return adjacency;
}
Network network(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t prefix) {
    return {IpAddress::v4(a, b, c, 0), prefix};
}

TEST(FindAdjacency, TheLocalSocketIsAlwaysPartOfTheMatch) {
    Snapshot snapshot;
    snapshot.adjacencies = {on_port(5060, {network(192, 0, 2, 24)}), on_port(5061)};
    const IpAddress remote = IpAddress::v4(192, 0, 2, 7);

    EXPECT_EQ(find_adjacency(snapshot, {here, 5060}, remote), 0u);
    EXPECT_EQ(find_adjacency(snapshot, {here, 5061}, remote), 1u);
    EXPECT_EQ(find_adjacency(snapshot, {here, 5070}, remote), std::nullopt);
    EXPECT_EQ(find_adjacency(snapshot, {IpAddress::v4(10, 1, 0, 3), 5060}, remote), std::nullopt);
}

TEST(FindAdjacency, AnUnspecifiedSignalingAddressListensOnEveryAddress) {
    Snapshot snapshot;
    snapshot.adjacencies = {on_port(5060)};
    snapshot.adjacencies[0].signaling_address = {};
    EXPECT_EQ(find_adjacency(snapshot, {here, 5060}, IpAddress::v4(192, 0, 2, 7)), 0u);
}

TEST(FindAdjacency, TheLongestRemoteAddressWins) {
    Snapshot snapshot;
    snapshot.adjacencies = {on_port(5060), on_port(5060, {network(0, 0, 0, 0)}),
                            on_port(5060, {network(198, 51, 100, 24), network(192, 0, 0, 16)}),
                            on_port(5060, {network(192, 0, 2, 24)})};

    EXPECT_EQ(find_adjacency(snapshot, {here, 5060}, IpAddress::v4(192, 0, 2, 7)), 3u);
    EXPECT_EQ(find_adjacency(snapshot, {here, 5060}, IpAddress::v4(192, 0, 3, 7)), 2u);
    EXPECT_EQ(find_adjacency(snapshot, {here, 5060}, IpAddress::v4(198, 51, 100, 7)), 2u);
    EXPECT_EQ(find_adjacency(snapshot, {here, 5060}, IpAddress::v4(203, 0, 113, 7)), 1u);
    EXPECT_EQ(find_adjacency(snapshot, {here, 5060}, *IpAddress::parse("2001:db8::1")), 0u);
}

TEST(FindAdjacency, ASourceOutsideEveryRangeHasNone) {
    Snapshot snapshot;
    snapshot.adjacencies = {on_port(5060, {network(192, 0, 2, 24)})};
    EXPECT_EQ(find_adjacency(snapshot, {here, 5060}, IpAddress::v4(203, 0, 113, 7)), std::nullopt);
}

// Settled: detached ones still refuse: their peers do not fall to a wider adjacency.
TEST(FindAdjacency, ADetachedAdjacencyKeepsItsPeers) {
    Snapshot snapshot;
    snapshot.adjacencies = {on_port(5060), on_port(5060, {network(192, 0, 2, 24)}, false)};
    EXPECT_EQ(find_adjacency(snapshot, {here, 5060}, IpAddress::v4(192, 0, 2, 7)), 1u);
}

TEST(FindAdjacency, BetweenEqualsAnAttachedOneWinsThenTheFirst) {
    Snapshot snapshot;
    snapshot.adjacencies = {on_port(5060, {}, false), on_port(5060), on_port(5060)};
    EXPECT_EQ(find_adjacency(snapshot, {here, 5060}, IpAddress::v4(192, 0, 2, 7)), 1u);
}

TEST(FindAdjacency, ARemovedOneTakesNobody) {
    Snapshot snapshot;
    snapshot.adjacencies = {on_port(5060),
                            on_port(5060, {network(192, 0, 2, 24)}, /*is_attached=*/false)};
    EXPECT_EQ(find_adjacency(snapshot, {here, 5060}, IpAddress::v4(192, 0, 2, 7)), 1u);
    snapshot.adjacencies[1].is_removed = true;
    EXPECT_EQ(find_adjacency(snapshot, {here, 5060}, IpAddress::v4(192, 0, 2, 7)), 0u);
}

}  // namespace
}  // namespace ringwall::sbc::policy
