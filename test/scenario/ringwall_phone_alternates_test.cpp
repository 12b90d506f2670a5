// Alternate Proxy and Alternate Outbound Proxy: further servers of a line, when all of the others
// have failed, and the way back.
#include "scenario/registrar.h"
#include "scenario/udp_phone.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

const Phone::Account proxy_itself{"pbx", "pbx.example.org", ""};

// The proxy, and the alternate beside it; what either does at REGISTER and OPTIONS the test says.
class Alternates : public UdpPhone {
protected:
    static phone::Settings with_alternate() {
        phone::Settings settings = udp_line();
        phone::LineSettings& line = settings.lines.front();
        line.is_register = true;
        line.alternate_proxy = "spare.example.net";
        line.proxy_fallback_intvl = 100s;
        return settings;
    }
    Alternates() {
        net.answer({dns::RecordType::A, "spare.example.net"}, addresses({ip("203.0.113.2")}, 60s));
        serve(own, is_own_dead);
        serve(spare, is_spare_dead);
    }
    // A registrar that knows the phone, or a machine without power.
    void serve(Phone& server, const bool& is_dead) const {
        server.answered_by_test = [&](sip::transaction::ServerId id,
                                      const sip::MessagePtr& request) {
            if (is_dead) {
                return true;
            }
            return accept_register(server, id, request);
        };
    }
    static IpAddress server_of(RingwallPhone& phone) { return phone.line().hop()->remote.address; }
    std::size_t packets_to(const IpAddress& address) const {
        const auto packets = net.packets_of(address);
        return static_cast<std::size_t>(std::ranges::count_if(
            packets, [&](const auto& packet) { return packet.to.address == address; }));
    }

    const IpAddress own_address = ip("198.51.100.1"), spare_address = ip("203.0.113.2");
    bool is_own_dead = false, is_spare_dead = false;
    Phone own{net, own_address, sip::Transport::Udp, {phone_address, 5060}, proxy_itself, 602};
    Phone spare{net, spare_address, sip::Transport::Udp, {phone_address, 5060}, proxy_itself, 603};
};

TEST_F(Alternates, AreTriedAfterAllOfTheProxysAndLeftWhenItIsBack) {
    phone::Settings settings = with_alternate();
    settings.lines.front().proxy =
        "pbx.example.org:p=2:A=198.51.100.2|pbx.example.org:p=1:A=198.51.100.1";
    is_own_dead = true;
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 60s));
    EXPECT_EQ(server_of(phone), spare_address);
    EXPECT_GT(packets_to(own_address), 0U);
    EXPECT_GT(packets_to(ip("198.51.100.2")), 0U);
    // The account is the line's: only the way is another.
    EXPECT_EQ(spare.last_request("REGISTER")->request_uri().host, "pbx.example.org");
    EXPECT_EQ(spare.last_request("REGISTER")->to().uri.host, "pbx.example.org");
    EXPECT_EQ(own.last_request("REGISTER")->request_uri().host, "pbx.example.org");

    // A server like the others: calls go there, and its own are the line's.
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    EXPECT_EQ(spare.count("INVITE"), 1U);
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));

    is_own_dead = false;
    const std::size_t heard = own.count("REGISTER");
    ASSERT_TRUE(net.run_until([&] { return server_of(phone) == own_address; }, 110s));
    net.run_for(1s);
    EXPECT_TRUE(phone.is_registered());
    EXPECT_EQ(own.count("REGISTER"), heard + 1);
}

TEST_F(Alternates, ACallGoesOnToThem) {
    phone::Settings settings = with_alternate();
    settings.lines.front().is_register = false;
    is_own_dead = true;
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 20s));
    EXPECT_EQ(own.last_request("INVITE")->call_id(), spare.last_request("INVITE")->call_id());
}

TEST_F(Alternates, OfTheOutboundProxyWhereThatIsUsed) {
    phone::Settings settings = with_alternate();
    phone::LineSettings& line = settings.lines.front();
    line.alternate_proxy = "198.51.100.9";
    line.outbound_proxy = "198.51.100.1";
    line.alternate_outbound_proxy = "203.0.113.2";
    line.use_outbound_proxy = true;
    is_own_dead = true;
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 60s));
    EXPECT_EQ(server_of(phone), spare_address);
    EXPECT_EQ(packets_to(ip("198.51.100.9")), 0U);
}

