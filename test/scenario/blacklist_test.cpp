// What one source may do (`blacklist`): who is limited, who is shut out and for how long, and that
// nobody is by what anybody can write.
#include "scenario/border.h"
#include "scenario/tls_contexts.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;

// The lab with these lines for all sources.
std::string with_rules(std::string_view lab, const std::string& lines) {
    return std::string(lab) + "  blacklist address-default\n" + lines;
}

std::string reason(const std::string& what, unsigned size, const std::string& more = {}) {
    return "   reason " + what + "\n    trigger-size " + std::to_string(size) + "\n" + more;
}

class Door : public SmallLab {
protected:
    explicit Door(const std::string& configuration) : SmallLab(configuration) {}
    std::uint64_t count(std::string_view name, std::string_view label) {
        return border.sbc().counters().value(name, label);
    }
    std::size_t answers(const Phone& phone) const { return phone.responses().size(); }
    void try_to_register(Phone& phone) {
        phone.register_now();
        net.run_for(1s);
    }
};

// ---- passwords ----------------------------------------------------------------------------------

class ThreeGuesses : public Door {
protected:
    ThreeGuesses() : Door(with_rules(small_lab, reason("authentication-failure", 3))) {}
    Phone eve{net,
              ip("192.0.2.66"),
              sip::Transport::Tls,
              {ip("192.0.2.1"), 5061},
              {"alice", "example.com", "guess"},
              66};
};

TEST_F(ThreeGuesses, ShutASourceOutForATime) {
    register_phones();
    for (int i = 0; i < 3; ++i) {
        try_to_register(eve);
    }
    EXPECT_EQ(count("sources_blacklisted", "authentication-failure"), 0U);
    try_to_register(eve);
    EXPECT_EQ(count("sources_blacklisted", "authentication-failure"), 1U);
    const std::size_t before = answers(eve);
    try_to_register(eve);
    EXPECT_EQ(answers(eve), before);
    EXPECT_GE(count("connections_refused", "blacklist"), 1U);
    ASSERT_EQ(border.blacklist().bans(net.now().monotonic).size(), 1U);
    EXPECT_EQ(border.blacklist().bans(net.now().monotonic)[0].source, ip("192.0.2.66"));

    talk();  // the others do not hear of it
    alice.bye();
    net.run_for(301s);
    EXPECT_TRUE(border.blacklist().bans(net.now().monotonic).empty());
    try_to_register(eve);
    EXPECT_GT(answers(eve), before);
}

TEST_F(ThreeGuesses, MayBeForgivenByAnOperator) {
    for (int i = 0; i < 4; ++i) {
        try_to_register(eve);
    }
    const std::size_t before = answers(eve);
    border.blacklist().clear(ip("192.0.2.66"));
    try_to_register(eve);
    EXPECT_GT(answers(eve), before);
}

// By the connection that bob is registered by, which stays, and is heard with bob's own.
class GuessesOfASubscriber : public ThreeGuesses {
protected:
    void SetUp() override {
        register_phones();
        for (const auto& response : bob.responses()) {
            if (const auto* line = response->header(sip::HeaderName::WwwAuthenticate)) {
                challenge_ = sip::auth::parse_challenge(line->value).value();
            }
        }
        ASSERT_FALSE(challenge_.nonce.empty());
    }
    // The last answer to a REGISTER of bob's connection for alice, or for whom there is not.
    int guess(const std::string& user, const std::string& password) {
        SeededRandom random{1};
        const auto credentials = sip::auth::answer(challenge_, {user, Secret(password)}, "REGISTER",
                                                   "sip:example.com", ++count_, random);
        const std::string who = "<sip:" + user + "@example.com>";
        bob.send("REGISTER", "sip:example.com",
                 {{"From", who + ";tag=g"},
                  {"To", who},
                  {"Contact", bob.contact()},
                  {"Authorization", sip::auth::to_string(credentials)}});
        net.run_for(1s);
        return bob.statuses("REGISTER").back();
    }

private:
    sip::auth::Challenge challenge_;
    std::uint32_t count_ = 1000;
};

