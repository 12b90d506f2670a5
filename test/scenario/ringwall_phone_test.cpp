// Ringwall's phone at Ringwall's border controller.
#include <algorithm>

#include "scenario/phone_lab.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

TEST_F(PhoneLab, RegistersOverTls) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
}

// RFC 3665 §3.1: both talk, each sends with the key that the other has for receiving.
TEST_F(PhoneLab, CallsAnotherWithKeysOfTheirOwn) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    RingwallPhone bob(net, ip("192.0.2.12"), line_of("bob", "builder"), 502);
    talk(alice, bob, "bob");

    const auto& hers = *alice.stream().spec;
    const auto& his = *bob.stream().spec;
    EXPECT_EQ(hers.remote, bob.stream().rtp);
    EXPECT_EQ(his.remote, alice.stream().rtp);
    ASSERT_TRUE(hers.send_key && his.send_key);
    EXPECT_EQ(hers.send_key, his.receive_key);
    EXPECT_EQ(hers.receive_key, his.send_key);

    ASSERT_TRUE(alice->hang_up(alice.call()->id()));
    ASSERT_TRUE(run_until([&] { return bob.call() == nullptr; }));
    EXPECT_EQ(alice.media.open_streams() + bob.media.open_streams(), 0U);
    net.run_for(40s);
    EXPECT_TRUE(alice->calls().empty());
    EXPECT_TRUE(bob->calls().empty());
}

// RFC 3665 §3.9: the callee does not want to.
TEST_F(PhoneLab, ARejectedCallIsBusy) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    RingwallPhone bob(net, ip("192.0.2.12"), line_of("bob", "builder"), 502);
    ASSERT_TRUE(run_until([&] { return alice.is_registered() && bob.is_registered(); }));
    alice.dial("bob");
    ASSERT_TRUE(run_until([&] { return is_in(bob, State::Ringing); }));
    ASSERT_TRUE(bob->reject(bob.call()->id()));
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr; }));
    EXPECT_EQ(alice.states.back().second, "ended");
    EXPECT_EQ(alice.media.open_streams(), 0U);
}

// RFC 3665 §3.8: the caller gives up while it rings.
TEST_F(PhoneLab, ACancelledCallStopsRinging) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    RingwallPhone bob(net, ip("192.0.2.12"), line_of("bob", "builder"), 502);
    ASSERT_TRUE(run_until([&] { return alice.is_registered() && bob.is_registered(); }));
    alice.dial("bob");
    ASSERT_TRUE(run_until([&] { return is_in(alice, State::RemoteRinging); }));
    ASSERT_TRUE(alice->hang_up(alice.call()->id()));
    ASSERT_TRUE(run_until([&] { return bob.call() == nullptr; }));
    net.run_for(40s);
    EXPECT_TRUE(alice->calls().empty());
    EXPECT_TRUE(bob->calls().empty());
}

// RFC 5359 §2.1: held, the stream goes one way; resumed, both.
TEST_F(PhoneLab, HoldsAndResumes) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    RingwallPhone bob(net, ip("192.0.2.12"), line_of("bob", "builder"), 502);
    talk(alice, bob, "bob");
    ASSERT_TRUE(alice->hold(alice.call()->id(), true));
    ASSERT_TRUE(run_until([&] { return bob.call()->is_held_by_peer(); }));
    EXPECT_EQ(bob.stream().spec->direction, media::Direction::ReceiveOnly);
    EXPECT_TRUE(
        run_until([&] { return alice.stream().spec->direction == media::Direction::SendOnly; }));
    ASSERT_TRUE(alice->hold(alice.call()->id(), false));
    ASSERT_TRUE(run_until([&] { return !bob.call()->is_held_by_peer(); }));
    EXPECT_EQ(bob.stream().spec->direction, media::Direction::SendReceive);
    // The other way round, on the same call.
    ASSERT_TRUE(bob->hold(bob.call()->id(), true));
    ASSERT_TRUE(run_until([&] { return alice.call()->is_held_by_peer(); }));
    ASSERT_TRUE(bob->hang_up(bob.call()->id()));
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr; }));
}

// RFC 4568 §7.1.4: a call that is taken up again has new keys, both ways; one that is held keeps
// its own.
TEST_F(PhoneLab, AResumedCallHasNewKeys) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    RingwallPhone bob(net, ip("192.0.2.12"), line_of("bob", "builder"), 502);
    talk(alice, bob, "bob");
    const media::StreamSpec hers = *alice.stream().spec;
    ASSERT_TRUE(alice->hold(alice.call()->id(), true));
    ASSERT_TRUE(
        run_until([&] { return alice.stream().spec->direction == media::Direction::SendOnly; }));
    EXPECT_EQ(alice.stream().spec->send_key, hers.send_key);
    EXPECT_EQ(alice.stream().spec->receive_key, hers.receive_key);
    ASSERT_TRUE(alice->hold(alice.call()->id(), false));
    ASSERT_TRUE(
        run_until([&] { return alice.stream().spec->direction == media::Direction::SendReceive; }));
    EXPECT_NE(alice.stream().spec->send_key, hers.send_key);
    EXPECT_NE(alice.stream().spec->receive_key, hers.receive_key);
    EXPECT_EQ(alice.stream().spec->send_key, bob.stream().spec->receive_key);
    EXPECT_EQ(alice.stream().spec->receive_key, bob.stream().spec->send_key);
    ASSERT_TRUE(alice->hang_up(alice.call()->id()));
    ASSERT_TRUE(run_until([&] { return bob.call() == nullptr; }));
}

