// What somebody else than the server of a line can have of a phone that hears everybody: no digest,
// no call at its owner's cost, and not all of its room.
#include "scenario/udp_phone.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

using State = phone::Call::State;
using Fields = Phone::Fields;

class PhoneStrangers : public PhoneAtServer {
protected:
    // A challenge to a request of that method, which is the stranger's test to answer.
    static void challenge(Phone& who, sip::Method method, int status, const std::string& realm) {
        who.answered_by_test = [&who, method, status, realm](sip::transaction::ServerId id,
                                                             const sip::MessagePtr& request) {
            const bool is_signed = request->count(sip::HeaderName::Authorization) +
                                       request->count(sip::HeaderName::ProxyAuthorization) !=
                                   0;
            if (request->method() != method || is_signed) {
                return false;
            }
            auto response = sip::reply(*request, status, "challenger");
            response.header(status == 401 ? sip::HeaderName::WwwAuthenticate
                                          : sip::HeaderName::ProxyAuthenticate,
                            "Digest realm=\"" + realm + "\", nonce=\"n\", qop=\"auth\"");
            who.shard().respond(id, response.build());
            return true;
        };
    }
    std::size_t digests_to(const IpAddress& address) const {
        const auto& packets = net.packets();
        return static_cast<std::size_t>(std::ranges::count_if(packets, [&](const auto& packet) {
            return packet.to.address == address &&
                   packet.bytes.find("uthorization: Digest") != std::string::npos;
        }));
    }
    // Its call, answered by the phone's user.
    void be_called(RingwallPhone& phone, Phone& who) {
        who.invite("sip:1001@192.0.2.77:5060");
        net.run_for(1s);
        ASSERT_NE(phone.call(), nullptr);
        ASSERT_TRUE(phone->answer(phone.call()->id()));
        ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    }

    Phone stranger{net,
                   ip("203.0.113.9"),
                   sip::Transport::Udp,
                   {phone_address, 5060},
                   {"x", "example.net", ""},
                   603};
};

TEST_F(PhoneStrangers, AChallengeOfAByeGetsNoDigest) {
    for (const std::string realm : {"evil.example", "pbx.example.org"}) {
        RingwallPhone phone(net, phone_address, settings);
        net.run_for(1s);
        challenge(stranger, sip::Method::Bye, 407, realm);
        be_called(phone, stranger);
        ASSERT_TRUE(phone->hang_up(phone.call()->id()));
        net.run_for(40s);
        EXPECT_GE(stranger.count("BYE"), 1U);
        EXPECT_EQ(digests_to(ip("203.0.113.9")), 0U);
        EXPECT_TRUE(phone->calls().empty());
    }
}

// A dialog that the server began, and that goes on by somebody else.
TEST_F(PhoneStrangers, AFarEndThatIsReachedWithoutTheServerGetsNone) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    server.invite_fields = {{"Record-Route", "<sip:203.0.113.9:5060;lr>"}};
    challenge(stranger, sip::Method::Bye, 401, "pbx.example.org");
    be_called(phone, server);
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(40s);
    EXPECT_GE(stranger.count("BYE"), 1U);
    EXPECT_EQ(digests_to(ip("203.0.113.9")), 0U);
}