TEST_F(GuessesOfASubscriber, AreNotLookedAtWhenTheyWereTooMany) {
    for (int i = 0; i < 4; ++i) {
        guess("alice", "guess");
    }
    EXPECT_EQ(guess("alice", "guess"), 503);
    EXPECT_EQ(guess("alice", "wonderland"), 503);  // which is right
    EXPECT_EQ(guess("eve", "guess"), 503);         // whom there is not

    bob.register_now();
    net.run_for(1s);
    EXPECT_EQ(bob.statuses("REGISTER").back(), 200);
    talk();
    alice.bye();
    net.run_for(61s);
    EXPECT_EQ(guess("alice", "guess"), 401);
}

// Who has a right password meanwhile is not shut out by it, nor by a stale nonce.
TEST_F(ThreeGuesses, AreNotUsedUpByWhoIsRight) {
    for (int i = 0; i < 10; ++i) {
        try_to_register(alice);
    }
    EXPECT_TRUE(alice.is_registered());
    EXPECT_EQ(count("sources_limited", "authentication-failure"), 0U);
}

std::string udp_lab() {
    return with_rules(configured(small_lab, "phones", {"security untrusted"}),
                      reason("authentication-failure", 3));
}

std::string without(std::string text, const std::string& line) {
    text.erase(text.find(line), line.size());
    return text;
}

class GuessesOverUdp : public Door {
protected:
    GuessesOverUdp()
        : Door(without(without(udp_lab(), "   sip-calls-in secure\n"),
                       "   sip-calls-out secure-only\n")) {}
    Phone eve{net,
              ip("192.0.2.66"),
              sip::Transport::Udp,
              {ip("192.0.2.1"), 5060},
              {"alice", "example.com", "guess"},
              66};
};

TEST_F(GuessesOverUdp, AreHeardNoMoreAndNobodyIsShutOut) {
    for (int i = 0; i < 4; ++i) {
        try_to_register(eve);
    }
    const auto wrong = count("challenged", "authenticate");
    for (int i = 0; i < 3; ++i) {
        try_to_register(eve);
    }
    // Each asks without credentials first, which is answered, and then with.
    EXPECT_EQ(count("challenged", "authenticate"), wrong + 3);
    EXPECT_GE(count("dropped", "authentication-failure"), 3U);
    EXPECT_EQ(count("sources_blacklisted", "authentication-failure"), 0U);
    EXPECT_TRUE(border.blacklist().bans(net.now().monotonic).empty());
    net.run_for(60s);
    const auto later = count("challenged", "authenticate");
    try_to_register(eve);
    EXPECT_EQ(count("challenged", "authenticate"), later + 2);
}

// Whoever writes somebody's address into datagrams has no nonce that was sent there.
TEST_F(GuessesOverUdp, InSomebodysNameDoNotCount) {
    const auto socket = eve.node().listen_udp({ip("192.0.2.66"), 5070});
    for (int i = 0; i < 10; ++i) {
        const std::string number = std::to_string(i);
        eve.node().send_datagram(
            socket.flow, {ip("192.0.2.1"), 5060},
            "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.66:5070;branch=z9hG4bK" +
                number +
                "\r\nMax-Forwards: 70\r\nFrom: <sip:alice@example.com>;tag=1\r\n"
                "To: <sip:alice@example.com>\r\nCall-ID: forged\r\nCSeq: " +
                std::to_string(i + 1) +
                " REGISTER\r\nContact: <sip:alice@192.0.2.66>\r\n"
                "Authorization: Digest username=\"alice\", realm=\"example.com\", "
                "nonce=\"made-up\", uri=\"sip:example.com\", algorithm=SHA-256, qop=auth, "
                "nc=00000001, cnonce=\"c\", response=\"" +
                std::string(64, 'a') + "\"\r\nContent-Length: 0\r\n\r\n");
        net.run_for(100ms);
    }
    EXPECT_EQ(count("challenged", "authenticate"), 10U);
    EXPECT_EQ(count("sources_limited", "authentication-failure"), 0U);
}

