// Peers that are asked by OPTIONS whether they are there (`ping-enable`): one that is not gets no
// calls until it is again.
#include "sbc/policy/refusal_rule.h"
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using sbc::Outages;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::vector<std::string> often{"   ping-enable", "    ping-interval 10",
                                     "    ping-lifetime 4", "    ping-fail-count 3", "    exit"};

// What west calls goes to east, which is pinged, and else to north.
class PingedPeer : public Trunks {
protected:
    explicit PingedPeer(const std::string& configuration = configured(three_trunks, "east", often))
        : Trunks(configuration) {}

    std::optional<Outages::State> peer() const { return border.status("east").peer; }
    bool is_down() const { return peer() && peer()->peer == Outages::Peer::Down; }
    bool is_up() const { return peer() && peer()->peer == Outages::Peer::Up; }
    void lose_east() {
        net.lose([this](const SimNetwork::Packet& packet) {
            return is_lost && (packet.to.address == ip("192.0.2.50") ||
                               packet.from.address == ip("192.0.2.50"));
        });
        is_lost = true;
    }
    void hang_up() {
        const std::size_t before = west.statuses("BYE").size();
        west.bye();
        EXPECT_TRUE(run_until([&] { return west.statuses("BYE").size() > before; }));
        net.run_for(1s);
    }
    // New calls are refused from here on, and nobody is pinged.
    void TearDown() override {
        border.sbc().refuse_calls();
        EXPECT_TRUE(run_until([&] { return border.sbc().is_quiet(); }));
        Trunks::TearDown();
        EXPECT_THAT(border.worker(0).snapshot().adjacencies, SizeIs(3));
    }

    bool is_lost = false;
};

TEST_F(PingedPeer, IsAskedByOneWorkerAndAnswers) {
    ASSERT_TRUE(run_until([&] { return is_up(); }));
    net.run_for(60s);
    EXPECT_GE(east.count("OPTIONS"), 6U);
    EXPECT_LE(east.count("OPTIONS"), 7U) << "of all workers one does it";
    EXPECT_EQ(west.count("OPTIONS"), 0U);
    EXPECT_EQ(north.count("OPTIONS"), 0U);
}

TEST_F(PingedPeer, IsAskedForItselfAndForNobodyBehindIt) {
    ASSERT_TRUE(run_until([&] { return is_up(); }));
    const auto ping = east.last_request("OPTIONS");
    EXPECT_EQ(ping->request_uri_text(), "sip:192.0.2.50");
    EXPECT_EQ(ping->from().uri.text, "sip:192.0.2.5");
    EXPECT_TRUE(ping->to_tag().empty());
    EXPECT_NE(ping->header(sip::HeaderName::Contact), nullptr);
    EXPECT_EQ(ping->body(), "");
}

TEST_F(PingedPeer, ThatIsDownIsRoutedAroundAtOnce) {
    ASSERT_TRUE(run_until([&] { return is_up(); }));
    lose_east();
    ASSERT_TRUE(run_until([&] { return is_down(); }));
    EXPECT_EQ(border.sbc().counters().value("peers", "down"), 1U);

    const std::size_t before = net.packets_of(ip("192.0.2.50")).size();
    west.invite("sip:eric@east.example.net");
    ASSERT_TRUE(run_until([&] { return west.is_in_call(); }, 1s));
    EXPECT_EQ(north.count("INVITE"), 1U);
    hang_up();
    const auto after = net.packets_of(ip("192.0.2.50"));
    for (std::size_t i = before; i < after.size(); ++i) {
        EXPECT_TRUE(after[i].bytes.starts_with("OPTIONS ")) << "nothing but pings goes there";
    }
}

// It takes three pings: until then calls find out by themselves, as ever.
TEST_F(PingedPeer, ThatMissesTwoIsNotDown) {
    ASSERT_TRUE(run_until([&] { return is_up(); }));
    lose_east();
    net.run_for(25s);
    EXPECT_TRUE(is_up());
    is_lost = false;
    net.run_for(60s);
    EXPECT_TRUE(is_up());
    EXPECT_EQ(border.sbc().counters().value("peers", "down"), 0U);
}

TEST_F(PingedPeer, ComesBackWithItsFirstAnswer) {
    lose_east();
    ASSERT_TRUE(run_until([&] { return is_down(); }));
    const WallTime since = peer()->since;
    net.run_for(35s);
    EXPECT_EQ(peer()->since, since);
    is_lost = false;
    ASSERT_TRUE(run_until([&] { return is_up(); }, 11s));
    EXPECT_GT(peer()->since, since);

    west.invite("sip:eric@east.example.net");
    ASSERT_TRUE(run_until([&] { return west.is_in_call(); }));
    EXPECT_EQ(east.count("INVITE"), 1U);
    EXPECT_EQ(north.count("INVITE"), 0U);
    hang_up();
}