// RFC 3261 §26.3.2.4: who has not shown the password is challenged once, and nothing is kept of
// him.
TEST_F(UdpPhone, NothingIsKeptOfWhoIsChallenged) {
    phone::Settings settings = udp_line();
    settings.lines.front().auth_invite = true;
    RingwallPhone phone(net, phone_address, settings);
    SimNetwork::Node& stranger = net.add_node(ip("203.0.113.9"));
    const auto socket = stranger.listen_udp({ip("203.0.113.9"), 5060});
    const auto say = [&](const std::string& method, int number, const std::string& to_tag = "") {
        const std::string id = std::to_string(number);
        stranger.send_datagram(socket.flow, {phone_address, 5060},
                               method +
                                   " sip:1001@192.0.2.77:5060 SIP/2.0\r\n"
                                   "Via: SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bK-" +
                                   id +
                                   "\r\nMax-Forwards: 70\r\nFrom: <sip:x@203.0.113.9>;tag=f\r\n"
                                   "To: <sip:1001@192.0.2.77>" +
                                   to_tag + "\r\nCall-ID: c-" + id + "\r\nCSeq: 1 " + method +
                                   "\r\nContact: <sip:x@203.0.113.9>\r\n"
                                   "Content-Length: 0\r\n\r\n");
        net.run_for(11ms);
    };
    const auto tags = [&] {
        std::vector<std::string> found;
        for (const auto& packet : net.packets_of(ip("203.0.113.9"))) {
            const auto at = packet.bytes.find(">;tag=", packet.bytes.find("\r\nTo:"));
            if (packet.bytes.starts_with("SIP/2.0 401")) {
                found.push_back(packet.bytes.substr(at + 1, packet.bytes.find('\r', at) - at - 1));
            }
        }
        return found;
    };
    constexpr int many = 10'000;
    for (int number = 0; number < many; ++number) {
        say("INVITE", number);
        ASSERT_EQ(phone->shard().transactions().server_count(), 0U) << number;
    }
    EXPECT_EQ(tags().size(), static_cast<std::size_t>(many)) << "each once";
    // Repeated, because the answer was lost: the same To tag. The ACK is taken in silence.
    say("INVITE", 0);
    ASSERT_EQ(tags().size(), many + 1U);
    EXPECT_EQ(tags().front(), tags().back());
    EXPECT_NE(tags()[1], tags().back());
    const std::size_t heard = net.packets_of(ip("203.0.113.9")).size();
    say("ACK", 0, tags().front());
    net.run_for(40s);
    EXPECT_EQ(net.packets_of(ip("203.0.113.9")).size(), heard + 1) << "the ACK itself";
    EXPECT_EQ(phone->shard().transactions().server_count(), 0U);
    EXPECT_TRUE(phone->calls().empty());
}

// What a proxy passes on from a far end is not its own: its realms are those of its registrar.
TEST_F(PhoneStrangers, AChallengeOfAnotherRealmIsNotAnswered) {
    settings.lines.front().is_register = true;
    const std::string own = "\"registrar\"";
    server.answered_by_test = [&](sip::transaction::ServerId id, const sip::MessagePtr& request) {
        const bool is_signed = request->count(sip::HeaderName::Authorization) != 0;
        auto response = sip::reply(*request, is_signed ? 200 : 401, "t");
        if (is_signed) {
            response.copy(sip::HeaderName::Contact, *request);
        } else {
            response.header(sip::HeaderName::WwwAuthenticate,
                            "Digest realm=" + own + ", nonce=\"n\", qop=\"auth\"");
        }
        server.shard().respond(id, response.build());
        return true;
    };
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 5s));
    const std::size_t before = digests_to(ip("198.51.100.1"));
    challenge(server, sip::Method::Invite, 407, "far-end.example");
    phone.dial("1002");
    net.run_for(2s);
    EXPECT_EQ(phone.call(), nullptr);
    EXPECT_EQ(digests_to(ip("198.51.100.1")), before);
    challenge(server, sip::Method::Invite, 407, "registrar");
    phone.dial("1002");
    net.run_for(2s);
    EXPECT_EQ(digests_to(ip("198.51.100.1")), before + 1);
    EXPECT_TRUE(is_active(phone));
    server.answered_by_test = {};
    phone->stop();
    net.run_for(40s);
}

// A plain call to a line in the clear: no offer of ours in it bears keys.
TEST_F(PhoneStrangers, APlainCallIsToldNoKeys) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    be_called(phone, server);
    ASSERT_TRUE(phone->hold(phone.call()->id(), true));
    net.run_for(1s);
    ASSERT_EQ(server.count("INVITE"), 1U);
    EXPECT_EQ(server.last_request("INVITE")->body().find("a=crypto"), std::string_view::npos);
    EXPECT_NE(server.last_request("INVITE")->body().find("a=sendonly"), std::string_view::npos);
    phone->stop();
    net.run_for(40s);
}

