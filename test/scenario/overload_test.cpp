// A worker with more to do than it can: new work is turned away with 503, what goes on goes on.
#include "scenario/border.h"
#include "sip/header/retry_after.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::SizeIs;

template <class World>
class Busy : public World {
protected:
    using World::border;
    using World::net;
    using World::World;
    // For so long all workers handle nothing that has not waited for that.
    void let_wait(Duration waited, Duration time) {
        for (Duration spent{}; spent < time; spent += 10ms) {
            for (std::size_t i = 0; i < border.worker_count(); ++i) {
                border.worker(i).shard().on_delay(waited, net.now());
            }
            net.run_for(10ms);
        }
    }
    // As much as there can be, and it stays so while `then` runs.
    void overload() {
        let_wait(2s, 1s);
        for (std::size_t i = 0; i < border.worker_count(); ++i) {
            EXPECT_TRUE(border.worker(i).is_shedding());
        }
    }
    bool is_shedding() {
        bool any = false;
        for (std::size_t i = 0; i < border.worker_count(); ++i) {
            any = any || border.worker(i).is_shedding();
        }
        return any;
    }
};

class BusyLab : public Busy<SmallLab> {};

TEST_F(BusyLab, ANewCallHears503AndWhenToComeAgainAndCostsNothing) {
    overload();
    outside.invite("sip:+4930@192.0.2.3");
    let_wait(2s, 100ms);
    ASSERT_THAT(outside.statuses("INVITE"), ElementsAre(503));
    const auto wait = sip::retry_after(*outside.last_response("INVITE"));
    ASSERT_TRUE(wait.has_value());
    EXPECT_GE(*wait, 5s);
    EXPECT_LT(*wait, 15s);
    EXPECT_EQ(softswitch.count("INVITE"), 0U);
    EXPECT_EQ(sent_to(softswitch), 0U);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_EQ(border.sbc().shard().transactions().server_count(), 0U);
    EXPECT_EQ(border.sbc().counters().value("shed", "INVITE"), 1U);
    EXPECT_THAT(border.records, SizeIs(0));
}

TEST_F(BusyLab, APhoneThatRegistersHearsTheSameAndNoChallenge) {
    alice.send("OPTIONS", "sip:bob@example.com", {});  // its connection stands
    ASSERT_TRUE(run_until([&] { return !alice.statuses("OPTIONS").empty(); }));
    overload();
    alice.register_now();
    let_wait(2s, 200ms);
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(503));
    EXPECT_EQ(border.sbc().counters().value("shed", "REGISTER"), 1U);
}

class BusyLabWithEmergencies : public Busy<SmallLab> {
protected:
    BusyLabWithEmergencies() : Busy(std::string(small_lab) + "  emergency-number 112\n") {}
};

// Whoever writes the number into something else calls for no help.
TEST_F(BusyLabWithEmergencies, CallsForHelpAreServedAndNothingElse) {
    overload();
    outside.send("OPTIONS", "sip:112@192.0.2.3", {});
    outside.invite("sip:112@192.0.2.3");
    let_wait(2s, 100ms);
    EXPECT_THAT(outside.statuses("OPTIONS"), ElementsAre(503));
    EXPECT_THAT(outside.statuses("INVITE"), Not(Contains(503)));
    EXPECT_EQ(softswitch.count("INVITE"), 1U);
    run_until([&] { return outside.is_in_call(); });
    outside.bye();
    net.run_for(1s);
}

TEST_F(BusyLab, ACallThatIsUpGoesOnAndEnds) {
    register_phones();
    talk();
    overload();
    alice.reinvite();
    let_wait(2s, 200ms);
    EXPECT_EQ(bob.count("INVITE"), 2U);
    EXPECT_THAT(alice.statuses("INVITE"), Not(Contains(503)));
    alice.bye();
    let_wait(2s, 200ms);
    EXPECT_EQ(bob.count("BYE"), 1U);
    EXPECT_THAT(alice.statuses("BYE"), ElementsAre(200));
}

TEST_F(BusyLab, ACallThatIsBeingSetUpIsAnsweredAndCancelled) {
    register_phones();
    bob.on_invite = Phone::OnInvite::Ring;
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return bob.count("INVITE") == 1; }));
    overload();
    alice.cancel();
    let_wait(2s, 200ms);
    EXPECT_EQ(bob.count("CANCEL"), 1U);
    EXPECT_THAT(alice.statuses("INVITE"), Contains(487));
}

TEST_F(BusyLab, EndsWithTheLoadAndIsToldOnce) {
    overload();
    EXPECT_EQ(border.sbc().counters().value("overload", "began"), border.worker_count());
    let_wait(1ms, 3s);
    EXPECT_FALSE(is_shedding());
    EXPECT_EQ(border.sbc().counters().value("overload", "ended"), border.worker_count());
    register_phones();
    talk();
    alice.bye();
    net.run_for(1s);
}

// Nobody comes any more: that is an end as well.
TEST_F(BusyLab, EndsInSilenceToo) {
    overload();
    net.run_for(5s);
    EXPECT_FALSE(is_shedding());
}

// Half of the load is half of the calls.
TEST_F(BusyLab, APartOfTheWorkIsTakenWhereAPartIsTooMuch) {
    let_wait(110ms, 250ms);  // it begins with little
    ASSERT_TRUE(is_shedding());
    for (int i = 0; i < 40; ++i) {
        let_wait(80ms, 10ms);  // and stays as it is
        outside.send("OPTIONS", "sip:192.0.2.3", {});
    }
    net.run_for(50ms);
    const std::uint64_t shed = border.sbc().counters().value("shed", "OPTIONS");
    EXPECT_GT(shed, 0U);
    EXPECT_LT(shed, 20U);
    EXPECT_THAT(outside.statuses("OPTIONS"), Contains(200));
}

