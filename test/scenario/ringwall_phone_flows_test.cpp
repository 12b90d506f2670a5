// Flows of RFC 3665 and RFC 5359 as Ringwall's phone has them, most at Ringwall's border controller
// (docs/flows.md names those that are elsewhere).
#include "scenario/phone_lab.h"
#include "scenario/udp_phone.h"

namespace ringwall::test {
namespace {

class PhoneFlows : public PhoneLab {
protected:
    // What came of its last call.
    static int last_status(RingwallPhone& phone) { return phone->history().calls().front().status; }

    RingwallPhone alice{net, ip("192.0.2.11"), line_of("alice", "wonderland")};
    RingwallPhone bob{net, ip("192.0.2.12"), line_of("bob", "builder"), 502};
};

// ---- RFC 3665 §2 --------------------------------------------------------------------------------

// §2.1: with the proof that the registrar asks for.
TEST_F(PhoneFlows, SuccessfulNewRegistration) {
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    EXPECT_EQ(said(alice, "REGISTER sip:example.com SIP/2.0"), 2U);
    EXPECT_EQ(said(alice, "Authorization: "), 1U);
    ASSERT_TRUE(run_until([&] { return bob.is_registered(); }));
    EXPECT_EQ(border.sbc().location().user_count(), 2U);
}

// It is ended before it has reached its server.
TEST_F(PhoneFlows, WhoIsStoppedDoesNotRegister) {
    bob->stop();
    net.run_for(60s);
    EXPECT_EQ(said(bob, "REGISTER"), 0U);
    EXPECT_TRUE(bob->is_quiet());
}

// §2.4
TEST_F(PhoneFlows, CancellationOfRegistration) {
    ASSERT_TRUE(run_until([&] { return alice.is_registered() && bob.is_registered(); }));
    alice->stop();
    ASSERT_TRUE(run_until([&] { return alice->is_quiet(); }, 2s));
    EXPECT_EQ(border.sbc().location().user_count(), 1U);
    EXPECT_GE(said(alice, "Expires: 0"), 1U);
}

// §2.5: who does not know the password tries once, and says why not.
TEST_F(PhoneLab, UnsuccessfulRegistration) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "looking-glass"));
    net.run_for(60s);
    EXPECT_FALSE(alice.is_registered());
    EXPECT_EQ(border.sbc().location().user_count(), 0U);
    EXPECT_EQ(said(alice, "Authorization: "), 1U);
    EXPECT_TRUE(alice.line().problem().starts_with("40")) << alice.line().problem();
}

// §2.3: a REGISTER without Contact asks, and changes nothing. Ours keeps a NAT open by it.
TEST_F(PhoneAtServer, RequestForTheContactList) {
    settings.lines.front().nat_keep_alive_enable = true;
    settings.lines.front().nat_keep_alive_msg = "$REGISTER";
    const RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return server.count("REGISTER") > 1; }, 60s));
    const auto request = server.last_request("REGISTER");
    EXPECT_EQ(request->count(sip::HeaderName::Contact), 0U);
    EXPECT_EQ(request->count(sip::HeaderName::Expires), 0U);
    EXPECT_EQ(request->to().uri.host, "pbx.example.org");
}

// ---- RFC 3665 §3 --------------------------------------------------------------------------------

// §3.2: both proxies stay in the way, the nearer one first.
TEST_F(PhoneAtServer, ThroughTwoProxies) {
    server.record_route = "<sip:ss2.biloxi.example.com;lr>, <sip:ss1.atlanta.example.com;lr>";
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone) && !server.acks().empty(); }, 5s));
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    ASSERT_TRUE(net.run_until([&] { return server.count("BYE") == 1; }, 5s));
    for (const auto& each : {server.acks().front(), server.last_request("BYE")}) {
        const auto route = each->name_addrs(sip::HeaderName::Route);
        ASSERT_EQ(route->size(), 2U);
        EXPECT_EQ(route->front().uri.host, "ss1.atlanta.example.com");
        EXPECT_EQ(route->back().uri.host, "ss2.biloxi.example.com");
    }
    net.run_for(40s);
}

// §3.5: the far end's gateway says in its description where it hears, wherever its signalling is.
TEST_F(PhoneAtServer, ThroughAnAlg) {
    server.offer =
        "v=0\r\no=UserB 2 2 IN IP4 192.0.2.201\r\ns=-\r\nc=IN IP4 192.0.2.201\r\nt=0 0\r\n"
        "m=audio 3456 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    EXPECT_EQ(phone.stream().spec->remote, (Endpoint{ip("192.0.2.201"), 3456}));
    phone->stop();
    net.run_for(40s);
}