// At the sound card, once.
TEST_F(PhoneLab, ThatACallIsEncryptedIsHeard) {
    phone::Settings settings = line_of("alice", "wonderland");
    settings.phone.tones.secure_call_indication = "397@-19;15(.2/2.1/1)";
    RingwallPhone alice(net, ip("192.0.2.11"), settings, 501, {.sink = media::SoundCard{}});
    RingwallPhone bob(net, ip("192.0.2.12"), line_of("bob", "builder"), 502);
    talk(alice, bob, "bob");
    EXPECT_EQ(alice.tone(), settings.phone.tones.secure_call_indication);
    alice->on_source_ended(alice.media.streams.rbegin()->first);
    ASSERT_TRUE(bob->hold(bob.call()->id(), true));
    ASSERT_TRUE(run_until([&] { return alice.call()->is_held_by_peer(); }));
    EXPECT_EQ(alice.tone(), "");
    ASSERT_TRUE(bob->hang_up(bob.call()->id()));
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr; }));
}

// Both at once: one of the two offers meets 491 and comes again (RFC 3261 §14.1).
TEST_F(PhoneLab, BothHoldAtOnce) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    RingwallPhone bob(net, ip("192.0.2.12"), line_of("bob", "builder"), 502);
    talk(alice, bob, "bob");
    ASSERT_TRUE(alice->hold(alice.call()->id(), true));
    ASSERT_TRUE(bob->hold(bob.call()->id(), true));
    ASSERT_TRUE(run_until(
        [&] { return alice.call()->is_held_by_peer() && bob.call()->is_held_by_peer(); }));
    EXPECT_EQ(alice.stream().spec->direction, media::Direction::Inactive);
    EXPECT_EQ(bob.stream().spec->direction, media::Direction::Inactive);
    net.run_for(5s);
    ASSERT_TRUE(is_in(alice, State::Active) && is_in(bob, State::Active));
    // And take it up again at once.
    ASSERT_TRUE(alice->hold(alice.call()->id(), false));
    ASSERT_TRUE(bob->hold(bob.call()->id(), false));
    net.run_for(10s);
    ASSERT_TRUE(is_in(alice, State::Active) && is_in(bob, State::Active));
    EXPECT_EQ(alice.stream().spec->direction, media::Direction::SendReceive);
    EXPECT_EQ(bob.stream().spec->direction, media::Direction::SendReceive);
    EXPECT_EQ(alice.stream().spec->send_key, bob.stream().spec->receive_key);
    EXPECT_EQ(alice.stream().spec->receive_key, bob.stream().spec->send_key);
    ASSERT_TRUE(bob->hang_up(bob.call()->id()));
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr; }));
}

// The far end gets every key that a stream has, however often it is changed meanwhile.
TEST_F(PhoneLab, AHoldThatIsTakenBackWaitsForItsAnswer) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    RingwallPhone bob(net, ip("192.0.2.12"), line_of("bob", "builder"), 502);
    talk(alice, bob, "bob");
    for (const bool is_held : {true, false, true, false}) {
        ASSERT_TRUE(alice->hold(alice.call()->id(), is_held));
    }
    ASSERT_TRUE(run_until([&] { return bob.call()->is_held_by_peer(); }));
    ASSERT_TRUE(
        run_until([&] { return alice.stream().spec->direction == media::Direction::SendOnly; }));
    EXPECT_EQ(alice.stream().spec->send_key, bob.stream().spec->receive_key);
    net.run_for(5s);
    EXPECT_EQ(alice.stream().spec->direction, media::Direction::SendReceive);
    EXPECT_EQ(alice.stream().spec->send_key, bob.stream().spec->receive_key);
    EXPECT_EQ(alice.stream().spec->receive_key, bob.stream().spec->send_key);
    ASSERT_TRUE(bob->hang_up(bob.call()->id()));
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr; }));
}