// ---- what cannot be read ------------------------------------------------------------------------

class Nonsense : public Door {
protected:
    explicit Nonsense(const std::string& configuration = with_rules(small_lab,
                                                                    reason("corrupt-message", 3)))
        : Door(configuration) {}
    static std::string nonsense(const std::string& transport) {
        return "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/" + transport +
               " 192.0.2.66:5060;branch=z9hG4bKn\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n"
               "Call-ID: n\r\nCSeq: nonsense\r\nContent-Length: 0\r\n\r\n";
    }
};

TEST_F(Nonsense, OverUdpIsAnsweredAFewTimesAndThenDropped) {
    Phone mallory(net, ip("192.0.2.31"), sip::Transport::Udp, {ip("192.0.2.3"), 5060},
                  {"mallory", "example.net", ""}, 66);
    border.publish(
        configured(with_rules(small_lab, reason("corrupt-message", 3)), "outside",
                   {"remote-address ipv4 192.0.2.0 255.255.255.0", "signaling-peer 192.0.2.30"}));
    const auto socket = mallory.node().listen_udp({ip("192.0.2.31"), 5070});
    for (int i = 0; i < 5; ++i) {
        mallory.node().send_datagram(socket.flow, {ip("192.0.2.3"), 5060}, nonsense("UDP"));
        net.run_for(100ms);
    }
    EXPECT_EQ(border.sbc().shard().counters().faults_answered, 3U);
    EXPECT_EQ(border.sbc().shard().counters().faults_dropped, 2U);
    EXPECT_EQ(count("sources_limited", "corrupt-message"), 2U);
    EXPECT_EQ(count("sources_blacklisted", "corrupt-message"), 0U);
    // What can be read is still read.
    mallory.send("OPTIONS", "sip:192.0.2.3", {});
    net.run_for(1s);
    EXPECT_THAT(mallory.statuses("OPTIONS"), ElementsAre(200));
}

class NonsenseOverTls : public Nonsense {
protected:
    // Each by a connection of its own, as who was cut off would come again.
    void say_nonsense(const std::string& text) {
        engine::ConnectSpec spec;
        spec.transport = sip::Transport::Tls;
        spec.remote = {ip("192.0.2.1"), 5061};
        spec.tls = client_context();
        const FlowId flow = eve.node().connect(spec);
        net.run_for(100ms);
        eve.node().send(flow, text);
        net.run_for(1s);
    }
    std::size_t bans() { return border.blacklist().bans(net.now().monotonic).size(); }
    Phone eve{net,
              ip("192.0.2.66"),
              sip::Transport::Tls,
              {ip("192.0.2.1"), 5061},
              {"alice", "example.com", "wonderland"},
              66};
};

TEST_F(NonsenseOverTls, ShutsASourceOut) {
    register_phones();
    for (int i = 0; i < 3; ++i) {
        say_nonsense(nonsense("TLS"));
    }
    EXPECT_EQ(border.sbc().shard().counters().faults_answered, 3U);
    EXPECT_EQ(bans(), 0U);
    say_nonsense(nonsense("TLS"));
    EXPECT_EQ(count("sources_blacklisted", "corrupt-message"), 1U);
    ASSERT_EQ(bans(), 1U);
    const std::size_t sent = net.packets_of(ip("192.0.2.66")).size();
    try_to_register(eve);
    EXPECT_EQ(net.packets_of(ip("192.0.2.66")).size(), sent);
    EXPECT_GE(count("connections_refused", "blacklist"), 1U);
    talk();
    alice.bye();
}