// §3.7: Bob has another address for his media, and says so.
TEST_F(PhoneAtServer, SessionWithReinvite) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    EXPECT_EQ(phone.stream().spec->remote, (Endpoint{ip("192.0.2.9"), 4000}));
    server.offer =
        "v=0\r\no=- 1 2 IN IP4 192.0.2.100\r\ns=-\r\nc=IN IP4 192.0.2.100\r\nt=0 0\r\n"
        "m=audio 47172 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";
    server.reinvite();
    ASSERT_TRUE(net.run_until([&] { return !server.statuses("INVITE").empty(); }, 5s));
    EXPECT_EQ(server.statuses("INVITE").back(), 200);
    EXPECT_EQ(phone.stream().spec->remote, (Endpoint{ip("192.0.2.100"), 47172}));
    EXPECT_EQ(phone.media.open_streams(), 1U);
    phone->stop();
    net.run_for(40s);
}

// §3.10: Bob's phone has lost its power, and does not even notice that nobody answers.
TEST_F(PhoneFlows, NoResponse) {
    bob->stop();
    phone::Settings settings = line_of("bob", "builder");
    settings.phone.nat_keep_alive_intvl = Duration::zero();
    RingwallPhone dark(net, ip("192.0.2.14"), settings, 504);
    ASSERT_TRUE(run_until([&] { return alice.is_registered() && dark.is_registered(); }));
    dark.node().freeze();
    alice.dial("bob");
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr; }, 60s));
    EXPECT_EQ(last_status(alice), 408);
    EXPECT_TRUE(alice.is_registered());
    net.run_for(60s);
}

// §3.11: it rings there, and nobody can come.
TEST_F(PhoneFlows, TemporarilyUnavailable) {
    ASSERT_TRUE(run_until([&] { return alice.is_registered() && bob.is_registered(); }));
    alice.dial("bob");
    ASSERT_TRUE(run_until([&] { return is_in(alice, State::RemoteRinging); }));
    ASSERT_TRUE(bob->reject(bob.call()->id(), 480));
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr; }));
    EXPECT_EQ(last_status(alice), 480);
}

// ---- RFC 5359 -----------------------------------------------------------------------------------

// §2.2: Bob holds Alice, asks Carol, and is Alice's again.
TEST_F(ThreePhones, ConsultationHold) {
    talk(alice, bob, "bob");
    const phone::CallId first = bob.call()->id();
    ASSERT_TRUE(bob->hold(first, true));
    ASSERT_TRUE(run_until([&] { return alice.call()->is_held_by_peer(); }));
    bob.dial("carol");
    ASSERT_TRUE(run_until([&] { return is_in(carol, State::Ringing); }));
    ASSERT_TRUE(carol->answer(carol.call()->id()));
    const phone::CallId second = std::prev(bob->calls().end())->first;
    ASSERT_TRUE(run_until([&] { return bob->call(second)->state() == State::Active; }));
    EXPECT_TRUE(bob->call(first)->is_held());
    EXPECT_FALSE(bob->call(second)->is_held());
    ASSERT_TRUE(bob->hang_up(second));
    ASSERT_TRUE(run_until([&] { return carol.call() == nullptr; }));
    ASSERT_TRUE(bob->hold(first, false));
    ASSERT_TRUE(run_until([&] { return !alice.call()->is_held_by_peer(); }));
    EXPECT_EQ(alice.stream().spec->direction, media::Direction::SendReceive);
    ASSERT_TRUE(bob->hang_up(first));
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr; }));
}

// §2.8: by 302, which the border controller follows.
TEST_F(ThreePhones, CallForwardingBusy) {
    phone::Settings settings = line_of("bob", "builder");
    settings.phone.cw_setting = false;
    settings.phone.cfwd_busy_dest = "alice";
    bob->stop();
    net.run_for(1s);
    RingwallPhone busy(net, ip("192.0.2.14"), settings, 504);
    ASSERT_TRUE(run_until([&] { return busy.is_registered(); }));
    busy.dial("alice");
    ASSERT_TRUE(run_until([&] { return is_in(alice, State::Ringing); }));
    ASSERT_TRUE(alice->answer(alice.call()->id()));
    ASSERT_TRUE(run_until([&] { return is_in(busy, State::Active); }));
    carol.dial("bob");
    ASSERT_TRUE(run_until([&] { return alice->calls().size() == 2; }));
    EXPECT_EQ(busy->calls().size(), 1U);
    ASSERT_TRUE(carol->hang_up(carol.call()->id()));
    ASSERT_TRUE(busy->hang_up(busy.call()->id()));
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr && alice->calls().empty(); }));
}