// The second call takes the place of the first, which waits.
TEST_F(PhoneLab, AWaitingCallHoldsTheFirst) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    RingwallPhone bob(net, ip("192.0.2.12"), line_of("bob", "builder"), 502);
    talk(alice, bob, "bob");
    const phone::CallId first = bob.call()->id();
    alice.dial("bob");
    ASSERT_TRUE(run_until([&] { return bob->calls().size() == 2; }));
    const phone::CallId second = std::prev(bob->calls().end())->first;
    ASSERT_TRUE(bob->answer(second));
    ASSERT_TRUE(run_until([&] { return bob->call(second)->state() == State::Active; }));
    EXPECT_TRUE(bob->call(first)->is_held());
    ASSERT_TRUE(bob->conference({first, second}));
    EXPECT_EQ(bob.media.mixed.size(), 2U);
    ASSERT_TRUE(run_until([&] { return !bob->call(first)->is_held_by_peer(); }));
    ASSERT_TRUE(bob->hang_up(second));
    EXPECT_TRUE(bob.media.mixed.empty());
    ASSERT_TRUE(bob->hang_up(first));
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr && alice->calls().empty(); }));
}

// ---- supplementary services ---------------------------------------------------------------------

// RFC 5359 §2.4: bob sends alice to carol, and leaves when they talk.
TEST_F(ThreePhones, TransfersBlind) {
    talk(alice, bob, "bob");
    ASSERT_TRUE(bob->transfer(bob.call()->id(), "carol"));
    ASSERT_TRUE(run_until([&] { return is_in(carol, State::Ringing); }));
    ASSERT_TRUE(carol->answer(carol.call()->id()));
    ASSERT_TRUE(run_until([&] { return bob.call() == nullptr; }));
    ASSERT_TRUE(
        run_until([&] { return is_in(alice, State::Active) && is_in(carol, State::Active); }));
    EXPECT_EQ(bob.transfers.back(), 200);
    EXPECT_EQ(said(alice, "a=sendonly"), 0U);  // bob holds her, and waits for his NOTIFYs
    EXPECT_EQ(alice.stream().spec->remote, carol.stream().rtp);
    EXPECT_EQ(alice.stream().spec->send_key, carol.stream().spec->receive_key);
    ASSERT_TRUE(carol->hang_up(carol.call()->id()));
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr; }));
}

// The target does not want to: bob has his call again.
TEST_F(ThreePhones, ATransferThatFailsGivesTheCallBack) {
    talk(alice, bob, "bob");
    const phone::CallId first = bob.call()->id();
    ASSERT_TRUE(bob->transfer(first, "carol"));
    ASSERT_TRUE(run_until([&] { return is_in(carol, State::Ringing); }));
    ASSERT_TRUE(carol->reject(carol.call()->id()));
    ASSERT_TRUE(run_until([&] { return !bob.transfers.empty() && bob.transfers.back() >= 300; }));
    EXPECT_TRUE(is_in(bob, State::Active));
    ASSERT_TRUE(run_until([&] { return !bob.call()->is_held(); }));
    ASSERT_TRUE(bob->hang_up(first));
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr; }));
}

// RFC 5359 §2.5: bob asks carol first, then joins the two.
TEST_F(ThreePhones, TransfersAttended) {
    talk(alice, bob, "bob");
    const phone::CallId first = bob.call()->id();
    bob.dial("carol");
    ASSERT_TRUE(run_until([&] { return is_in(carol, State::Ringing); }));
    ASSERT_TRUE(carol->answer(carol.call()->id()));
    const phone::CallId second = std::prev(bob->calls().end())->first;
    ASSERT_TRUE(run_until([&] { return bob->call(second)->state() == State::Active; }));
    EXPECT_TRUE(bob->call(first)->is_held());
    ASSERT_TRUE(bob->transfer(first, second));
    ASSERT_TRUE(run_until([&] { return bob.call() == nullptr && bob->calls().empty(); }));
    ASSERT_TRUE(
        run_until([&] { return is_in(alice, State::Active) && is_in(carol, State::Active); }));
    EXPECT_EQ(alice.stream().spec->remote, carol.stream().rtp);
    ASSERT_TRUE(carol->hang_up(carol.call()->id()));
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr; }));
}

// *72carol, then *73: by 302, for the border controller to follow.
TEST_F(PhoneLab, ForwardsAllCallsWhenToldTo) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    phone::Settings settings = line_of("bob", "builder");
    settings.phone.cfwd_all_dest = "carol";
    RingwallPhone bob(net, ip("192.0.2.12"), settings, 502);
    RingwallPhone carol(net, ip("192.0.2.13"), line_of("carol", "lewis"), 503);
    ASSERT_TRUE(run_until(
        [&] { return alice.is_registered() && bob.is_registered() && carol.is_registered(); }));
    alice.dial("bob");
    ASSERT_TRUE(run_until([&] { return is_in(carol, State::Ringing); }));
    EXPECT_EQ(bob.call(), nullptr);
    ASSERT_TRUE(alice->hang_up(alice.call()->id()));
    ASSERT_TRUE(run_until([&] { return carol.call() == nullptr; }));
}