// 503: it takes nothing. Any other answer shows that it is there.
TEST_F(PingedPeer, ThatSays503IsDownAndWithAnyOtherAnswerIsNot) {
    int status = 404;
    east.answered_by_test = [&](sip::transaction::ServerId id, const sip::MessagePtr& request) {
        if (request->method() != sip::Method::Options) {
            return false;
        }
        east.shard().respond(id, sip::reply(*request, status, "tag").build());
        return true;
    };
    net.run_for(60s);
    EXPECT_TRUE(is_up());
    status = 503;
    ASSERT_TRUE(run_until([&] { return is_down(); }));
    status = 401;
    ASSERT_TRUE(run_until([&] { return is_up(); }));
}

TEST_F(PingedPeer, ACallThatStandsGoesOn) {
    ASSERT_TRUE(run_until([&] { return is_up(); }));
    west.invite("sip:eric@east.example.net");
    ASSERT_TRUE(run_until([&] { return west.is_in_call() && east.is_in_call(); }));
    east.answered_by_test = [&](sip::transaction::ServerId, const sip::MessagePtr& request) {
        return request->method() == sip::Method::Options;  // and says nothing
    };
    ASSERT_TRUE(run_until([&] { return is_down(); }, 60s));
    west.bye();
    EXPECT_TRUE(run_until([&] { return east.count("BYE") == 1; }));
    net.run_for(40s);
}

TEST_F(PingedPeer, IsLeftAloneWhenItIsConfiguredSo) {
    lose_east();
    ASSERT_TRUE(run_until([&] { return is_down(); }));
    border.publish(std::string(three_trunks));
    net.run_for(1s);
    EXPECT_FALSE(peer().has_value());
    is_lost = false;
    const std::size_t before = east.count("OPTIONS");
    net.run_for(60s);
    EXPECT_EQ(east.count("OPTIONS"), before);
    west.invite("sip:eric@east.example.net");
    ASSERT_TRUE(run_until([&] { return west.is_in_call(); }));
    EXPECT_EQ(east.count("INVITE"), 1U) << "what was down is not so any more";
    hang_up();
}

TEST_F(PingedPeer, ThatIsDetachedIsNotAsked) {
    ASSERT_TRUE(run_until([&] { return is_up(); }));
    std::string detached = configured(three_trunks, "east", often);
    const auto east_at = detached.find("adjacency sip east");
    detached.erase(detached.find("   attach", east_at), 10);
    border.publish(detached);
    net.run_for(1s);
    EXPECT_FALSE(peer().has_value());
    const std::size_t before = east.count("OPTIONS");
    net.run_for(60s);
    EXPECT_EQ(east.count("OPTIONS"), before);
}

// The configuration before is nobody's any more, and neither is what it listened on.
TEST_F(PingedPeer, ThatIsLeftAloneKeepsNoSocketOpen) {
    ASSERT_TRUE(run_until([&] { return is_up(); }));
    const Endpoint before{ip("192.0.2.5"), 5060};
    ASSERT_TRUE(net.is_listening(before, sip::Transport::Udp));
    border.publish(configured(three_trunks, "east", {"signaling-address ipv4 192.0.2.15"}));
    net.run_for(5s);
    EXPECT_FALSE(net.is_listening(before, sip::Transport::Udp));
}

// What the commit changes elsewhere does not make a peer unknown.
TEST_F(PingedPeer, StaysDownOverAnotherConfiguration) {
    lose_east();
    ASSERT_TRUE(run_until([&] { return is_down(); }));
    border.publish(configured(configured(three_trunks, "east", often), "west", {"refer pass"}));
    net.run_for(1s);
    EXPECT_TRUE(is_down());
}

// No other route: who calls hears 480, and why.
class OnlyPeer : public PingedPeer {
protected:
    OnlyPeer() : PingedPeer(only()) {}
    static std::string only() {
        std::string text = configured(three_trunks, "east", often);
        const auto entry = text.find("    entry 2\n");
        text.erase(entry, text.find("    entry 3\n") - entry);
        return text;
    }
};

TEST_F(OnlyPeer, ThatIsDownIsA480AndNothingIsSentToIt) {
    lose_east();
    ASSERT_TRUE(run_until([&] { return is_down(); }));
    const std::size_t before = east.count("INVITE");
    west.invite("sip:eric@east.example.net");
    ASSERT_TRUE(run_until([&] { return !west.statuses("INVITE").empty(); }, 1s));
    net.run_for(1s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(480));
    EXPECT_EQ(east.count("INVITE"), before);
    for (const auto& packet : net.packets_of(ip("192.0.2.50"))) {
        EXPECT_FALSE(packet.bytes.starts_with("INVITE "));
    }
    ASSERT_THAT(border.records, SizeIs(1));
    const auto& record = border.records.front();
    EXPECT_EQ(record.reason, "no peer of the route is up");
    EXPECT_EQ(sbc::policy::rule_of(record.decisions, record.status, record.reason).name,
              "peer-down");
}

