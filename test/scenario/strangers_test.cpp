// Connections of strangers are limited by source, so that phones and trunks find descriptors.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;

template <class World>
class AtADoor : public World {
protected:
    using World::border;
    using World::World;
    engine::AcceptDecision connects(const char* source, std::uint16_t port = 40000) {
        return border.worker(0).on_accept(listener, {ip(source), port});
    }
    void closed(const char* source, CloseReason reason, std::uint16_t port = 40000) {
        engine::Flow flow;
        flow.id = FlowId{999'999};
        flow.listener = listener;
        flow.local = local;
        flow.remote = {ip(source), port};
        border.worker(0).on_flow_closed(flow, reason, "");
    }
    void listen_on(const char* address, std::uint16_t port) {
        local = {ip(address), port};
        listener = engine::ListenerId{777'777};
        border.worker(0).add_listener(listener, local, sip::Transport::Tcp, {});
    }
    Endpoint local;
    engine::ListenerId listener;
};

class Strangers : public AtADoor<SmallLab> {};

TEST_F(Strangers, OneSourceHasAHundredConnectionsAndNoMore) {
    listen_on("192.0.2.3", 5060);
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(connects("192.0.2.30").is_admitted) << i;
    }
    EXPECT_FALSE(connects("192.0.2.30").is_admitted);
    closed("192.0.2.30", CloseReason::NotAdmitted);  // that one: it does not make room
    EXPECT_FALSE(connects("192.0.2.30").is_admitted);
    closed("192.0.2.30", CloseReason::PeerClosed);
    EXPECT_TRUE(connects("192.0.2.30").is_admitted);
}

TEST_F(Strangers, TrustedPeersAreNotCounted) {
    listen_on("192.0.2.2", 5060);
    for (int i = 0; i < 500; ++i) {
        ASSERT_TRUE(connects("192.0.2.20").is_admitted) << i;
    }
}

// ---- doors of phones ----------------------------------------------------------------------------

class DoorOfPhones : public Strangers {
protected:
    std::uint64_t closed_idle() {
        return border.sbc().counters().value("connections_closed", "idle");
    }
    std::uint64_t closed_by_peer() {
        return border.sbc().counters().value("connections_closed", "peer-closed");
    }
};

TEST_F(DoorOfPhones, OneSourceHasAThousandNewcomersAndNoMore) {
    listen_on("192.0.2.1", 5061);
    for (std::uint16_t port = 1; port <= 1000; ++port) {
        ASSERT_TRUE(connects("192.0.2.40", port).is_admitted) << port;
    }
    EXPECT_FALSE(connects("192.0.2.40", 1001).is_admitted);
    EXPECT_TRUE(connects("192.0.2.41", 1).is_admitted);  // another house
    closed("192.0.2.40", CloseReason::NotAdmitted, 1001);
    EXPECT_FALSE(connects("192.0.2.40", 1001).is_admitted);
    closed("192.0.2.40", CloseReason::HandshakeFailed, 7);
    EXPECT_TRUE(connects("192.0.2.40", 1001).is_admitted);
    EXPECT_FALSE(connects("192.0.2.40", 1002).is_admitted);
}

TEST_F(DoorOfPhones, WhoHasRegisteredCountsNoMoreAndStays) {
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    listen_on("192.0.2.1", 5061);
    const std::string source = alice.node().address().to_string();
    for (std::uint16_t port = 1; port <= 1000; ++port) {
        ASSERT_TRUE(connects(source.c_str(), port).is_admitted) << port;
    }
    net.run_for(600s);
    EXPECT_EQ(closed_idle(), 0U);
    EXPECT_EQ(closed_by_peer(), 0U);
}

TEST_F(DoorOfPhones, WhoShowsACertificateCountsNoMoreAndStays) {
    alice.node().set_client_identity(certificate_of_user("alice@example.com"));
    alice.send("OPTIONS", "sip:192.0.2.1", {});
    net.run_for(1s);
    listen_on("192.0.2.1", 5061);
    const std::string source = alice.node().address().to_string();
    for (std::uint16_t port = 1; port <= 1000; ++port) {
        ASSERT_TRUE(connects(source.c_str(), port).is_admitted) << port;
    }
    net.run_for(600s);
    EXPECT_EQ(closed_idle(), 0U);
}

TEST_F(DoorOfPhones, WhoNeverSaysWhoItIsIsClosed) {
    Phone mallory(net, ip("192.0.2.66"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
                  {"mallory", "example.com", "guess"});
    mallory.send("OPTIONS", "sip:bob@example.com", {});
    net.run_for(1s);
    EXPECT_THAT(mallory.statuses("OPTIONS"), ElementsAre(401, 401));
    net.run_for(62s);
    EXPECT_EQ(closed_idle(), 0U);
    net.run_for(2s);
    EXPECT_EQ(closed_idle(), 1U);
}

// Its call is not cut.
TEST_F(DoorOfPhones, WhoCallsWithoutARegistrationIsKnownToo) {
    alice.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call(); }));
    net.run_for(600s);
    EXPECT_EQ(closed_idle(), 0U);
    EXPECT_TRUE(alice.is_in_call());
    alice.bye();
    ASSERT_TRUE(run_until([&] { return border.sbc().calls() == 0; }));
}