TEST_F(PhoneLab, DigitsGoByInfoWhereTheLineSaysSo) {
    phone::Settings settings = line_of("alice", "wonderland");
    settings.lines.front().dtmf_tx_method = phone::DtmfTxMethod::Info;
    RingwallPhone alice(net, ip("192.0.2.11"), settings);
    RingwallPhone bob(net, ip("192.0.2.12"), line_of("bob", "builder"), 502);
    talk(alice, bob, "bob");
    ASSERT_TRUE(alice->send_digits(alice.call()->id(), "12#"));
    ASSERT_TRUE(run_until([&] { return bob.digits == "12#"; }));
    ASSERT_TRUE(bob->send_digits(bob.call()->id(), "5"));
    EXPECT_EQ(bob.stream().digits, "5") << "by RFC 4733: the media's";
    alice->on_digit(*alice.call()->stream(), '5', 100ms);
    EXPECT_EQ(alice.digits, "5");
    // The same in the sound as well is no other key.
    bob->on_digit(*bob.call()->stream(), '1', 100ms);
    EXPECT_EQ(bob.digits, "12#");
    ASSERT_TRUE(alice->hang_up(alice.call()->id()));
    ASSERT_TRUE(run_until([&] { return bob.call() == nullptr; }));
}

// 100rel on both sides: 180 by PRACK.
TEST_F(PhoneLab, RingsReliablyWhereTheLineSaysSo) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    phone::Settings settings = line_of("bob", "builder");
    settings.lines.front().sip_100rel_enable = true;
    RingwallPhone bob(net, ip("192.0.2.12"), settings, 502);
    talk(alice, bob, "bob");
    EXPECT_EQ(said(bob, "Require: 100rel"), 1U);
    EXPECT_EQ(said(alice, "PRACK sip:"), 1U);
    ASSERT_TRUE(alice->hang_up(alice.call()->id()));
    ASSERT_TRUE(run_until([&] { return bob.call() == nullptr; }));
}

// Do not disturb, busy without call waiting: 486.
TEST_F(PhoneLab, ABusyPhoneWithoutCallWaitingSaysSo) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    phone::Settings settings = line_of("bob", "builder");
    settings.phone.cw_setting = false;
    RingwallPhone bob(net, ip("192.0.2.12"), settings, 502);
    RingwallPhone carol(net, ip("192.0.2.13"), line_of("carol", "lewis"), 503);
    talk(alice, bob, "bob");
    ASSERT_TRUE(run_until([&] { return carol.is_registered(); }));
    carol.dial("bob");
    ASSERT_TRUE(run_until([&] { return carol.call() == nullptr; }));
    EXPECT_EQ(said(bob, "SIP/2.0 486"), 1U);
    ASSERT_TRUE(alice->hang_up(alice.call()->id()));
    ASSERT_TRUE(run_until([&] { return bob.call() == nullptr; }));
}

// Dial plan and star codes.
TEST_F(PhoneLab, WhatIsDialledIsReadByThePlan) {
    phone::Settings settings = line_of("alice", "wonderland");
    settings.lines.front().dial_plan = "(<9:>xxx|0!)";
    settings.phone.star_codes = {
        {phone::StarService::DndAct, phone::StarServiceRow::Then::Nothing, "*78"}};
    RingwallPhone alice(net, ip("192.0.2.11"), settings);
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    EXPECT_FALSE(alice.dial("0"));
    EXPECT_NE(alice.last_error.find("barred"), std::string::npos);
    EXPECT_TRUE(alice.dial("9123"));
    net.run_for(100ms);
    EXPECT_EQ(said(alice, "INVITE sip:123@example.com"), 1U);
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr; }));
    EXPECT_FALSE(alice.dial("*78"));  // no call, and no error
    EXPECT_TRUE(alice.last_error.empty());
}

// ---- Auth INVITE --------------------------------------------------------------------------------

phone::Settings challenging(phone::Settings settings) {
    settings.lines.front().auth_invite = true;
    return settings;
}

// The border controller answers for bob's subscriber; alice never hears of it.
TEST_F(PhoneLab, AChallengedInviteIsAnsweredByTheBorderController) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    RingwallPhone bob(net, ip("192.0.2.12"), challenging(line_of("bob", "builder")), 502);
    talk(alice, bob, "bob");
    EXPECT_EQ(said(bob, "SIP/2.0 401"), 1U);
    for (const auto& packet : net.packets_of(ip("192.0.2.11"))) {
        EXPECT_TRUE(packet.to.address != ip("192.0.2.11") ||
                    packet.bytes.find("INVITE") == std::string::npos ||
                    packet.bytes.find("401") == std::string::npos);
    }
    // A change within the dialog is not challenged, nor is its end.
    ASSERT_TRUE(alice->hold(alice.call()->id(), true));
    ASSERT_TRUE(run_until([&] { return bob.call()->is_held_by_peer(); }));
    ASSERT_TRUE(alice->hang_up(alice.call()->id()));
    ASSERT_TRUE(run_until([&] { return bob.call() == nullptr; }));
    EXPECT_EQ(said(bob, "SIP/2.0 401"), 1U);
}

