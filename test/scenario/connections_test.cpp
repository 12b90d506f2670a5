// Which connection a message takes: RFC 5923 for requests, RFC 3261 §18.2.2 for responses, one
// connection for each server, one version of IP for each leg.
#include <set>

#include "scenario/border.h"
#include "sip/dialog/dialog.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// The outside as a trunk over TLS at one address.
std::string trunk_over_tls() {
    return configured(small_lab, "outside",
                      {"security trusted-encrypted", "sip-calls-out any", "sip-calls-in secure",
                       "signaling-peer 192.0.2.70", "tls peer-domain trunk.example.org",
                       "remote-address ipv4 192.0.2.70 255.255.255.255"});
}

class Trunk : public SmallLab {
protected:
    Trunk()
        : SmallLab(trunk_over_tls()),
          trunk(net, ip("192.0.2.70"), sip::Transport::Tls, {ip("192.0.2.3"), 5061},
                {"tom", "trunk.example.org", ""}, 601) {
        trunk.via_port = 5061;
        trunk.node().set_server_identity(certificate_of("trunk.example.org"));
        trunk.node().set_client_identity(certificate_of("trunk.example.org"));
    }
    // The trunk connects by itself and calls the softswitch.
    void trunk_calls(const std::string& via_parameters) {
        trunk.via_parameters = via_parameters;
        trunk.invite("sip:9001@switch.example.com");
        ASSERT_TRUE(run_until([&] { return trunk.is_in_call(); }));
        trunk.bye();
        net.run_for(1s);
    }
    void switch_calls() {
        softswitch.invite("sip:tom@trunk.example.org");
        ASSERT_TRUE(run_until([&] { return softswitch.is_in_call(); }));
        softswitch.bye();
        net.run_for(1s);
    }
    // The connections over which requests came to the trunk: their far ends.
    std::set<Endpoint> sources_of_requests() {
        std::set<Endpoint> out;
        for (const auto& packet : net.packets_of(ip("192.0.2.70"))) {
            if (packet.to.address == ip("192.0.2.70") && !packet.bytes.starts_with("SIP/2.0")) {
                out.insert(packet.from);
            }
        }
        return out;
    }

    Phone trunk;
};

const Endpoint listener{ip("192.0.2.3"), 5061};

TEST_F(Trunk, ItsOwnConnectionIsUsedWhenItSaysSo) {
    trunk_calls(";rport;alias");
    switch_calls();
    EXPECT_THAT(sources_of_requests(), ElementsAre(listener));
}

TEST_F(Trunk, ItsOwnConnectionIsLeftAloneWhenItDoesNot) {
    trunk_calls(";rport");
    switch_calls();
    EXPECT_THAT(sources_of_requests(), Not(Contains(listener)));
}

// Who comes from the right address with another certificate gets nothing, and no request of ours.
TEST_F(Trunk, AddressAloneIsNoProof) {
    trunk.node().set_client_identity(certificate_of("someone.example.org"));
    trunk.via_parameters = ";rport;alias";
    trunk.invite("sip:9001@switch.example.com");
    net.run_for(2s);
    EXPECT_FALSE(trunk.is_in_call());
    switch_calls();
    EXPECT_THAT(sources_of_requests(), Not(Contains(listener)));
}

TEST_F(Trunk, AliasEndsWithItsConnection) {
    trunk_calls(";rport;alias");
    trunk.node().cut();
    net.run_for(1s);
    switch_calls();
    EXPECT_THAT(sources_of_requests(), Not(Contains(listener)));
}

TEST_F(Trunk, OneConnectionServesAllCalls) {
    for (int i = 0; i < 3; ++i) {
        switch_calls();
    }
    EXPECT_EQ(sources_of_requests().size(), 1U);
}

TEST_F(Trunk, IsToldThatItMayUseOurConnection) {
    switch_calls();
    EXPECT_THAT(std::string(trunk.last_request("INVITE")->top_via().text), HasSubstr(";alias"));
    EXPECT_THAT(std::string(softswitch.last_response("INVITE")->bytes()), Not(HasSubstr("alias")));
}

