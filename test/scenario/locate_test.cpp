// Where requests to a signaling-peer go: RFC 3263 through the border controller, with servers that
// die, that refuse, and that are not who they should be.
#include "scenario/border.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const dns::Question srv_of_east{dns::RecordType::Srv, "_sip._udp.east.example.net"};

// East is a name with two servers; north is where calls go when east fails.
std::string east_by_name(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"signaling-peer east.example.net",
                             "remote-address ipv4 192.0.2.50 255.255.255.254"});
    return configured(three_trunks, "east", more);
}

class EastByName : public Trunks {
protected:
    explicit EastByName(const std::string& configuration = east_by_name())
        : Trunks(configuration),
          second(net, ip("192.0.2.51"), sip::Transport::Udp, {ip("192.0.2.5"), 5060},
                 {"emil", "east.example.net", ""}, 501) {
        name_servers();
    }
    void name_servers(Duration lifetime = 3600s) {
        net.answer(srv_of_east,
                   services({{10, 0, 5060, "one.example.net"}, {20, 0, 5060, "two.example.net"}},
                            lifetime));
        net.answer({dns::RecordType::A, "one.example.net"}, addresses({ip("192.0.2.50")}));
        net.answer({dns::RecordType::A, "two.example.net"}, addresses({ip("192.0.2.51")}));
    }
    // West calls; true when it is answered.
    bool call(Duration limit = 40s) {
        west.invite("sip:eric@east.example.net");
        return run_until([&] { return west.is_in_call(); }, limit);
    }
    void hang_up() {
        const std::size_t before = west.statuses("BYE").size();
        west.bye();
        EXPECT_TRUE(run_until([&] { return west.statuses("BYE").size() > before; }));
        net.run_for(1s);
    }

    Phone second;
};

TEST_F(EastByName, IsLookedUpWhenACallNeedsItAndNotAgain) {
    EXPECT_THAT(net.questions(), IsEmpty());
    ASSERT_TRUE(call());
    EXPECT_THAT(net.questions(), Contains(srv_of_east));
    EXPECT_EQ(east.count("INVITE"), 1U);
    hang_up();

    const std::size_t asked = net.questions().size();
    ASSERT_TRUE(call());
    EXPECT_EQ(net.questions().size(), asked);
    hang_up();
    EXPECT_EQ(second.count("INVITE"), 0U);
}

TEST_F(EastByName, IsLookedUpAgainWhenTheAnswerHoldsNoMore) {
    name_servers(60s);
    ASSERT_TRUE(call());
    hang_up();
    net.run_for(61s);
    net.answer(srv_of_east, services({{10, 0, 5060, "two.example.net"}}));
    ASSERT_TRUE(call());
    EXPECT_EQ(second.count("INVITE"), 1U);
    hang_up();
}

// RFC 3263 §4.3: no word within timer B; the same request, a new branch, the next server.
TEST_F(EastByName, DeadServerIsFollowedByTheNextInANewTransaction) {
    east.node().leave();
    ASSERT_TRUE(call(60s));
    ASSERT_EQ(second.count("INVITE"), 1U);

    const auto first = net.packets_of(ip("192.0.2.50"));
    ASSERT_FALSE(first.empty());
    const auto sent = sip::Message::parse(first.front().bytes, sip::Framing::Datagram).message;
    const auto again = second.last_request("INVITE");
    EXPECT_EQ(sent->call_id(), again->call_id());
    EXPECT_EQ(sent->from_tag(), again->from_tag());
    EXPECT_EQ(sent->cseq().number, again->cseq().number);
    EXPECT_NE(sent->top_via().branch(), again->top_via().branch());
    hang_up();
}

// What did not answer is tried last for a while.
TEST_F(EastByName, DeadServerIsAvoidedByTheNextCalls) {
    east.node().leave();
    ASSERT_TRUE(call(60s));
    hang_up();
    const auto before = net.packets_of(ip("192.0.2.50")).size();
    ASSERT_TRUE(call(1s));
    hang_up();
    EXPECT_EQ(net.packets_of(ip("192.0.2.50")).size(), before);

    net.run_for(120s);
    west.invite("sip:eric@east.example.net");
    net.run_for(1s);
    EXPECT_GT(net.packets_of(ip("192.0.2.50")).size(), before);
    net.run_for(60s);
    west.bye();
}