// Who redirects a call knows its keys, and does not hear it.
TEST_F(PhoneStrangers, TheNextTargetHasKeysOfItsOwn) {
    settings.phone.secure_call_setting = true;
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    server.on_invite = Phone::OnInvite::Redirect;
    server.redirect_to = "<sip:1003@elsewhere.example.net>";
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return server.count("INVITE") == 1; }, 10s));
    const std::string before(server.last_request("INVITE")->body());
    server.on_invite = Phone::OnInvite::Ring;
    ASSERT_TRUE(net.run_until([&] { return server.count("INVITE") == 2; }, 10s));
    const std::string after(server.last_request("INVITE")->body());
    const auto first_key = [](const std::string& body) {
        const auto at = body.find("inline:");
        return at == std::string::npos ? "" : body.substr(at, 40);
    };
    EXPECT_NE(first_key(before), "");
    EXPECT_NE(first_key(after), "");
    EXPECT_NE(first_key(before), first_key(after));
    phone->stop();
    net.run_for(40s);
}

// IP dialling: whoever is there is not the server.
TEST_F(PhoneStrangers, WhoeverIsDialledByAddressGetsNone) {
    settings.lines.front().dial_plan = "(xx.)";
    settings.lines.front().enable_ip_dialing = true;
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    challenge(stranger, sip::Method::Invite, 401, "pbx.example.org");
    phone.dial("7*203*0*113*9");
    net.run_for(5s);
    EXPECT_EQ(stranger.count("INVITE"), 1U);
    EXPECT_EQ(digests_to(ip("203.0.113.9")), 0U);
    EXPECT_EQ(phone.call(), nullptr);
}

// A page opens the microphone, and REFER calls at the owner's cost: neither is a stranger's to ask.
TEST_F(PhoneStrangers, AStrangersPageRingsAndHisReferIsRefused) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    stranger.invite_fields = {{"Call-Info", "<sip:example.net>;answer-after=0"}};
    stranger.invite("sip:1001@192.0.2.77:5060");
    net.run_for(1s);
    EXPECT_EQ(stranger.statuses("INVITE"), std::vector<int>{180});
    ASSERT_TRUE(phone->answer(phone.call()->id()));
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    stranger.dialog_fields = {{"Refer-To", "<sip:19005551234@premium.example>"}};
    stranger.in_dialog(sip::Method::Refer);
    net.run_for(5s);
    EXPECT_EQ(stranger.statuses("REFER"), std::vector<int>{403});
    EXPECT_EQ(server.count("INVITE"), 0U);
    EXPECT_TRUE(is_active(phone));
    phone->stop();
    net.run_for(40s);
}

// Who has shown the password is none.
TEST_F(PhoneStrangers, WhoHasShownThePasswordMayPage) {
    settings.lines.front().auth_invite = true;
    RingwallPhone phone(net, phone_address, settings);
    Phone known(net, ip("203.0.113.10"), sip::Transport::Udp, {phone_address, 5060},
                {"1001", "pbx.example.org", "secret"}, 604);
    net.run_for(1s);
    known.invite_fields = {{"Call-Info", "<sip:example.net>;answer-after=0"}};
    known.invite("sip:1001@192.0.2.77:5060");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    phone->stop();
    net.run_for(40s);
}

// What cannot be had is refused before anybody is called to the phone.
TEST_F(PhoneStrangers, AnOfferThatCannotBeTakenDoesNotRing) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    const std::string head =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n";
    for (const std::string& offer :
         {head + "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAA\r\n",
          head + "m=video 4000 RTP/AVP 31\r\n", std::string("hello\r\n")}) {
        stranger.offer = offer;
        stranger.invite("sip:1001@192.0.2.77:5060");
        net.run_for(2s);
        EXPECT_EQ(stranger.statuses("INVITE").back(), 488) << offer;
    }
    EXPECT_EQ(stranger.statuses("INVITE"), (std::vector<int>{488, 488, 488}));
    EXPECT_EQ(phone.media.streams.size(), 0U);
    net.run_for(40s);
    EXPECT_TRUE(phone->calls().empty());
}