// A peer of two servers: one answer is enough, and the other server is asked last by all workers.
class PeerOfTwo : public PingedPeer {
protected:
    PeerOfTwo()
        : PingedPeer(configured(configured(three_trunks, "east", often), "east",
                                {"signaling-peer east.example.net",
                                 "remote-address ipv4 192.0.2.50 255.255.255.254"})),
          second(net, ip("192.0.2.51"), sip::Transport::Udp, {ip("192.0.2.5"), 5060},
                 {"emil", "east.example.net", ""}, 501) {
        net.answer({dns::RecordType::Srv, "_sip._udp.east.example.net"},
                   services({{10, 0, 5060, "one.example.net"}, {20, 0, 5060, "two.example.net"}}));
        net.answer({dns::RecordType::A, "one.example.net"}, addresses({ip("192.0.2.50")}));
        net.answer({dns::RecordType::A, "two.example.net"}, addresses({ip("192.0.2.51")}));
    }
    Phone second;
};

TEST_F(PeerOfTwo, IsUpWithOneAndThatOneIsCalled) {
    ASSERT_TRUE(run_until([&] { return is_up(); }));
    net.run_for(1s);
    EXPECT_EQ(east.count("OPTIONS"), 1U);
    EXPECT_EQ(second.count("OPTIONS"), 1U);
    lose_east();
    net.run_for(120s);
    EXPECT_TRUE(is_up());
    const std::size_t before = net.packets_of(ip("192.0.2.50")).size();
    for (int i = 0; i < 4; ++i) {  // by whichever worker
        west.invite("sip:eric@east.example.net");
        ASSERT_TRUE(run_until([&] { return west.is_in_call(); }, 1s)) << i;
        hang_up();
    }
    EXPECT_EQ(second.count("INVITE"), 4U);
    const auto after = net.packets_of(ip("192.0.2.50"));
    for (std::size_t i = before; i < after.size(); ++i) {
        EXPECT_FALSE(after[i].bytes.starts_with("INVITE ")) << "it is asked last";
    }
}

TEST_F(PeerOfTwo, IsDownWithoutBoth) {
    ASSERT_TRUE(run_until([&] { return is_up(); }));
    lose_east();
    second.node().leave();
    ASSERT_TRUE(run_until([&] { return is_down(); }, 60s));
    west.invite("sip:eric@east.example.net");
    ASSERT_TRUE(run_until([&] { return west.is_in_call(); }, 1s));
    EXPECT_EQ(north.count("INVITE"), 1U);
    hang_up();
}

// Over TLS who answers must be the peer: a certificate of another does not make it so.
const std::string over_tls =
    configured(configured(configured(three_trunks, "east", often), "east",
                          {"security trusted-encrypted", "tls certificate border.pem",
                           "tls private-key border.key", "tls trust-anchors anchors.pem",
                           "tls peer-domain east.example.net", "sip-calls-out any"}),
               "west", {"security trusted-unencrypted", "refer pass"});

class PeerOverTls : public Lab {
protected:
    explicit PeerOverTls(const std::string& name = "east.example.net")
        : Lab(over_tls),
          east(net, ip("192.0.2.50"), sip::Transport::Tls, {ip("192.0.2.5"), 5061},
               {"eric", "east.example.net", ""}, 41) {
        east.node().set_server_identity(certificate_of(name));
    }
    std::optional<Outages::State> peer() const { return border.status("east").peer; }
    void TearDown() override {
        border.sbc().refuse_calls();
        Lab::TearDown();
    }
    Phone east;
};

TEST_F(PeerOverTls, IsUpByItsCertificate) {
    ASSERT_TRUE(run_until([&] { return peer() && peer()->peer == Outages::Peer::Up; }));
    EXPECT_EQ(east.last_request("OPTIONS")->request_uri_text(),
              "sip:192.0.2.50:5061;transport=tls");
}

class PeerUnderAnotherName : public PeerOverTls {
protected:
    PeerUnderAnotherName() : PeerOverTls("mallory.example.net") {}
};

TEST_F(PeerUnderAnotherName, IsDownAndWasAskedNothing) {
    ASSERT_TRUE(run_until([&] { return peer() && peer()->peer == Outages::Peer::Down; }, 60s));
    EXPECT_EQ(east.count("OPTIONS"), 0U);
    EXPECT_THAT(east.requests(), IsEmpty());
}

}  // namespace
}  // namespace ringwall::test