TEST_F(EastByName, ServerThatIsBusyWithItselfIsFollowedByTheNextAtOnce) {
    east.on_invite = Phone::OnInvite::Reject;
    east.reject_status = 503;
    ASSERT_TRUE(call(1s));
    EXPECT_EQ(second.count("INVITE"), 1U);
    EXPECT_THAT(west.statuses("INVITE"), Each(testing::Lt(300)));
    hang_up();
}

TEST_F(EastByName, OtherRefusalIsAnAnswer) {
    east.on_invite = Phone::OnInvite::Reject;
    east.reject_status = 486;
    west.invite("sip:eric@east.example.net");
    net.run_for(5s);
    EXPECT_EQ(second.count("INVITE"), 0U);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 486));
}

// A server that has spoken is alive: its silence afterwards is the callee's business.
TEST_F(EastByName, ServerThatRingsIsNotLeft) {
    east.on_invite = Phone::OnInvite::Ring;
    west.invite("sip:eric@east.example.net");
    net.run_for(90s);
    EXPECT_EQ(second.count("INVITE"), 0U);
    west.cancel();
    net.run_for(1s);
    EXPECT_EQ(east.count("CANCEL"), 1U);
    EXPECT_THAT(west.statuses("INVITE"), Contains(487));
}

TEST_F(EastByName, WhenAllServersAreSilentTheNextRouteIsTried) {
    east.node().leave();
    second.node().leave();
    ASSERT_TRUE(call(80s));
    EXPECT_EQ(north.count("INVITE"), 1U);
    hang_up();
}

TEST_F(EastByName, NameThatIsNowhereMakesTheNextRouteTriedAtOnce) {
    net.answer(srv_of_east, no_records());
    ASSERT_TRUE(call(1s));
    EXPECT_EQ(north.count("INVITE"), 1U);
    hang_up();
    EXPECT_THAT(net.packets_of(ip("192.0.2.50")), IsEmpty());
}

// It is asked for again when that has been forgotten.
TEST_F(EastByName, NameThatWasNowhereIsFoundLater) {
    net.answer(srv_of_east, no_answer());
    ASSERT_TRUE(call(1s));
    hang_up();
    name_servers();
    net.run_for(301s);
    ASSERT_TRUE(call(1s));
    EXPECT_EQ(east.count("INVITE"), 1U);
    hang_up();
}

// The DNS is not asked whom to trust: what is outside of `remote-address` is no server.
TEST_F(EastByName, ServerOutsideOfTheAdjacencyIsSentNothing) {
    net.answer({dns::RecordType::A, "one.example.net"}, addresses({ip("192.0.2.99")}));
    ASSERT_TRUE(call(1s));
    EXPECT_EQ(second.count("INVITE"), 1U);
    EXPECT_THAT(net.packets_of(ip("192.0.2.99")), IsEmpty());
    hang_up();
}

TEST_F(EastByName, CallThatIsCancelledWhileTheNameIsLookedUpGoesNowhere) {
    net.answer(srv_of_east, services({{10, 0, 5060, "one.example.net"}}), 5s);
    west.invite("sip:eric@east.example.net");
    net.run_for(1s);
    west.cancel();
    net.run_for(100ms);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 487));
    net.run_for(60s);
    EXPECT_THAT(net.packets_of(ip("192.0.2.50")), IsEmpty());
    EXPECT_EQ(north.count("INVITE"), 0U);
}

// A cancelled call does not wander on to further servers.
TEST_F(EastByName, CallThatIsCancelledWhileAServerIsSilentGoesNoFurther) {
    east.node().leave();
    west.invite("sip:eric@east.example.net");
    net.run_for(2s);
    west.cancel();
    net.run_for(100s);
    EXPECT_THAT(west.statuses("INVITE"), Contains(487));
    EXPECT_EQ(second.count("INVITE"), 0U);
    EXPECT_EQ(north.count("INVITE"), 0U);
}

TEST_F(EastByName, ManyCallsAskOnce) {
    net.answer(srv_of_east, services({{10, 0, 5060, "one.example.net"}}), 5s);
    for (int i = 0; i < 5; ++i) {
        west.send("MESSAGE", "sip:eric@east.example.net", {});
    }
    net.run_for(20s);
    EXPECT_EQ(east.count("MESSAGE"), 5U);
    EXPECT_EQ(std::count(net.questions().begin(), net.questions().end(), srv_of_east), 1);
    EXPECT_THAT(west.statuses("MESSAGE"), Contains(200).Times(5));
}