// "Auth Resync-Reboot": who orders it through the border controller is proven to be obeyed.
TEST_F(PhoneLab, AChallengedOrderIsAnsweredByTheBorderController) {
    RingwallPhone bob(net, ip("192.0.2.12"), line_of("bob", "builder"), 502);
    Phone softswitch(net, ip("192.0.2.20"), sip::Transport::Tcp, {ip("192.0.2.2"), 5060},
                     {"9001", "switch.example.com", ""}, 503);
    ASSERT_TRUE(run_until([&] { return bob.is_registered(); }));
    softswitch.send(
        "NOTIFY", "sip:bob@example.com",
        {{"Event", "resync"}, {"Contact", softswitch.contact()}, {"Subscription-State", "active"}});
    net.run_for(2s);
    EXPECT_EQ(bob.orders, std::vector<std::string>{"resync"});
    EXPECT_EQ(said(bob, "SIP/2.0 401"), 1U);
    EXPECT_EQ(softswitch.statuses("NOTIFY"), std::vector<int>{200});
}

// A realm that the border controller knows nothing of: no digest leaves, and no challenge passes.
TEST_F(PhoneLab, AChallengeOfAnotherRealmEndsTheCallWithoutALeak) {
    phone::Settings settings = challenging(line_of("bob", "builder"));
    settings.lines.front().reserved_auth_realm = "elsewhere.example";
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    RingwallPhone bob(net, ip("192.0.2.12"), settings, 502);
    ASSERT_TRUE(run_until([&] { return alice.is_registered() && bob.is_registered(); }));
    alice.dial("bob");
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr; }));
    EXPECT_EQ(said(bob, "SIP/2.0 401"), 1U);
    for (const auto& packet : net.packets()) {
        EXPECT_EQ(packet.bytes.find("realm=\"elsewhere.example\", nonce") != std::string::npos &&
                      packet.to.address != ip("192.0.2.1"),
                  false);
        if (packet.to.address == ip("192.0.2.12")) {
            EXPECT_EQ(packet.bytes.find("Authorization:"), std::string::npos);
        }
        if (packet.to.address == ip("192.0.2.11") &&
            packet.bytes.find("INVITE") != std::string::npos) {
            EXPECT_EQ(packet.bytes.find("WWW-Authenticate"), std::string::npos);
        }
    }
}

// Another password at the phone than at the border controller: twice and no more.
TEST_F(PhoneLab, AWrongPasswordIsNotTriedForEver) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    // A phone of the test's, which challenges again and again.
    Phone bob(net, ip("192.0.2.12"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
              {"bob", "example.com", "builder"}, 102);
    bob.register_now();
    bob.on_invite = Phone::OnInvite::Ignore;
    ASSERT_TRUE(run_until([&] { return alice.is_registered() && bob.is_registered(); }));
    unsigned challenges = 0;
    bob.answered_by_test = [&](sip::transaction::ServerId id, const sip::MessagePtr& request) {
        if (request->method() != sip::Method::Invite) {
            return false;
        }
        auto refusal = sip::reply(*request, 401, "tag" + std::to_string(++challenges));
        refusal.header("WWW-Authenticate", "Digest realm=\"example.com\", qop=\"auth\", nonce=\"n" +
                                               std::to_string(challenges) + "\"");
        bob.shard().respond(id, refusal.build());
        return true;
    };
    alice.dial("bob");
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr; }));
    EXPECT_EQ(challenges, 2U);
}

// ---- TLS ----------------------------------------------------------------------------------------

// Nothing is said to a server that is not the one: not even who the phone is.
TEST_F(PhoneLab, AServerOfAnotherNameHearsNoRegister) {
    net.answer({dns::RecordType::A, "other.example.com"}, addresses({ip("192.0.2.1")}));
    phone::Settings settings = line_of("alice", "wonderland");
    settings.lines.front().outbound_proxy = "other.example.com";
    RingwallPhone alice(net, ip("192.0.2.11"), settings);
    net.run_for(90s);
    EXPECT_FALSE(alice.is_registered());
    EXPECT_NE(alice.line().problem().find("other.example.com"), std::string::npos);
    EXPECT_TRUE(net.packets_of(ip("192.0.2.11")).empty());

    settings.lines.front().tls_name_validate = false;
    RingwallPhone careless(net, ip("192.0.2.13"), settings, 503);
    EXPECT_TRUE(run_until([&] { return careless.is_registered(); }));
}