// What has no end that could be found ends the connection, and counts the same.
TEST_F(NonsenseOverTls, CountsWithoutAnEnd) {
    for (int i = 0; i < 4; ++i) {
        say_nonsense("OPTIONS sip:x SIP/2.0\r\nContent-Length: much\r\n\r\n");
    }
    EXPECT_EQ(count("sources_blacklisted", "corrupt-message"), 1U);
    EXPECT_EQ(bans(), 1U);
}

// ---- what is written of it ----------------------------------------------------------------------

TEST_F(NonsenseOverTls, ConnectionsThatNobodyHadAreWrittenDownAsLongAsTheyAreFew) {
    register_phones();
    engine::ConnectSpec spec;
    spec.transport = sip::Transport::Tcp;
    spec.remote = {ip("192.0.2.3"), 5060};
    const std::size_t workers = border.worker_count();
    for (std::size_t i = 0; i < 150 * workers; ++i) {
        outside.node().connect(spec);
    }
    net.run_for(100ms);
    outside.node().cut();
    net.run_for(100ms);
    const auto left_out = [&] { return count("log_lines_left_out", "closings"); };
    const auto strangers = left_out();
    EXPECT_GE(strangers, 50 * workers);
    alice.node().cut();  // in the same second: a phone that was registered
    net.run_for(100ms);
    EXPECT_EQ(left_out(), strangers);
}

// What one host of a /64 does.
std::string sixth_version() {
    std::string text = configured(
        small_lab, "outside", {"remote-address ipv6 2001:db8::/64", "signaling-peer 2001:db8::30"});
    const auto replace = [&](const std::string& before, const std::string& after) {
        text.replace(text.find(before), before.size(), after);
    };
    replace("signaling-address ipv4 192.0.2.3", "signaling-address ipv6 2001:db8::3");
    replace("   remote-address ipv4 192.0.2.30 255.255.255.255\n", "");
    return with_rules(text, reason("corrupt-message", 3)) +
           "  blacklist ipv6 2001:db8::20\n   reason corrupt-message\n    trigger-size off\n"
           "  blacklist ipv6 2001:db8::21\n" +
           reason("corrupt-message", 5);
}

class Neighbours : public Nonsense {
protected:
    Neighbours() : Nonsense(sixth_version()) {
        for (Phone* each : {&peer, &exempt, &named, &other}) {
            EXPECT_TRUE(is_heard(*each));
        }
    }
    bool is_heard(Phone& phone) {
        const std::size_t before = answers(phone);
        phone.send("OPTIONS", "sip:[2001:db8::3]", {});
        net.run_for(1s);
        return answers(phone) > before;
    }
    // By connections of its own.
    void talk_nonsense(Phone& phone, int times) {
        for (int i = 0; i < times; ++i) {
            engine::ConnectSpec spec;
            spec.transport = sip::Transport::Tcp;
            spec.remote = {ip("2001:db8::3"), 5060};
            const FlowId flow = phone.node().connect(spec);
            net.run_for(100ms);
            phone.node().send(flow, nonsense("TCP"));
            net.run_for(1s);
        }
    }
    std::vector<IpAddress> shut_out() {
        std::vector<IpAddress> out;
        for (const sbc::Ban& each : border.blacklist().bans(net.now().monotonic)) {
            out.push_back(each.source);
        }
        return out;
    }
    Phone at(const char* address, unsigned seed) {
        return {net,
                ip(address),
                sip::Transport::Tcp,
                {ip("2001:db8::3"), 5060},
                {"x", "example.net", ""},
                seed};
    }
    Phone peer = at("2001:db8::30", 71);
    Phone exempt = at("2001:db8::20", 72);
    Phone named = at("2001:db8::21", 73);
    Phone other = at("2001:db8::66", 74);
    Phone bad = at("2001:db8::bad", 75);
};