TEST_F(EastByName, OtherRequestsFailOverToo) {
    east.in_dialog_status = 503;
    west.send("MESSAGE", "sip:eric@east.example.net", {});
    net.run_for(5s);
    EXPECT_EQ(second.count("MESSAGE"), 1U);
    EXPECT_THAT(west.statuses("MESSAGE"), ElementsAre(200));
}

// Nobody waits for the answer any more (RFC 4320 §4.2); but the next request goes elsewhere.
TEST_F(EastByName, OtherRequestsThatTimedOutGoNoFurther) {
    east.node().leave();
    west.send("MESSAGE", "sip:eric@east.example.net", {});
    net.run_for(40s);
    EXPECT_EQ(second.count("MESSAGE"), 0U);
    EXPECT_EQ(north.count("MESSAGE"), 0U);
    EXPECT_THAT(west.statuses("MESSAGE"), Not(Contains(408)));
    west.send("MESSAGE", "sip:eric@east.example.net", {});
    net.run_for(1s);
    EXPECT_EQ(second.count("MESSAGE"), 1U);
    EXPECT_THAT(west.statuses("MESSAGE"), Contains(200));
}

// Timer C ends the search, however many servers there are.
TEST_F(EastByName, ServersThatAreAllSilentHoldACallForMinutesOnly) {
    std::vector<dns::Srv> all;
    for (std::uint16_t i = 0; i < 8; ++i) {
        all.push_back({i, 0, static_cast<std::uint16_t>(5060 + i), "one.example.net"});
    }
    net.answer(srv_of_east, services(all));
    east.node().leave();
    north.on_invite = Phone::OnInvite::Reject;
    west.invite("sip:eric@east.example.net");
    net.run_for(150s);
    EXPECT_EQ(west.statuses("INVITE"), std::vector<int>{100});
    ASSERT_TRUE(run_until([&] { return west.statuses("INVITE").back() >= 300; }, 65s));
    net.run_for(100s);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// A second's calls share one question.
TEST_F(EastByName, NameWithoutALifetimeIsNotAskedForEachCall) {
    name_servers(0s);
    for (int i = 0; i < 8; ++i) {
        west.send("MESSAGE", "sip:eric@east.example.net", {});
        net.run_for(100ms);
    }
    EXPECT_EQ(east.count("MESSAGE"), 8U);
    EXPECT_EQ(std::count(net.questions().begin(), net.questions().end(), srv_of_east), 1);
    net.run_for(2s);
    west.send("MESSAGE", "sip:eric@east.example.net", {});
    net.run_for(1s);
    EXPECT_EQ(std::count(net.questions().begin(), net.questions().end(), srv_of_east), 2);
}

// Its servers ask for proof, each for itself.
class EastByNameWithAnAccount : public EastByName {
protected:
    EastByNameWithAnAccount()
        : EastByName(east_by_name({"authentication-realm outbound provider trunk secret"})) {
        east.answered_by_test = [this](sip::transaction::ServerId id,
                                       const sip::MessagePtr& request) {
            return challenge_then_refuse(id, *request);
        };
    }
    bool challenge_then_refuse(sip::transaction::ServerId id, const sip::Message& request) {
        if (bears_proof(request)) {
            ++proven;
            east.shard().respond(id, sip::reply(request, 503, "busy").build());
            return true;
        }
        auto builder = sip::reply(request, status, "challenge");
        builder.header(
            status == 401 ? sip::HeaderName::WwwAuthenticate : sip::HeaderName::ProxyAuthenticate,
            "Digest realm=\"provider\",nonce=\"n\",qop=\"auth\",algorithm=SHA-256");
        east.shard().respond(id, builder.build());
        return true;
    }
    static bool bears_proof(const sip::Message& request) {
        return request.header(sip::HeaderName::Authorization) != nullptr ||
               request.header(sip::HeaderName::ProxyAuthorization) != nullptr;
    }
    int status = 407;
    std::size_t proven = 0;
};

TEST_F(EastByNameWithAnAccount, ProofForOneServerIsNotShownToTheNext) {
    for (const int each : {401, 407}) {
        SCOPED_TRACE(each);
        status = each;
        proven = 0;
        const std::size_t before = second.count("MESSAGE");
        west.send("MESSAGE", "sip:eric@east.example.net", {});
        net.run_for(5s);
        EXPECT_EQ(proven, 1U);
        ASSERT_EQ(second.count("MESSAGE"), before + 1);
        EXPECT_FALSE(bears_proof(*second.last_request("MESSAGE")));
        EXPECT_EQ(west.statuses("MESSAGE").back(), 200);
        net.run_for(700s);  // it is asked first again
    }
}

TEST_F(EastByNameWithAnAccount, NorInACall) {
    ASSERT_TRUE(call(5s));
    EXPECT_EQ(proven, 1U);
    ASSERT_EQ(second.count("INVITE"), 1U);
    EXPECT_FALSE(bears_proof(*second.last_request("INVITE")));
    hang_up();
}

TEST_F(EastByName, LossDelaysButLosesNothing) {
    net.set_weather({.loss = 0.3, .latency = 20ms});
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(call(120s));
        west.bye();
        net.run_for(40s);
    }
}