TEST_F(PhoneLab, AnUnverifiedServerHearsNoRegister) {
    SimNetwork::Node& rogue = net.add_node(ip("192.0.2.66"));
    tls::PeerIdentity identity = certificate_of("border.example.com");
    identity.is_verified = false;
    identity.failure = "certificate has expired";
    rogue.set_server_identity(identity);
    Phone server(net, ip("192.0.2.67"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
                 {"x", "example.com", ""}, 77);
    rogue.listen_tcp({ip("192.0.2.66"), 5061});
    rogue.set_user(server.shard());
    net.answer({dns::RecordType::A, "border.example.com"}, addresses({ip("192.0.2.66")}));
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    net.run_for(90s);
    EXPECT_FALSE(alice.is_registered());
    EXPECT_NE(alice.line().problem(), "");
    EXPECT_TRUE(net.packets_of(ip("192.0.2.11")).empty());
    rogue.leave();
}

// One session for all, opened again when it drops; the call goes on and ends over the new one.
TEST_F(PhoneLab, ACallOutlivesItsConnection) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    RingwallPhone bob(net, ip("192.0.2.12"), line_of("bob", "builder"), 502);
    talk(alice, bob, "bob");
    net.run_for(60s);
    alice.node().cut();
    ASSERT_TRUE(run_until([&] { return !alice.is_registered(); }));
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    // The far end is told where alice is now (RFC 3261 §12.2).
    EXPECT_TRUE(run_until([&] { return said(alice, "UPDATE sip:bob@") == 1; }));
    EXPECT_EQ(said(alice, "Contact: <sip:alice@192.0.2.11:40001;transport=tls>\r\nAllow"), 1U);
    net.run_for(40s);
    EXPECT_TRUE(is_in(alice, State::Active));
    EXPECT_TRUE(is_in(bob, State::Active));
    ASSERT_TRUE(alice->hold(alice.call()->id(), true));
    EXPECT_TRUE(run_until([&] { return bob.call() != nullptr && bob.call()->is_held_by_peer(); }));
    ASSERT_TRUE(bob->hang_up(bob.call()->id()));
    EXPECT_TRUE(run_until([&] { return alice.call() == nullptr; }));
}

// Remove Last Reg: the binding of the connection that is no more goes with the new one.
TEST_F(PhoneLab, TheLastBindingIsRemovedWhereThatIsWanted) {
    Phone server = other_server(net);
    server.node().set_server_identity(certificate_of("border.example.com"));
    say_yes_to_registers(server);
    net.answer({dns::RecordType::A, "border.example.com"}, addresses({ip("192.0.2.66")}));
    phone::Settings settings = line_of("alice", "wonderland");
    settings.phone.remove_last_reg = true;
    RingwallPhone alice(net, ip("192.0.2.11"), settings);
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    EXPECT_EQ(server.last_request("REGISTER")->count(sip::HeaderName::Contact), 1U);
    net.run_for(60s);
    alice.node().cut();
    ASSERT_TRUE(run_until([&] { return !alice.is_registered(); }));
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    const auto contacts = server.last_request("REGISTER")->values(sip::HeaderName::Contact);
    ASSERT_EQ(contacts.size(), 2U);
    EXPECT_NE(contacts[0].find(":40001"), std::string_view::npos);
    EXPECT_EQ(contacts[1], "<sip:alice@192.0.2.11:40000;transport=tls>;expires=0");
    EXPECT_EQ(alice.line().problem(), "");
}

// Nobody waits for the timers of transactions: the other side has said that it is over.
TEST_F(PhoneLab, APhoneThatStopsInACallIsQuietAtOnce) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    RingwallPhone bob(net, ip("192.0.2.12"), line_of("bob", "builder"), 502);
    talk(alice, bob, "bob");
    alice->stop();
    EXPECT_FALSE(alice->is_quiet());
    EXPECT_TRUE(run_until([&] { return alice->is_quiet(); }, 1s));
    EXPECT_TRUE(run_until([&] { return bob.call() == nullptr; }, 1s));
}

// The same of the one who was called; both at once.
TEST_F(PhoneLab, ACallOutlivesBothConnections) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    RingwallPhone bob(net, ip("192.0.2.12"), line_of("bob", "builder"), 502);
    talk(alice, bob, "bob");
    net.run_for(60s);
    alice.node().cut();
    bob.node().cut();
    ASSERT_TRUE(run_until([&] { return !alice.is_registered() && !bob.is_registered(); }));
    ASSERT_TRUE(run_until([&] { return alice.is_registered() && bob.is_registered(); }));
    net.run_for(40s);
    EXPECT_TRUE(is_in(alice, State::Active));
    EXPECT_TRUE(is_in(bob, State::Active));
    ASSERT_TRUE(alice->hold(alice.call()->id(), true));
    EXPECT_TRUE(run_until([&] { return bob.call() != nullptr && bob.call()->is_held_by_peer(); }));
    ASSERT_TRUE(alice->hang_up(alice.call()->id()));
    EXPECT_TRUE(run_until([&] { return bob.call() == nullptr; }));
}