// A proxy whose name nobody knew is looked for again: an alternate is not where a line stays.
TEST_F(Alternates, AProxyThatNobodyKnewIsLookedForAgain) {
    net.answer({dns::RecordType::A, "pbx.example.org"}, no_answer());
    RingwallPhone phone(net, phone_address, with_alternate());
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 5s));
    EXPECT_EQ(server_of(phone), spare_address);
    for (int i = 0; i < 250; ++i) {
        net.run_for(1s);
        ASSERT_TRUE(phone.is_registered()) << i;
    }
    EXPECT_EQ(server_of(phone), spare_address);
    EXPECT_EQ(packets_to(own_address), 0U);
    net.answer({dns::RecordType::A, "pbx.example.org"}, addresses({own_address}, 60s));
    net.run_for(110s);
    EXPECT_EQ(server_of(phone), own_address);
    EXPECT_TRUE(phone.is_registered());
}

// Not by a phone that is about to go.
TEST_F(Alternates, AProxyThatIsFoundTooLateHearsNothing) {
    net.answer({dns::RecordType::A, "pbx.example.org"}, no_answer());
    RingwallPhone phone(net, phone_address, with_alternate());
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 5s));
    net.answer({dns::RecordType::A, "pbx.example.org"}, addresses({own_address}, 60s), 5s);
    const std::size_t asked = net.questions().size();
    ASSERT_TRUE(net.run_until([&] { return net.questions().size() > asked; }, 110s));
    is_spare_dead = true;  // its farewell takes a while
    phone->stop();
    net.run_for(10s);
    EXPECT_EQ(packets_to(own_address), 0U);
}

// And what was known of it is not forgotten because the DNS is gone, too.
TEST_F(Alternates, AProxyThatWasKnownIsStillTheFirst) {
    is_own_dead = is_spare_dead = true;
    RingwallPhone phone(net, phone_address, with_alternate());
    net.run_for(20s);  // both are silent; the line waits
    net.answer({dns::RecordType::A, "pbx.example.org"}, no_answer());
    is_own_dead = is_spare_dead = false;
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 90s));
    EXPECT_EQ(server_of(phone), own_address);
}

// Auto Register When Failover: the first multiple of Register Expires that is no earlier than
// Proxy Fallback Intvl; No: the interval itself.
TEST_F(Alternates, OnlyARegisterGoesBackWhereThatIsWanted) {
    const auto seconds_away = [&](std::uint32_t expires, Duration interval, bool is_by_register) {
        phone::Settings settings = with_alternate();
        settings.lines.front().register_expires = expires;
        settings.lines.front().proxy_fallback_intvl = interval;
        settings.lines.front().auto_register_when_failover = is_by_register;
        is_own_dead = true;
        RingwallPhone phone(net, phone_address, settings);
        EXPECT_TRUE(net.run_until([&] { return phone.is_registered(); }, 60s));
        EXPECT_EQ(server_of(phone), spare_address);
        is_own_dead = false;
        const TimePoint since = net.now().monotonic;
        EXPECT_TRUE(net.run_until([&] { return server_of(phone) == own_address; }, 4000s));
        return std::chrono::duration_cast<std::chrono::seconds>(net.now().monotonic - since);
    };
    EXPECT_EQ(seconds_away(3600, 600s, false), 600s);
    EXPECT_EQ(seconds_away(3600, 600s, true), 3600s);
    EXPECT_EQ(seconds_away(600, 1000s, true), 1200s);
    EXPECT_EQ(seconds_away(600, 600s, true), 600s);
}

// While the first is still dead, at each REGISTER after the interval.
TEST_F(Alternates, AFirstThatIsStillDeadIsAskedWithTheNextRegister) {
    phone::Settings settings = with_alternate();
    settings.lines.front().register_expires = 600;
    settings.lines.front().proxy_fallback_intvl = 1000s;
    settings.lines.front().auto_register_when_failover = true;
    is_own_dead = true;
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 60s));
    const TimePoint since = net.now().monotonic;
    std::vector<std::int64_t> asked;
    while (net.now().monotonic - since < 2500s) {
        const std::size_t known = own.count("OPTIONS");
        net.run_for(1s);
        ASSERT_TRUE(phone.is_registered());
        if (own.count("OPTIONS") != known) {
            asked.push_back((net.now().monotonic - since) / 1s);
        }
    }
    EXPECT_EQ(asked, (std::vector<std::int64_t>{1200, 1800, 2400}));
}