// RFC 3261 §18.1.1: above 1300 octets over TCP, refused there by UDP all the same.
class LargeRequests : public EastByName {
protected:
    explicit LargeRequests(const std::string& configuration = east_by_name())
        : EastByName(configuration) {
        for (int i = 0; i < 60; ++i) {
            west.offer += "a=x-filler:" + std::to_string(i) + "-0123456789\r\n";
        }
    }
    std::vector<std::string> vias_of_invites_to(const char* address) {
        std::vector<std::string> out;
        for (const auto& packet : net.packets_of(ip(address))) {
            if (packet.bytes.starts_with("INVITE ") && packet.to.address == ip(address)) {
                const auto at = packet.bytes.find("Via: ") + 5;
                const auto text = packet.bytes.substr(at, packet.bytes.find(' ', at) - at);
                EXPECT_EQ(packet.is_datagram, text == "SIP/2.0/UDP");
                out.push_back(text);
            }
        }
        return out;
    }
};

TEST_F(LargeRequests, GoByTcp) {
    ASSERT_TRUE(call(1s));
    EXPECT_THAT(vias_of_invites_to("192.0.2.50"), ElementsAre("SIP/2.0/TCP"));
    hang_up();
}

TEST_F(LargeRequests, RefusedThereGoByUdpAndTcpIsNotTriedAgain) {
    net.refuse_connections({ip("192.0.2.50"), 5060});
    ASSERT_TRUE(call(1s));
    EXPECT_THAT(vias_of_invites_to("192.0.2.50"), ElementsAre("SIP/2.0/UDP"));
    hang_up();
    ASSERT_TRUE(call(1s));
    EXPECT_EQ(second.count("INVITE"), 0U);
    hang_up();
}

// Within a dialog the server is settled, the transport is not.
class LargeInACall : public Trunks {
protected:
    void SetUp() override {
        west.invite("sip:5001@192.0.2.4");
        net.run_for(1s);
        ASSERT_TRUE(west.is_in_call());
        west.dialog_fields = {{"Subject", std::string(1400, 's')}};
    }
    void TearDown() override {
        west.dialog_fields = {};
        west.bye();
        net.settle(300s);
    }
    std::vector<std::string> vias_to_east(std::string_view method) {
        std::vector<std::string> out;
        for (const auto& packet : net.packets_of(ip("192.0.2.50"))) {
            if (packet.bytes.starts_with(std::string(method) + " ") &&
                packet.to.address == ip("192.0.2.50")) {
                const auto at = packet.bytes.find("Via: ") + 5;
                out.push_back(packet.bytes.substr(at, packet.bytes.find(' ', at) - at));
                EXPECT_EQ(packet.is_datagram, out.back() == "SIP/2.0/UDP");
            }
        }
        return out;
    }
};

TEST_F(LargeInACall, GoByTcp) {
    west.in_dialog(sip::Method::Info);
    net.run_for(1s);
    EXPECT_THAT(vias_to_east("INFO"), ElementsAre("SIP/2.0/TCP"));
    EXPECT_EQ(west.statuses("INFO").back(), 200);
}