// ---- doors of trunks, and IPv6 ------------------------------------------------------------------

constexpr std::string_view open_doors = R"(
sbc mysbc
 sbe
  tls certificate border.pem
  tls private-key border.key
  tls trust-anchors anchors.pem
  adjacency sip trunk
   security trusted-encrypted
   sip-calls-in secure
   sip-calls-out any
   tls client-authentication optional
   signaling-address ipv4 192.0.2.1
   signaling-peer trunk.example.net
   attach
  adjacency sip secure-six
   security trusted-encrypted
   sip-calls-in secure
   sip-calls-out any
   signaling-address ipv6 2001:db8::2
   signaling-peer six.example.net
   attach
  adjacency sip six
   security untrusted
   signaling-address ipv6 2001:db8::1
   signaling-peer 2001:db8::9
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency trunk
     dst-adjacency six
     action complete
  active-call-policy-set 1
)";

class OpenDoors : public AtADoor<Lab> {
protected:
    OpenDoors() : AtADoor(std::string(open_doors)) {}
    unsigned admitted_of_a_thousand(const char* source) {
        unsigned admitted = 0;
        for (std::uint16_t port = 1; port <= 1000; ++port) {
            admitted += connects(source, port).is_admitted ? 1 : 0;
        }
        return admitted;
    }
    std::uint64_t closed_idle() {
        return border.sbc().counters().value("connections_closed", "idle");
    }
    Phone peer{net,
               ip("192.0.2.70"),
               sip::Transport::Tls,
               {ip("192.0.2.1"), 5061},
               {"tim", "trunk.example.net", ""},
               700};
};

TEST_F(OpenDoors, OfATrunkLetAThousandStrangersOfASourceIn) {
    listen_on("192.0.2.1", 5061);
    EXPECT_EQ(admitted_of_a_thousand("203.0.113.66"), 1000U);
    EXPECT_FALSE(connects("203.0.113.66", 1001).is_admitted);
    EXPECT_TRUE(connects("203.0.113.67", 1).is_admitted);
    closed("203.0.113.66", CloseReason::HandshakeFailed, 7);
    EXPECT_TRUE(connects("203.0.113.66", 1001).is_admitted);
}

TEST_F(OpenDoors, TheTrunkIsKnownByItsCertificate) {
    peer.node().set_client_identity(certificate_of("trunk.example.net"));
    peer.send("OPTIONS", "sip:192.0.2.1", {});
    net.run_for(1s);
    listen_on("192.0.2.1", 5061);
    EXPECT_EQ(admitted_of_a_thousand("192.0.2.70"), 1000U);
    net.run_for(600s);
    EXPECT_EQ(closed_idle(), 0U);
}

TEST_F(OpenDoors, WhoHasNoneIsRefusedAndClosed) {
    peer.send("OPTIONS", "sip:192.0.2.1", {});
    net.run_for(1s);
    EXPECT_EQ(peer.last_response("OPTIONS")->status(), 403);
    listen_on("192.0.2.1", 5061);
    EXPECT_EQ(admitted_of_a_thousand("192.0.2.70"), 999U);
    net.run_for(65s);
    EXPECT_EQ(closed_idle(), 1U);
}

// One host has all addresses of its /64 if it likes.
TEST_F(OpenDoors, ASourceOfIpv6IsItsNetwork) {
    listen_on("2001:db8::1", 5060);
    unsigned admitted = 0;
    for (const char* source : {"2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::"}) {
        admitted += admitted_of_a_thousand(source);
    }
    EXPECT_EQ(admitted, 100U);
    EXPECT_TRUE(connects("2001:db8:0:2::1").is_admitted);
    closed("2001:db8:0:1::77", CloseReason::PeerClosed);
    EXPECT_TRUE(connects("2001:db8:0:1::78").is_admitted);
}

TEST_F(OpenDoors, NewcomersOfIpv6AreCountedByNetworkAndKnownByAddress) {
    listen_on("2001:db8::2", 5061);
    EXPECT_EQ(admitted_of_a_thousand("2001:db8:0:1::1"), 1000U);
    EXPECT_EQ(admitted_of_a_thousand("2001:db8:0:1::2"), 0U);
    EXPECT_TRUE(connects("2001:db8:0:2::1").is_admitted);
    closed("2001:db8:0:1::2", CloseReason::NotAdmitted, 1);
    EXPECT_FALSE(connects("2001:db8:0:1::2", 1).is_admitted);
    closed("2001:db8:0:1::1", CloseReason::PeerClosed, 1);
    EXPECT_TRUE(connects("2001:db8:0:1::2", 1).is_admitted);
    EXPECT_FALSE(connects("2001:db8:0:1::2", 2).is_admitted);
}

}  // namespace
}  // namespace ringwall::test