// It is there, as OPTIONS tell, and does not register the phone: at once back to who does.
TEST_F(Alternates, AFirstThatDoesNotRegisterIsLeftAtOnce) {
    phone::Settings settings = with_alternate();
    is_own_dead = true;
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 60s));
    for (const int status : {403, 500}) {
        const std::size_t asked = own.count("REGISTER");
        own.answered_by_test = [&](sip::transaction::ServerId id, const sip::MessagePtr& request) {
            if (request->method() != sip::Method::Register) {
                return false;
            }
            own.shard().respond(id, sip::reply(*request, status, "t").build());
            return true;
        };
        ASSERT_TRUE(net.run_until([&] { return own.count("REGISTER") > asked; }, 110s)) << status;
        ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 2s)) << status;
        EXPECT_EQ(server_of(phone), spare_address);
        net.run_for(90s);
        EXPECT_TRUE(phone.is_registered());
        EXPECT_EQ(own.count("REGISTER"), asked + 1) << "again only after the interval";
    }
    is_own_dead = false;
    serve(own, is_own_dead);
    ASSERT_TRUE(net.run_until([&] { return server_of(phone) == own_address; }, 110s));
    net.run_for(1s);
    EXPECT_TRUE(phone.is_registered());
}

// Over TLS and TCP the interval goes on, however often the connection to the alternate is lost.
class AlternateConnections : public UdpPhone {
protected:
    AlternateConnections() {
        for (Phone* const each : {&own, &spare}) {
            each->node().set_server_identity(certificate_of("pbx.example.org"));
            each->answered_by_test = [this, each](sip::transaction::ServerId id,
                                                  const sip::MessagePtr& request) {
                if (each == &own && is_own_silent) {
                    return true;
                }
                return accept_register(*each, id, request);
            };
        }
        settings.lines.front().proxy =
            "pbx.example.org:p=1:A=198.51.100.1|pbx.example.org:p=2:A=203.0.113.2";
        settings.lines.front().proxy_fallback_intvl = 100s;
    }
    static IpAddress server_of(RingwallPhone& phone) { return phone.line().hop()->remote.address; }

    bool is_own_silent = true;
    phone::Settings settings = tls_line("1001", "secret", "pbx.example.org");
    Phone own{net, ip("198.51.100.1"), sip::Transport::Tls, {phone_address, 5061}, proxy_itself,
              602};
    Phone spare{net, ip("203.0.113.2"), sip::Transport::Tls, {phone_address, 5061}, proxy_itself,
                603};
};

TEST_F(AlternateConnections, TheIntervalCountsFromWhenTheFirstWasLeft) {
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 60s));
    ASSERT_EQ(server_of(phone), ip("203.0.113.2"));
    is_own_silent = false;
    for (int i = 0; i < 2; ++i) {
        net.run_for(45s);
        ASSERT_EQ(server_of(phone), ip("203.0.113.2"));
        spare.node().cut();
    }
    net.run_for(15s);
    EXPECT_EQ(server_of(phone), ip("198.51.100.1"));
    EXPECT_TRUE(phone.is_registered());
}

// A first server that takes connections and says nothing is no outage.
TEST_F(AlternateConnections, AFirstThatOnlyListensIsNoOutage) {
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 60s));
    const std::size_t asked = own.count("OPTIONS");
    for (int i = 0; i < 250; ++i) {
        net.run_for(1s);
        ASSERT_TRUE(phone.is_registered()) << i;
    }
    EXPECT_EQ(own.count("OPTIONS"), asked + 2);
    EXPECT_EQ(server_of(phone), ip("203.0.113.2"));
    is_own_silent = false;
    ASSERT_TRUE(net.run_until([&] { return server_of(phone) == ip("198.51.100.1"); }, 110s));
    net.run_for(1s);
    EXPECT_TRUE(phone.is_registered());
}

// Reg Retry Intvl is for servers that fail, not for a connection that is lost once.
TEST_F(AlternateConnections, AConnectionThatIsLostSoonIsRegisteredAgainAtOnce) {
    is_own_silent = false;
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 5s));
    net.run_for(5s);
    own.node().cut();
    ASSERT_TRUE(net.run_until([&] { return !phone.is_registered(); }, 1s));
    EXPECT_TRUE(net.run_until([&] { return phone.is_registered(); }, 2s));
    EXPECT_EQ(server_of(phone), ip("198.51.100.1"));
    EXPECT_EQ(own.count("REGISTER"), 2U);
}