TEST_F(LargeInACall, RefusedThereGoByUdpAndTcpIsNotTriedAgain) {
    net.refuse_connections({ip("192.0.2.50"), 5060});
    west.in_dialog(sip::Method::Info);
    net.run_for(1s);
    west.in_dialog(sip::Method::Info);
    net.run_for(1s);
    EXPECT_THAT(vias_to_east("INFO"), ElementsAre("SIP/2.0/UDP", "SIP/2.0/UDP"));
    EXPECT_THAT(west.statuses("INFO"), ElementsAre(200, 200));
}

TEST_F(LargeInACall, AReinviteToo) {
    west.reinvite();
    net.run_for(1s);
    EXPECT_THAT(vias_to_east("INVITE"), ElementsAre("SIP/2.0/UDP", "SIP/2.0/TCP"));
    EXPECT_EQ(east.acks().size(), 2U);
}

class LargeRequestsOverUdpOnly : public LargeRequests {
protected:
    LargeRequestsOverUdpOnly() : LargeRequests(east_by_name({"mandated-transport udp"})) {}
};

TEST_F(LargeRequestsOverUdpOnly, AreNotSentByTcp) {
    ASSERT_TRUE(call(1s));
    EXPECT_THAT(vias_of_invites_to("192.0.2.50"), ElementsAre("SIP/2.0/UDP"));
    EXPECT_THAT(net.packets_of(ip("192.0.2.50")),
                Each(Field(&SimNetwork::Packet::is_datagram, true)));
    hang_up();
}

// A trunk over TLS that is a name; its servers belong to a provider with names of its own.
std::string secure_trunk(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"security trusted-encrypted", "sip-calls-out any",
                             "signaling-peer trunk.example.org",
                             "remote-address ipv4 192.0.2.70 255.255.255.254"});
    return configured(small_lab, "outside", more);
}

class SecureTrunk : public SmallLab {
protected:
    explicit SecureTrunk(const std::string& configuration = secure_trunk())
        : SmallLab(configuration),
          trunk(net, ip("192.0.2.70"), sip::Transport::Tls, {ip("192.0.2.3"), 5061},
                {"tom", "trunk.example.org", ""}, 601),
          impostor(net, ip("192.0.2.71"), sip::Transport::Tls, {ip("192.0.2.3"), 5061},
                   {"tim", "trunk.example.org", ""}, 602) {
        trunk.node().set_server_identity(certificate_of("trunk.example.org"));
        trunk.node().set_client_identity(certificate_of("trunk.example.org"));
        impostor.node().set_server_identity(certificate_of("host7.provider.example"));
        net.answer({dns::RecordType::A, "host3.provider.example"}, addresses({ip("192.0.2.70")}));
        net.answer({dns::RecordType::A, "host7.provider.example"}, addresses({ip("192.0.2.71")}));
    }
    void name_servers(const std::vector<dns::Srv>& list) {
        net.answer({dns::RecordType::Srv, "_sips._tcp.trunk.example.org"}, services(list));
    }
    // What of SIP went there that others could read.
    std::vector<SimNetwork::Packet> in_the_clear_to(const char* address) {
        auto all = net.packets_of(ip(address));
        std::erase_if(all, [](const auto& packet) { return packet.is_encrypted; });
        return all;
    }

    Phone trunk;
    Phone impostor;
};

TEST_F(SecureTrunk, IsReachedByItsSecureService) {
    name_servers({{10, 0, 5061, "host3.provider.example"}});
    softswitch.invite("sip:tom@trunk.example.org");
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call(); }));
    EXPECT_THAT(in_the_clear_to("192.0.2.70"), IsEmpty());
    EXPECT_THAT(net.questions(), Each(Not(Field(&dns::Question::name, HasSubstr("_udp")))));
    softswitch.bye();
}

// RFC 5922 §7.3: the domain that was asked for, never the server that the DNS names.
TEST_F(SecureTrunk, ServerWithACertificateOfItsOwnNameIsSentNothing) {
    name_servers(
        {{10, 0, 5061, "host7.provider.example"}, {20, 0, 5061, "host3.provider.example"}});
    softswitch.invite("sip:tom@trunk.example.org");
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call(); }));
    EXPECT_EQ(trunk.count("INVITE"), 1U);
    EXPECT_TRUE(impostor.requests().empty());
    EXPECT_THAT(net.packets_of(ip("192.0.2.71")), IsEmpty());
    softswitch.bye();
}