TEST_F(Neighbours, AreShutOutTogetherButNotWhoIsExemptOrNamed) {
    talk_nonsense(bad, 4);
    EXPECT_THAT(shut_out(), ElementsAre(ip("2001:db8::")));
    for (Phone* each : {&peer, &exempt, &named}) {
        EXPECT_TRUE(is_heard(*each)) << "by the connection that stood";
        each->reconnect();
        EXPECT_TRUE(is_heard(*each)) << "by another";
    }
    EXPECT_FALSE(is_heard(other));
    net.run_for(301s);
    other.reconnect();
    EXPECT_TRUE(is_heard(other));
}

// Who is named is counted by itself.
TEST_F(Neighbours, DoNotPayForWhoIsNamed) {
    talk_nonsense(other, 2);
    talk_nonsense(exempt, 8);
    EXPECT_THAT(shut_out(), ElementsAre());
    talk_nonsense(named, 5);
    EXPECT_THAT(shut_out(), ElementsAre());
    talk_nonsense(named, 1);
    EXPECT_THAT(shut_out(), ElementsAre(ip("2001:db8::21")));
    EXPECT_FALSE(is_heard(named));
    for (Phone* each : {&peer, &exempt, &other}) {
        EXPECT_TRUE(is_heard(*each));
    }
    border.blacklist().clear(ip("2001:db8::21"));
    named.reconnect();
    EXPECT_TRUE(is_heard(named));
}

class ThreeHandshakes : public Door {
protected:
    ThreeHandshakes() : Door(with_rules(small_lab, reason("handshake-failure", 3))) {}
};