// RFC 3261 §18.2.2: the connection of the request is gone when the answer is ready.
TEST_F(SmallLab, ResponseOfATrustedPeerComesByANewConnection) {
    register_phones();
    bob.on_invite = Phone::OnInvite::Ring;
    softswitch.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return bob.count("INVITE") == 1; }));
    net.run_for(100ms);
    softswitch.node().cut();
    net.run_for(100ms);
    bob.reject(486);
    net.run_for(1s);
    // The softswitch has given up meanwhile; the answer is owed all the same.
    std::vector<std::string> lines;
    for (const auto& packet : net.packets_of(ip("192.0.2.20"))) {
        if (packet.to == Endpoint{ip("192.0.2.20"), 5060}) {
            lines.push_back(packet.bytes.substr(0, packet.bytes.find("\r\n")));
        }
    }
    EXPECT_THAT(lines, Contains(HasSubstr(" 486 ")));
}

// Two hosts of one adjacency in the clear: the signaling-peer, and another that calls alice with
// keys.
class TwoHosts : public SmallLab {
protected:
    TwoHosts()
        : SmallLab(configured(small_lab, "softswitch",
                              {"remote-address ipv4 192.0.2.16 255.255.255.240"})),
          other(net, ip("192.0.2.21"), sip::Transport::Tcp, {ip("192.0.2.2"), 5060},
                {"other", "other.example.com", "", "sip"}, 99) {
        alice.offer = other.offer =
            "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
            "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
            "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\r\n";
    }
    void call_and_cut() {
        register_phones();
        other.invite("sip:alice@example.com");
        ASSERT_TRUE(run_until([&] { return other.is_in_call() && alice.is_in_call(); }));
        net.run_for(1s);
        other.node().cut();
        net.run_for(1s);
    }
    Phone other;
};

TEST_F(TwoHosts, ADialogWhoseConnectionIsGoneStaysWithItsHost) {
    call_and_cut();
    alice.reinvite();
    net.run_for(2s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 200);
    ASSERT_EQ(other.count("INVITE"), 1U);
    EXPECT_THAT(std::string(other.last_request("INVITE")->body()), HasSubstr("inline:"));
    alice.bye();
    net.run_for(40s);
    EXPECT_EQ(other.count("BYE"), 1U);
    EXPECT_THAT(net.packets_of(ip("192.0.2.20")), IsEmpty());
}

TEST_F(TwoHosts, NorDoesItWanderWhenItsHostTakesNoConnection) {
    net.refuse_connections({ip("192.0.2.21"), 5060});
    call_and_cut();
    alice.reinvite();
    net.run_for(100s);
    alice.bye();
    net.run_for(100s);
    EXPECT_EQ(other.count("INVITE") + other.count("BYE"), 0U);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_THAT(net.packets_of(ip("192.0.2.20")), IsEmpty());
}

TEST_F(TwoHosts, ItIsCalledAtThePortOfItsContact) {
    const Endpoint second{ip("192.0.2.21"), 5070};
    other.node().listen_tcp(second);
    register_phones();
    other.send("INVITE", "sip:alice@example.com",
               {{"Contact", "<sip:other@192.0.2.21:5070;transport=tcp>"}}, "");
    net.run_for(1s);
    other.node().cut();
    net.run_for(1s);
    alice.bye();
    net.run_for(40s);  // it waits for the ACK that is lost
    const auto packets = net.packets_of(ip("192.0.2.21"));
    EXPECT_TRUE(std::ranges::any_of(packets, [&](const auto& packet) {
        return packet.to == second && packet.bytes.starts_with("BYE ");
    }));
    EXPECT_THAT(net.packets_of(ip("192.0.2.20")), IsEmpty());
    net.run_for(100s);
}

// A phone's connection is its identity: nobody connects to where it was.
TEST_F(SmallLab, ResponseOfAPhoneIsNotSentElsewhere) {
    register_phones();
    bob.on_invite = Phone::OnInvite::Ring;
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return bob.count("INVITE") == 1; }));
    net.run_for(100ms);
    alice.node().cut();
    net.run_for(100ms);
    const auto before = net.packets_of(ip("192.0.2.11")).size();
    bob.reject(486);
    net.run_for(40s);
    EXPECT_EQ(net.packets_of(ip("192.0.2.11")).size(), before);
}