// §2.9
TEST_F(ThreePhones, CallForwardingNoAnswer) {
    phone::Settings settings = line_of("bob", "builder");
    settings.phone.cfwd_no_ans_dest = "carol";
    settings.phone.cfwd_no_ans_delay = 5s;
    bob->stop();
    net.run_for(1s);
    RingwallPhone away(net, ip("192.0.2.14"), settings, 504);
    ASSERT_TRUE(run_until([&] { return away.is_registered(); }));
    alice.dial("bob");
    ASSERT_TRUE(run_until([&] { return is_in(away, State::Ringing); }));
    EXPECT_EQ(carol.call(), nullptr);
    ASSERT_TRUE(run_until([&] { return is_in(carol, State::Ringing); }, 6s));
    EXPECT_EQ(away.call(), nullptr);
    ASSERT_TRUE(carol->answer(carol.call()->id()));
    ASSERT_TRUE(run_until([&] { return is_in(alice, State::Active); }));
    ASSERT_TRUE(alice->hang_up(alice.call()->id()));
    ASSERT_TRUE(run_until([&] { return carol.call() == nullptr; }));
}

// §2.10: Bob has both, and each hears the others by him.
TEST_F(ThreePhones, ThreeWayConferenceThirdPartyIsAdded) {
    talk(alice, bob, "bob");
    const phone::CallId first = bob.call()->id();
    bob.dial("carol");
    ASSERT_TRUE(run_until([&] { return is_in(carol, State::Ringing); }));
    ASSERT_TRUE(carol->answer(carol.call()->id()));
    const phone::CallId second = std::prev(bob->calls().end())->first;
    ASSERT_TRUE(run_until([&] { return bob->call(second)->state() == State::Active; }));
    ASSERT_TRUE(bob->conference({first, second}));
    ASSERT_TRUE(run_until([&] { return !alice.call()->is_held_by_peer(); }));
    EXPECT_EQ(bob.media.mixed,
              (std::vector{*bob->call(first)->stream(), *bob->call(second)->stream()}));
    for (RingwallPhone* const each : {&alice, &carol}) {
        EXPECT_EQ(each->stream().spec->direction, media::Direction::SendReceive);
    }
    // Who is held hears nobody; and without calls it is over.
    const auto both = bob.media.mixed;
    ASSERT_TRUE(bob->hold(second, true));
    EXPECT_TRUE(bob.media.mixed.empty());
    net.run_for(1s);
    ASSERT_TRUE(bob->hold(second, false));
    EXPECT_EQ(bob.media.mixed, both);
    net.run_for(1s);
    ASSERT_TRUE(bob->conference({}));
    EXPECT_TRUE(bob.media.mixed.empty());
    ASSERT_TRUE(bob->conference({first, second}));
    EXPECT_EQ(bob.media.mixed, both);
    // Carol leaves; Alice and Bob talk on.
    ASSERT_TRUE(carol->hang_up(carol.call()->id()));
    ASSERT_TRUE(run_until([&] { return bob->call(second) == nullptr || bob.call() != nullptr; }));
    EXPECT_TRUE(is_in(alice, State::Active));
    ASSERT_TRUE(bob->hang_up(first));
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr; }));
}

// §2.11: Join (RFC 3911) is not known here: who asks for it rings as anybody does.
TEST_F(PhoneAtServer, AThirdPartyThatJoinsIsASecondCall) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    Phone third(net, ip("203.0.113.9"), sip::Transport::Udp, {phone_address, 5060},
                {"1003", "pbx.example.org", ""}, 603);
    third.invite_fields = {
        {"Join", std::string(server.last_request("INVITE")->call_id()) + ";from-tag=1;to-tag=2"}};
    third.invite("sip:1001@192.0.2.77:5060");
    ASSERT_TRUE(net.run_until([&] { return phone->calls().size() == 2; }, 5s));
    EXPECT_EQ(std::prev(phone->calls().end())->second->state(), phone::Call::State::Ringing);
    EXPECT_TRUE(phone.media.mixed.empty());
    phone->stop();
    net.run_for(40s);
}

// §2.6 and §2.18: no message and no REFER outside of a call makes the phone call anybody.
TEST_F(PhoneAtServer, NobodyIsCalledByAnotherOutsideOfACall) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    server.send("MESSAGE", "sip:1001@192.0.2.77:5060", {{"Content-Type", "text/plain"}},
                "sip:1003@pbx.example.org");
    server.send("REFER", "sip:1001@192.0.2.77:5060",
                {{"Refer-To", "<sip:1003@pbx.example.org>"}, {"Contact", server.contact()}});
    net.run_for(5s);
    EXPECT_EQ(server.statuses("MESSAGE"), std::vector<int>{405});
    EXPECT_EQ(server.statuses("REFER"), std::vector<int>{481});
    EXPECT_EQ(server.count("INVITE"), 0U);
    net.run_for(40s);
}

}  // namespace
}  // namespace ringwall::test