// Who sends SIP where TLS is spoken.
TEST_F(ThreeHandshakes, ThatFailShutASourceOut) {
    register_phones();
    Phone eve(net, ip("192.0.2.66"), sip::Transport::Tcp, {ip("192.0.2.1"), 5061},
              {"alice", "example.com", "wonderland"}, 66);
    Phone innocent(net, ip("192.0.2.66"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
                   {"alice", "example.com", "wonderland"}, 67);
    for (int i = 0; i < 3; ++i) {
        try_to_register(eve);
        eve.reconnect();
    }
    EXPECT_EQ(count("connections_closed", "plain-on-tls"), 3U);
    EXPECT_EQ(count("sources_blacklisted", "handshake-failure"), 0U);
    try_to_register(eve);
    EXPECT_EQ(count("sources_blacklisted", "handshake-failure"), 1U);
    try_to_register(innocent);  // of the same address
    EXPECT_FALSE(innocent.is_registered());
    EXPECT_EQ(answers(innocent), 0U);
    talk();
    alice.bye();
    net.run_for(301s);
    try_to_register(innocent);
    EXPECT_TRUE(innocent.is_registered());
}

// ---- rates --------------------------------------------------------------------------------------

class FiveRequestsOfStrangers : public Door {
protected:
    FiveRequestsOfStrangers()
        : Door(with_rules(configured(std::string(small_lab) + "  emergency-number 112\n", "outside",
                                     {"remote-address ipv4 192.0.2.0 255.255.255.0"}),
                          reason("request-rate", 5, "    trigger-period 10\n"))) {}
    Phone stranger{net,
                   ip("192.0.2.31"),
                   sip::Transport::Udp,
                   {ip("192.0.2.3"), 5060},
                   {"stranger", "example.net", ""},
                   67};
};

TEST_F(FiveRequestsOfStrangers, AreAnsweredAndTheRestIsSilence) {
    for (int i = 0; i < 8; ++i) {
        stranger.send("OPTIONS", "sip:192.0.2.3", {});
    }
    net.run_for(500ms);
    EXPECT_EQ(stranger.statuses("OPTIONS").size(), 5U);
    // The peer of the adjacency is no stranger, and an emergency call has a bucket of its own.
    for (int i = 0; i < 8; ++i) {
        outside.send("OPTIONS", "sip:192.0.2.3", {});
    }
    net.run_for(500ms);
    EXPECT_EQ(outside.statuses("OPTIONS").size(), 8U);
    stranger.invite("sip:112@switch.example.com");
    ASSERT_TRUE(run_until([&] { return stranger.is_in_call(); }, 5s));
    stranger.bye();
    net.run_for(20s);
    EXPECT_EQ(count("sources_blacklisted", "request-rate"), 0U);
}

TEST_F(FiveRequestsOfStrangers, AreAllThatIsHeardThoughTheyCannotBeRead) {
    const auto socket = stranger.node().listen_udp({ip("192.0.2.31"), 5070});
    for (int i = 0; i < 8; ++i) {
        stranger.node().send_datagram(
            socket.flow, {ip("192.0.2.3"), 5060},
            "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.31:5070;branch=z9hG4bKn\r\n"
            "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: n\r\nCSeq: nonsense\r\n"
            "Content-Length: 0\r\n\r\n");
    }
    net.run_for(100ms);
    EXPECT_EQ(border.sbc().shard().counters().faults_answered, 5U);
    EXPECT_EQ(border.sbc().shard().counters().faults_dropped, 3U);
}

TEST_F(FiveRequestsOfStrangers, AreAllThatIsHeardThoughTheyCancelNothing) {
    for (int i = 0; i < 8; ++i) {
        stranger.send("CANCEL", "sip:192.0.2.3", {});
    }
    net.run_for(500ms);
    EXPECT_EQ(stranger.statuses("CANCEL"), std::vector<int>(5, 481));
    EXPECT_GE(count("dropped", "request-rate"), 3U);
    net.run_for(40s);
}

TEST_F(FiveRequestsOfStrangers, OverAConnectionHear503) {
    Phone caller(net, ip("192.0.2.32"), sip::Transport::Tcp, {ip("192.0.2.3"), 5060},
                 {"caller", "example.net", ""}, 68);
    for (int i = 0; i < 7; ++i) {
        caller.send("OPTIONS", "sip:192.0.2.3", {});
    }
    net.run_for(1s);
    EXPECT_THAT(caller.statuses("OPTIONS"), ElementsAre(200, 200, 200, 200, 200, 503, 503));
    EXPECT_NE(caller.last_response("OPTIONS")->header(sip::HeaderName::RetryAfter), nullptr);
}

// A call that is up is not counted: it is refreshed and ends.
TEST_F(FiveRequestsOfStrangers, LeaveTheCallThatIsUpAlone) {
    stranger.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return stranger.is_in_call(); }));
    for (int i = 0; i < 8; ++i) {
        stranger.send("OPTIONS", "sip:192.0.2.3", {});
    }
    for (int i = 0; i < 3; ++i) {
        stranger.reinvite();
        net.run_for(200ms);
    }
    EXPECT_EQ(softswitch.count("INVITE"), 4U);
    stranger.bye();
    ASSERT_TRUE(run_until([&] { return softswitch.count("BYE") == 1; }, 2s));
}

class ThreeConnections : public Door {
protected:
    ThreeConnections() : Door(with_rules(small_lab, reason("connection-rate", 3))) {}
};

TEST_F(ThreeConnections, OfASourceInAMinute) {
    Phone eve(net, ip("192.0.2.66"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
              {"alice", "example.com", "wonderland"}, 66);
    for (int i = 0; i < 5; ++i) {
        eve.reconnect();
        eve.register_now();
        net.run_for(1s);
    }
    EXPECT_EQ(count("connections_refused", "connection-rate"), 2U);
    EXPECT_TRUE(border.blacklist().bans(net.now().monotonic).empty());
    net.run_for(20s);
    eve.reconnect();
    eve.register_now();
    net.run_for(1s);
    EXPECT_TRUE(eve.is_registered());
    EXPECT_EQ(eve.statuses("REGISTER").back(), 200);
}

}  // namespace
}  // namespace ringwall::test