// Connections of strangers: some of each source, some in all, and none of them for ever.
TEST_F(PhoneStrangers, ConnectionsOfStrangersAreFewAndShort) {
    settings.lines.front().sip_transport = sip::Transport::Tcp;
    const Endpoint local{phone_address, 5060};
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    const engine::ListenerId door = phone.node().listen_tcp({phone_address, 5070});
    phone->add_listener(door, local, sip::Transport::Tcp, {});
    std::uint16_t port = 1000;
    const auto admitted = [&](const char* source, int count) {
        int out = 0;
        for (int i = 0; i < count; ++i) {
            out += phone->on_accept(door, {ip(source), ++port}).is_admitted ? 1 : 0;
        }
        return out;
    };
    EXPECT_EQ(admitted("203.0.113.9", 100), 8);
    EXPECT_EQ(admitted("2001:db8::1", 4), 4);
    EXPECT_EQ(admitted("2001:db8::2", 100), 4);
    EXPECT_EQ(admitted("203.0.113.11", 100), 8);
    EXPECT_EQ(admitted("203.0.113.12", 100), 8);
    EXPECT_EQ(admitted("203.0.113.13", 100), 0);
    EXPECT_EQ(admitted("198.51.100.1", 100), 100) << "a server of the line is no stranger";
    engine::Flow gone;
    gone.listener = door;
    gone.remote = {ip("203.0.113.9"), 1001};
    phone->on_flow_closed(gone, CloseReason::PeerClosed, {});
    const auto next = phone->on_accept(door, {ip("203.0.113.13"), 7});
    EXPECT_TRUE(next.is_admitted);
    EXPECT_LT(next.handshake_timeout, 20s);
    EXPECT_LT(next.idle_timeout, 300s);
}

// RFC 3261 §13.3.1, and three minutes.
TEST_F(PhoneStrangers, NoCallRingsForEver) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    server.invite_fields = {{"Expires", "5"}};
    server.invite("sip:1001@192.0.2.77:5060");
    net.run_for(4900ms);
    EXPECT_EQ(server.statuses("INVITE"), std::vector<int>{180});
    net.run_for(1s);
    EXPECT_EQ(server.statuses("INVITE"), (std::vector<int>{180, 487}));
    server.invite_fields = {{"Expires", "4000000"}};
    server.invite("sip:1001@192.0.2.77:5060");
    net.run_for(179s);
    EXPECT_EQ(server.statuses("INVITE").back(), 180);
    net.run_for(2s);
    EXPECT_EQ(server.statuses("INVITE").back(), 480);
    net.run_for(40s);
    EXPECT_TRUE(phone->calls().empty());
}

// The room that strangers may take; and help is called for, however many calls there are.
TEST_F(PhoneStrangers, StrangersLeaveRoomForOthers) {
    settings.lines.front().emergency_number = {"112"};
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    for (int i = 0; i < 6; ++i) {
        stranger.invite("sip:1001@192.0.2.77:5060");
        net.run_for(100ms);
    }
    const auto heard = stranger.statuses("INVITE");
    EXPECT_EQ(std::ranges::count(heard, 180), 4);
    EXPECT_EQ(std::ranges::count(heard, 486), 2);
    for (int i = 0; i < 70; ++i) {
        server.invite("sip:1001@192.0.2.77:5060");
        net.run_for(100ms);
    }
    EXPECT_EQ(phone->calls().size(), 64U);
    EXPECT_FALSE(phone->dial(0, "1002"));
    EXPECT_EQ(server.count("INVITE"), 0U);
    ASSERT_TRUE(phone->dial(0, "112"));
    net.run_for(1s);
    EXPECT_EQ(server.last_request("INVITE")->request_uri().user, "112");
    phone->stop();
    net.run_for(240s);
    EXPECT_TRUE(phone->calls().empty());
}

}  // namespace
}  // namespace ringwall::test