// RFC 5626 §5.3.1. A phone that asks is no proxy, and may try nothing else.
TEST_F(SmallLab, AProxyHearsThatThePhonesConnectionFailed) {
    for (const auto& [caller, uri, status] : {std::tuple{&softswitch, "sip:bob@example.com", 430},
                                              std::tuple{&alice, "sip:bob@example.com", 480}}) {
        for (const char* method : {"INVITE", "MESSAGE"}) {
            register_phones();
            bob.on_invite = Phone::OnInvite::Ignore;
            bob.in_dialog_status = 0;
            const auto before = bob.count(method);
            caller->send(method, uri, {{"Contact", caller->contact()}},
                         method == std::string_view("INVITE") ? caller->offer : "");
            ASSERT_TRUE(run_until([&] { return bob.count(method) == before + 1; }));
            bob.node().cut();
            net.run_for(1s);
            ASSERT_FALSE(caller->statuses(method).empty());
            EXPECT_EQ(caller->statuses(method).back(), status) << method;
            EXPECT_EQ(bob.count(method), before + 1);
        }
    }
}

// ---- IPv6 ---------------------------------------------------------------------------------------

std::string with_sixth_version() {
    std::string text =
        configured(three_trunks, "east",
                   {"remote-address ipv6 2001:db8::50/128", "signaling-peer 2001:db8::50"});
    const std::string address = "signaling-address ipv4 192.0.2.5";
    text.replace(text.find(address), address.size(), "signaling-address ipv6 2001:db8::5");
    const std::string remote = "   remote-address ipv4 192.0.2.50 255.255.255.255\n";
    text.erase(text.find(remote), remote.size());
    return text;
}

class TwoVersions : public Lab {
protected:
    TwoVersions()
        : Lab(with_sixth_version()),
          west(net, ip("192.0.2.40"), sip::Transport::Udp, {ip("192.0.2.4"), 5060},
               {"wendy", "west.example.net", ""}, 201),
          east(net, ip("2001:db8::50"), sip::Transport::Udp, {ip("2001:db8::5"), 5060},
               {"eric", "east.example.net", ""}, 301) {}
    // No address of one side on the other.
    void expect_hidden() {
        for (const auto& packet : net.packets_of(ip("192.0.2.40"))) {
            EXPECT_THAT(packet.bytes, Not(HasSubstr("2001:db8")));
        }
        for (const auto& packet : net.packets_of(ip("2001:db8::50"))) {
            EXPECT_THAT(packet.bytes.substr(0, packet.bytes.find("\r\n\r\n")),
                        Not(HasSubstr("192.0.2.")));
        }
    }

    Phone west;
    Phone east;
};

TEST_F(TwoVersions, CallFromTheFourthToTheSixth) {
    west.invite("sip:eric@east.example.net");
    ASSERT_TRUE(run_until([&] { return west.is_in_call(); }));
    const auto invite = east.last_request("INVITE");
    EXPECT_EQ(invite->top_via().host, "[2001:db8::5]");
    EXPECT_EQ((*sip::dialog_contact(*invite))->uri.host, "[2001:db8::5]");
    west.bye();
    net.run_for(1s);
    EXPECT_EQ(east.count("BYE"), 1U);
    expect_hidden();
}

TEST_F(TwoVersions, CallFromTheSixthToTheFourth) {
    east.invite("sip:wendy@west.example.net");
    ASSERT_TRUE(run_until([&] { return east.is_in_call(); }));
    EXPECT_EQ(west.last_request("INVITE")->top_via().host, "192.0.2.4");
    EXPECT_EQ((*sip::dialog_contact(*east.last_response("INVITE")))->uri.host, "[2001:db8::5]");
    west.bye();
    net.run_for(1s);
    EXPECT_EQ(east.count("BYE"), 1U);
    expect_hidden();
}

// RFC 5118 §4.5: "received" of an address of the sixth version, with a Via that names a host.
TEST_F(TwoVersions, ResponseGoesToWhereTheRequestCameFrom) {
    east.send("OPTIONS", "sip:[2001:db8::5]",
              {{"Via", "SIP/2.0/UDP east.example.net:5060;branch=z9hG4bKabc;rport"}});
    net.run_for(1s);
    const auto response = east.last_response("OPTIONS");
    ASSERT_NE(response, nullptr);
    EXPECT_EQ(response->status(), 200);
    EXPECT_EQ(response->top_via().received(), ip("2001:db8::50"));
    EXPECT_EQ(response->top_via().rport(), 5060);
}

}  // namespace
}  // namespace ringwall::test