// A far end without UPDATE is told by a re-INVITE. Its offer is one that the answer can be judged
// by, also where the phone had only ever answered.
TEST_F(PhoneLab, AFarEndWithoutUpdateIsReinvited) {
    Phone server = other_server(net);
    server.node().set_server_identity(certificate_of("border.example.com"));
    say_yes_to_registers(server);
    net.answer({dns::RecordType::A, "border.example.com"}, addresses({ip("192.0.2.66")}));
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    server.invite("sip:alice@192.0.2.11");
    ASSERT_TRUE(run_until([&] { return is_in(alice, State::Ringing); }));
    ASSERT_TRUE(alice->answer(alice.call()->id()));
    ASSERT_TRUE(run_until([&] { return is_in(alice, State::Active); }));
    net.run_for(60s);
    alice.node().cut();
    ASSERT_TRUE(run_until([&] { return server.count("INVITE") == 1; }));
    net.run_for(40s);
    EXPECT_NE(server.last_request("INVITE")->header(sip::HeaderName::Contact)->value.find(":40001"),
              std::string_view::npos);
    EXPECT_TRUE(is_in(alice, State::Active));
    ASSERT_TRUE(alice->hang_up(alice.call()->id()));
    EXPECT_TRUE(run_until([&] { return server.count("BYE") == 1; }));
}

// As long as the server answers the pings nothing is lost.
TEST_F(PhoneLab, PingsKeepTheConnection) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    net.run_for(600s);
    EXPECT_TRUE(alice.is_registered());
    EXPECT_EQ(said(alice, "REGISTER"), 2U);
}

// RFC 5626 §4.4.1: nobody closed it, but nobody is there: noticed within the interval, and the
// next server is tried.
TEST_F(PhoneLab, ADeadConnectionIsNoticedByItsPings) {
    Phone server = other_server(net);
    server.node().set_server_identity(certificate_of("border.example.com"));
    say_yes_to_registers(server);
    phone::Settings settings = line_of("alice", "wonderland");
    settings.lines.front().outbound_proxy =
        "border.example.com:p=1:A=192.0.2.66|border.example.com:p=2:A=192.0.2.1";
    RingwallPhone alice(net, ip("192.0.2.11"), settings);
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    EXPECT_TRUE(alice.line().is_server(ip("192.0.2.66")));
    net.run_for(60s);
    ASSERT_TRUE(alice.is_registered());
    server.node().freeze();
    ASSERT_TRUE(run_until([&] { return !alice.is_registered(); }, 15s));
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }, 5s));
    EXPECT_EQ(border.sbc().location().user_count(), 1U);
}

// Also when it dies as soon as it has answered.
TEST_F(PhoneAtTlsServer, AConnectionThatDiesAtOnceIsNoticed) {
    server.node().freeze();
    EXPECT_TRUE(run_until([&] { return !alice.is_registered(); }, 15s));
}

// SRV (RFC 2782) and Try Backup RSC: a server that answers 503 gives way to the next, and is
// tried again after Proxy Fallback Intvl.
TEST_F(PhoneLab, ABackupServerTakesOverAndGivesBack) {
    Phone first = other_server(net);
    first.node().set_server_identity(certificate_of("border.example.com"));
    unsigned asked = 0;
    first.answered_by_test = [&](sip::transaction::ServerId id, const sip::MessagePtr& request) {
        const bool is_register = request->method() == sip::Method::Register;
        asked += is_register ? 1U : 0U;
        auto response = sip::reply(*request, is_register && asked == 1 ? 503 : 200, "t");
        response.copy(sip::HeaderName::Contact, *request);
        first.shard().respond(id, response.build());
        return true;
    };
    net.answer({dns::RecordType::Srv, "_sips._tcp.border.example.com"},
               services({{1, 1, 5061, "one.example.com"}, {2, 1, 5061, "two.example.com"}}));
    net.answer({dns::RecordType::A, "one.example.com"}, addresses({ip("192.0.2.66")}));
    net.answer({dns::RecordType::A, "two.example.com"}, addresses({ip("192.0.2.1")}));
    phone::Settings settings = line_of("alice", "wonderland");
    settings.phone.try_backup_rsc.patterns = {"503"};
    settings.lines.front().use_dns_srv = true;
    settings.lines.front().dns_srv_auto_prefix = true;
    settings.lines.front().proxy_fallback_intvl = 600s;
    RingwallPhone alice(net, ip("192.0.2.11"), settings);
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }, 5s));
    EXPECT_EQ(asked, 1U);
    EXPECT_EQ(alice.line().hop()->remote.address, ip("192.0.2.1"));
    net.run_for(590s);
    EXPECT_EQ(asked, 1U);
    net.run_for(20s);
    EXPECT_EQ(asked, 2U);
    EXPECT_TRUE(alice.is_registered());
    EXPECT_EQ(alice.line().hop()->remote.address, ip("192.0.2.66"));
}