// Restricted Access Domains: an alternate that is not in the list hears nothing, and is nobody.
TEST_F(Alternates, AnAlternateThatIsNotInTheListHearsNothing) {
    phone::Settings settings = with_alternate();
    settings.phone.restricted_access_domains = {"pbx.example.org"};
    is_own_dead = true;
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(200s);
    EXPECT_FALSE(phone.is_registered());
    EXPECT_EQ(packets_to(spare_address), 0U);
    spare.send("OPTIONS", "sip:1001@192.0.2.77:5060", {});
    net.run_for(40s);
    EXPECT_TRUE(spare.responses().empty());
    const auto& asked = net.questions();
    EXPECT_EQ(std::ranges::count(asked, "spare.example.net", &dns::Question::name), 0);
}

TEST_F(Alternates, AnAlternateThatIsInTheListIsUsed) {
    phone::Settings settings = with_alternate();
    settings.phone.restricted_access_domains = {"pbx.example.org", "spare.example.net"};
    is_own_dead = true;
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 60s));
}

// Restrict Source IP: they are servers of the line, also while the first is used.
TEST_F(Alternates, AreHeardWhereOnlyServersAre) {
    phone::Settings settings = with_alternate();
    settings.lines.front().restrict_source_ip = true;
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 5s));
    EXPECT_EQ(server_of(phone), own_address);
    Phone stranger(net, ip("203.0.113.9"), sip::Transport::Udp, {phone_address, 5060},
                   {"x", "example.net", ""}, 604);
    for (Phone* const each : {&spare, &stranger}) {
        each->send("OPTIONS", "sip:1001@192.0.2.77:5060", {});
    }
    net.run_for(40s);
    EXPECT_EQ(spare.statuses("OPTIONS"), std::vector<int>{200});
    EXPECT_TRUE(stranger.responses().empty());
}

// Whatever realm it is of: a challenge of a registrar of the line.
TEST_F(Alternates, AChallengeOfTheirsIsAnswered) {
    is_own_dead = true;
    unsigned asked = 0;
    spare.answered_by_test = [&](sip::transaction::ServerId id, const sip::MessagePtr& request) {
        const bool is_proven = request->count(sip::HeaderName::Authorization) != 0;
        asked += is_proven ? 1U : 0U;
        auto response = sip::reply(*request, is_proven ? 200 : 401, "t");
        if (is_proven) {
            response.copy(sip::HeaderName::Contact, *request);
        } else {
            response.header(sip::HeaderName::WwwAuthenticate,
                            "Digest realm=\"spare.example.net\", nonce=\"n\", qop=\"auth\"");
        }
        spare.shard().respond(id, response.build());
        return true;
    };
    RingwallPhone phone(net, phone_address, with_alternate());
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 60s));
    EXPECT_EQ(asked, 1U);
}

// TLS: an alternate shows the name that it is configured by, not the proxy's.
TEST_F(UdpPhone, AnAlternateShowsItsOwnName) {
    phone::Settings settings = tls_line("1001", "secret", "pbx.example.org");
    settings.lines.front().alternate_proxy = "spare.example.net:A=203.0.113.2";
    Phone spare(net, ip("203.0.113.2"), sip::Transport::Tls, {phone_address, 5061}, proxy_itself,
                603);
    spare.answered_by_test = [&](sip::transaction::ServerId id, const sip::MessagePtr& request) {
        auto response = sip::reply(*request, 200, "t");
        response.copy(sip::HeaderName::Contact, *request);
        spare.shard().respond(id, response.build());
        return true;
    };
    spare.node().set_server_identity(certificate_of("pbx.example.org"));
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(20s);
    EXPECT_FALSE(phone.is_registered());
    EXPECT_TRUE(spare.requests().empty());
    EXPECT_EQ(phone.line().problem(),
              "the certificate of the server does not bear spare.example.net");
    spare.node().set_server_identity(certificate_of("spare.example.net"));
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 60s));
    EXPECT_EQ(phone.line().hop()->remote.address, ip("203.0.113.2"));
}

}  // namespace
}  // namespace ringwall::test