// ---- handshakes ---------------------------------------------------------------------------------

constexpr std::string_view doors = R"(
sbc mysbc
 sbe
  tls certificate border.pem
  tls private-key border.key
  tls trust-anchors anchors.pem
  subscriber alice@example.com
   password alice-pw
  adjacency sip phones
   inherit profile preset-access
   security trusted-encrypted
   sip-calls-in secure
   signaling-address ipv4 192.0.2.1
   domain example.com
   tls client-authentication optional
   attach
  adjacency sip trunk
   security trusted-encrypted
   signaling-address ipv4 192.0.2.2
   signaling-peer 192.0.2.20
   tls peer-domain trunk.example.net
   attach
  adjacency sip plain
   security trusted-unencrypted
   signaling-address ipv4 192.0.2.4
   attach
)";

class BusyDoors : public Busy<Lab> {
protected:
    BusyDoors() : Busy(std::string(doors)) {}
    void listen_on(const char* address, std::uint16_t port) {
        for (std::size_t i = 0; i < border.worker_count(); ++i) {
            border.worker(i).add_listener(listener, {ip(address), port}, sip::Transport::Tcp, {});
        }
    }
    // Of a hundred connections from there, at the last worker.
    unsigned admitted_of_a_hundred(const char* source) {
        unsigned admitted = 0;
        for (std::uint16_t port = 1; port <= 100; ++port) {
            const auto decision =
                border.worker(border.worker_count() - 1).on_accept(listener, {ip(source), port});
            admitted += decision.is_admitted ? 1 : 0;
        }
        return admitted;
    }
    std::uint64_t refused() {
        return border.sbc().counters().value("connections_refused", "overload");
    }

    const engine::ListenerId listener{777'777};
    Phone alice{net,
                ip("192.0.2.11"),
                sip::Transport::Tls,
                {ip("192.0.2.1"), 5061},
                {"alice", "example.com", "alice-pw"},
                1};
};

TEST_F(BusyDoors, AStrangersHandshakeIsTurnedAwayBeforeItBegins) {
    Phone mallory(net, ip("192.0.2.66"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
                  {"mallory", "example.com", "guess"}, 2);
    overload();
    mallory.send("OPTIONS", "sip:192.0.2.1", {});
    let_wait(2s, 200ms);
    EXPECT_EQ(sent_to(mallory), 0U);
    EXPECT_THAT(mallory.statuses("OPTIONS"), SizeIs(0));
    EXPECT_GE(refused(), 1U);
    EXPECT_EQ(border.sbc().counters().value("connections_closed", "not-admitted"), refused());
    net.run_for(40s);
}

TEST_F(BusyDoors, WhoIsRegisteredConnectsAgain) {
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    listen_on("192.0.2.1", 5061);
    overload();
    EXPECT_EQ(admitted_of_a_hundred("192.0.2.11"), 100U);
    EXPECT_EQ(admitted_of_a_hundred("192.0.2.12"), 0U);
}

// What the connection was for may still be up when it is gone.
TEST_F(BusyDoors, WhoWasKnownOnceConnectsAgain) {
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    alice.unregister();
    net.run_for(1s);
    listen_on("192.0.2.1", 5061);
    overload();
    EXPECT_EQ(admitted_of_a_hundred("192.0.2.11"), 100U);
}

TEST_F(BusyDoors, WhoOnlyGuessedIsNotKnown) {
    alice.send("OPTIONS", "sip:bob@example.com", {});  // and is challenged
    net.run_for(1s);
    listen_on("192.0.2.1", 5061);
    overload();
    EXPECT_EQ(admitted_of_a_hundred("192.0.2.11"), 0U);
}

TEST_F(BusyDoors, APeerGoesBeforeStrangers) {
    listen_on("192.0.2.2", 5061);
    overload();
    EXPECT_EQ(admitted_of_a_hundred("192.0.2.20"), 100U);
    EXPECT_EQ(admitted_of_a_hundred("192.0.2.21"), 0U);
    EXPECT_EQ(refused(), 100U);
}

TEST_F(BusyDoors, AConnectionInTheClearCostsNothing) {
    listen_on("192.0.2.4", 5060);
    overload();
    EXPECT_EQ(admitted_of_a_hundred("192.0.2.21"), 100U);
    EXPECT_EQ(refused(), 0U);
}

TEST_F(BusyDoors, APartOfThemIsTakenWhereAPartIsTooMuchAndAllBeforeAndAfter) {
    listen_on("192.0.2.2", 5061);
    EXPECT_EQ(admitted_of_a_hundred("192.0.2.21"), 100U);
    let_wait(110ms, 250ms);
    ASSERT_TRUE(is_shedding());
    const unsigned admitted = admitted_of_a_hundred("192.0.2.22");
    EXPECT_GT(admitted, 50U);
    EXPECT_LT(admitted, 100U);
    EXPECT_EQ(refused(), 100U - admitted);
    let_wait(1ms, 3s);
    EXPECT_EQ(admitted_of_a_hundred("192.0.2.23"), 100U);
}

// An adjacency that takes nothing from there stays silent, whatever the load.
TEST_F(BusyLab, StrangersHearNothing) {
    Phone stranger(net, ip("198.51.100.99"), sip::Transport::Udp, {ip("192.0.2.3"), 5060},
                   {"eve", "example.net", ""}, 77);
    overload();
    stranger.invite("sip:+4930@192.0.2.3");
    let_wait(2s, 200ms);
    EXPECT_EQ(sent_to(stranger), 0U);
    net.run_for(40s);
}

}  // namespace
}  // namespace ringwall::test