// A first server that is still gone is no outage: it is tried beside the one in use.
TEST_F(PhoneLab, AFirstServerThatIsStillGoneIsNoOutage) {
    phone::Settings settings = line_of("alice", "wonderland");
    settings.lines.front().proxy_fallback_intvl = 60s;
    settings.lines.front().outbound_proxy =
        "border.example.com:p=1:A=192.0.2.66|border.example.com:p=2:A=192.0.2.1";
    RingwallPhone alice(net, ip("192.0.2.11"), settings);
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    for (int i = 0; i < 200; ++i) {
        net.run_for(1s);
        ASSERT_TRUE(alice.is_registered()) << i;
    }
    EXPECT_EQ(said(alice, "REGISTER"), 2U);
    // There again, under another name: not spoken to, and no outage either.
    Phone wrong = other_server(net);
    wrong.node().set_server_identity(certificate_of("mallory.example.net"));
    net.run_for(100s);
    EXPECT_TRUE(alice.is_registered());
    EXPECT_TRUE(wrong.requests().empty());
    // And at last it is itself.
    say_yes_to_registers(wrong);
    wrong.node().set_server_identity(certificate_of("border.example.com"));
    net.run_for(70s);
    EXPECT_EQ(alice.line().hop()->remote.address, ip("192.0.2.66"));
    EXPECT_TRUE(alice.is_registered());
}

// However short it was registered at the one that died.
TEST_F(PhoneLab, TheNextServerHearsOfThePhoneAtOnce) {
    Phone first = other_server(net);
    first.node().set_server_identity(certificate_of("border.example.com"));
    say_yes_to_registers(first);
    phone::Settings settings = line_of("alice", "wonderland");
    settings.lines.front().outbound_proxy =
        "border.example.com:p=1:A=192.0.2.66|border.example.com:p=2:A=192.0.2.1";
    RingwallPhone alice(net, ip("192.0.2.11"), settings);
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    net.refuse_connections({ip("192.0.2.66"), 5061});
    first.node().cut();
    ASSERT_TRUE(run_until([&] { return !alice.is_registered(); }, 1s));
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }, 2s));
    EXPECT_EQ(border.sbc().location().user_count(), 1U);
}

// Such as a proxy of TLS before a server that is down: opened again once, then as after a failure.
TEST_F(PhoneLab, AServerThatClosesEveryConnectionIsNotPestered) {
    Phone server = other_server(net);
    server.node().set_server_identity(certificate_of("border.example.com"));
    server.answered_by_test = [](sip::transaction::ServerId, const sip::MessagePtr&) {
        return true;
    };
    phone::Settings settings = line_of("alice", "wonderland");
    settings.lines.front().outbound_proxy = "border.example.com:A=192.0.2.66";
    settings.lines.front().is_register = false;
    RingwallPhone alice(net, ip("192.0.2.11"), settings);
    for (int i = 0; i < 600; ++i) {
        net.run_for(100ms);
        server.node().cut();
    }
    const auto tries = std::ranges::count(alice.line_states, phone::Line::State::Connecting);
    EXPECT_GE(tries, 2);
    EXPECT_LE(tries, 6);
}

// The second line waits for the first one's REGISTER.
TEST_F(PhoneLab, LinesStartOneAfterTheOther) {
    phone::Settings settings = line_of("alice", "wonderland");
    settings.lines.push_back(line_of("bob", "builder").lines.front());
    settings.lines.back().number = 2;
    RingwallPhone both(net, ip("192.0.2.11"), settings);
    EXPECT_EQ(both.line(1).state(), phone::Line::State::Off);
    ASSERT_TRUE(run_until([&] { return both.line(1).state() != phone::Line::State::Off; }));
    EXPECT_TRUE(both.is_registered(0));
    ASSERT_TRUE(run_until([&] { return both.is_registered(1); }));
}

// Or for 20 s, where the first has no connection.
TEST_F(PhoneLab, ALineThatCannotConnectHoldsTheNextFor20Seconds) {
    phone::Settings settings = line_of("alice", "wonderland");
    settings.lines.front().outbound_proxy = "nowhere.example.com";
    settings.lines.push_back(line_of("bob", "builder").lines.front());
    settings.lines.back().number = 2;
    RingwallPhone both(net, ip("192.0.2.11"), settings);
    net.run_for(19s);
    EXPECT_EQ(both.line(1).state(), phone::Line::State::Off);
    net.run_for(2s);
    EXPECT_TRUE(both.is_registered(1));
}

// With TLS alone there is no socket that anybody could send to.
TEST(PhoneSockets, TlsHasNone) {
    EXPECT_TRUE(phone::Phone::sockets(tls_line("alice", "wonderland")).empty());
}

}  // namespace
}  // namespace ringwall::test