class TrunkThatNeedNotProve : public SecureTrunk {
protected:
    TrunkThatNeedNotProve() : SecureTrunk(secure_trunk({"tls client-authentication optional"})) {}
};

// Who has proven nothing when the call began is not known again by another connection.
TEST_F(TrunkThatNeedNotProve, IsNotKnownAgainByAnotherConnection) {
    tls::PeerIdentity nameless = certificate_of("trunk.example.org");
    nameless.has_certificate = false;
    trunk.node().set_server_identity(nameless);
    trunk.node().set_client_identity({});
    name_servers({{10, 0, 5061, "host3.provider.example"}});
    softswitch.invite("sip:tom@trunk.example.org");
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call(); }));
    trunk.reconnect();
    trunk.in_dialog(sip::Method::Info);
    net.run_for(5s);
    EXPECT_THAT(trunk.statuses("INFO"), ElementsAre(481));
    EXPECT_EQ(softswitch.count("INFO"), 0U);
    softswitch.bye();
    net.run_for(1s);
}

// A peer with several names, one for each of its servers: a call is at one of them.
class TrunkOfTwoNames : public SecureTrunk {
protected:
    TrunkOfTwoNames()
        : SecureTrunk(secure_trunk(
              {"tls peer-domain trunk.example.org", "tls peer-domain host7.provider.example"})) {}
};

TEST_F(TrunkOfTwoNames, ACallDoesNotWanderToAServerOfAnotherName) {
    name_servers({{10, 0, 5061, "host3.provider.example"}});
    softswitch.invite("sip:tom@trunk.example.org");
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call() && !trunk.acks().empty(); }));
    net.run_for(3601s);
    name_servers({{10, 0, 5061, "host7.provider.example"}});
    softswitch.send("MESSAGE", "sip:tom@trunk.example.org", {});
    net.run_for(1s);
    ASSERT_EQ(impostor.count("MESSAGE"), 1U);  // it is one of the peer's, for what is new
    net.refuse_connections({ip("192.0.2.70"), 5061});
    trunk.node().cut();
    net.run_for(1s);
    softswitch.in_dialog(sip::Method::Info);
    net.run_for(40s);  // the peer might have come back
    EXPECT_THAT(softswitch.statuses("INFO"), ElementsAre(481));
    EXPECT_EQ(impostor.count("INFO"), 0U);
    EXPECT_EQ(impostor.count("BYE"), 0U);
}

// RFC 3263 §4.1: NAPTR records without SIPS are nothing to a secure target.
TEST_F(SecureTrunk, RecordsThatOfferUdpAndTcpAreDiscarded) {
    dns::Answer naptr;
    naptr.outcome = dns::Outcome::Records;
    naptr.lifetime = 3600s;
    naptr.naptr = {{10, 10, "s", "SIP+D2U", "", "_sip._udp.trunk.example.org"},
                   {20, 10, "s", "SIP+D2T", "", "_sip._tcp.trunk.example.org"}};
    net.answer({dns::RecordType::Naptr, "trunk.example.org"}, naptr);
    for (const char* name : {"_sip._udp.trunk.example.org", "_sip._tcp.trunk.example.org"}) {
        net.answer({dns::RecordType::Srv, name},
                   services({{10, 0, 5060, "host3.provider.example"}}));
    }
    softswitch.invite("sip:tom@trunk.example.org");
    net.run_for(40s);
    EXPECT_THAT(softswitch.statuses("INVITE"), Contains(480));
    EXPECT_THAT(net.packets_of(ip("192.0.2.70")), IsEmpty());
    EXPECT_TRUE(trunk.requests().empty());
}

TEST_F(SecureTrunk, WhenItsServersRefuseNothingGoesInTheClear) {
    name_servers({{10, 0, 5061, "host3.provider.example"}});
    net.refuse_connections({ip("192.0.2.70"), 5061});
    softswitch.invite("sip:tom@trunk.example.org");
    net.run_for(40s);
    EXPECT_THAT(softswitch.statuses("INVITE"), Contains(480));
    EXPECT_THAT(net.packets_of(ip("192.0.2.70")), IsEmpty());
}

}  // namespace
}  // namespace ringwall::test
