// Ringwall's phone at Ringwall's border controller.
#include "scenario/ringwall_phone.h"

#include <algorithm>

#include "scenario/border.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

using State = phone::Call::State;

class PhoneLab : public Lab {
protected:
    PhoneLab() : Lab(with_carol()) {
        net.answer({dns::RecordType::A, "border.example.com"}, addresses({ip("192.0.2.1")}));
    }
    static std::string with_carol() {
        std::string text(small_lab);
        const std::string before = "  subscriber bob@example.com\n";
        text.insert(text.find(before), "  subscriber carol@example.com\n   password lewis\n");
        return text;
    }
    // At the border, for the domain that it serves.
    static phone::Settings line_of(const std::string& user, const std::string& password) {
        phone::Settings settings = tls_line(user, password);
        settings.lines.front().outbound_proxy = "border.example.com";
        settings.lines.front().use_outbound_proxy = true;
        return settings;
    }
    // What the phone's end sent, in the clear, that holds this.
    std::size_t said(RingwallPhone& phone, std::string_view text) const {
        const auto packets = net.packets_of(phone.node().address());
        return static_cast<std::size_t>(std::ranges::count_if(packets, [&](const auto& packet) {
            return packet.from.address == phone.node().address() &&
                   packet.bytes.find(text) != std::string::npos;
        }));
    }
    void talk(RingwallPhone& caller, RingwallPhone& callee, const std::string& number) {
        ASSERT_TRUE(run_until([&] { return caller.is_registered() && callee.is_registered(); }));
        caller.dial(number);
        ASSERT_TRUE(run_until([&] { return is_in(callee, State::Ringing); })) << caller.last_error;
        ASSERT_TRUE(callee->answer(callee.call()->id()));
        ASSERT_TRUE(run_until(
            [&] { return is_in(caller, State::Active) && is_in(callee, State::Active); }));
    }
    static bool is_in(RingwallPhone& phone, State state) {
        const phone::Call* const call = phone.call();
        return call != nullptr && call->state() == state;
    }
};

// Another server than Ringwall.
Phone other_server(SimNetwork& net) {
    return Phone(net, ip("192.0.2.66"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
                 {"x", "example.com", ""}, 77);
}

void say_yes_to_registers(Phone& server) {
    server.answered_by_test = [&server](sip::transaction::ServerId id,
                                        const sip::MessagePtr& request) {
        if (request->method() != sip::Method::Register) {
            return false;
        }
        auto builder = sip::reply(*request, 200, "t");
        builder.copy(sip::HeaderName::Contact, *request);
        server.shard().respond(id, builder.build());
        return true;
    };
}

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

// RFC 3665 §3.8: the callee does not want to.
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

// RFC 3665 §3.9: the caller gives up while it rings.
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
    EXPECT_EQ(bob.media.mixed.size(), 1U);
    ASSERT_TRUE(bob->hang_up(first));
    ASSERT_TRUE(run_until([&] { return alice.call() == nullptr && alice->calls().empty(); }));
}

// ---- supplementary services ---------------------------------------------------------------------

class ThreePhones : public PhoneLab {
protected:
    void SetUp() override {
        ASSERT_TRUE(run_until(
            [&] { return alice.is_registered() && bob.is_registered() && carol.is_registered(); }));
    }
    RingwallPhone alice{net, ip("192.0.2.11"), line_of("alice", "wonderland")};
    RingwallPhone bob{net, ip("192.0.2.12"), line_of("bob", "builder"), 502};
    RingwallPhone carol{net, ip("192.0.2.13"), line_of("carol", "lewis"), 503};
};

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

// ---- who may talk -------------------------------------------------------------------------------

// A phone over UDP at a server that a test plays, and strangers.
class UdpPhone : public ::testing::Test {
protected:
    static phone::Settings udp_line() {
        phone::LineSettings line;
        line.proxy = "pbx.example.org";
        line.user_id = "1001";
        line.password = Secret("secret");
        line.is_register = false;
        phone::Settings settings;
        settings.lines.push_back(line);
        return settings;
    }
    UdpPhone() {
        net.answer({dns::RecordType::A, "pbx.example.org"}, addresses({ip("198.51.100.1")}, 60s));
    }
    static bool is_active(RingwallPhone& phone) {
        return phone.call() != nullptr && phone.call()->state() == State::Active;
    }
    std::size_t packets_from(const IpAddress& address) const {
        const auto packets = net.packets_of(address);
        return static_cast<std::size_t>(std::ranges::count_if(
            packets, [&](const auto& packet) { return packet.from.address == address; }));
    }
    // What it says to everything that may be said to it.
    void knock(Phone& stranger) {
        for (const char* const method : {"OPTIONS", "INVITE", "NOTIFY", "MESSAGE", "BYE"}) {
            stranger.send(method, "sip:1001@192.0.2.77:5060",
                          {{"Contact", "<sip:x@203.0.113.9>"}, {"Event", "message-summary"}});
        }
        net.run_for(40s);
    }

    SimNetwork net{1};
    const IpAddress phone_address = ip("192.0.2.77");
};

TEST_F(UdpPhone, RestrictedAccessDomainsAreSilentToEverybodyElse) {
    phone::Settings settings = udp_line();
    settings.phone.restricted_access_domains = {"PBX.example.org:5060", "second.example.org"};
    net.answer({dns::RecordType::A, "second.example.org"}, addresses({ip("198.51.100.3")}, 60s));
    RingwallPhone phone(net, phone_address, settings);
    Phone stranger(net, ip("203.0.113.9"), sip::Transport::Udp, {phone_address, 5060},
                   {"x", "example.net", ""}, 601);
    net.run_for(1s);
    knock(stranger);
    EXPECT_EQ(packets_from(phone_address), 0U);
    EXPECT_TRUE(stranger.responses().empty());

    // Who is in the list is answered.
    Phone server(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""}, 602);
    server.send("OPTIONS", "sip:1001@192.0.2.77:5060", {});
    net.run_for(1s);
    EXPECT_EQ(server.statuses("OPTIONS"), std::vector<int>{200});

    // A name leads elsewhere: so does the permission, as soon as the record has run out.
    Phone old(net, ip("198.51.100.3"), sip::Transport::Udp, {phone_address, 5060},
              {"pbx", "pbx.example.org", ""}, 603);
    Phone other(net, ip("198.51.100.4"), sip::Transport::Udp, {phone_address, 5060},
                {"pbx", "pbx.example.org", ""}, 604);
    old.send("OPTIONS", "sip:1001@192.0.2.77:5060", {});
    other.send("OPTIONS", "sip:1001@192.0.2.77:5060", {});
    net.run_for(40s);
    EXPECT_EQ(old.statuses("OPTIONS"), std::vector<int>{200});
    EXPECT_TRUE(other.responses().empty());
    net.answer({dns::RecordType::A, "second.example.org"}, addresses({ip("198.51.100.4")}, 60s));
    net.run_for(120s);
    old.send("OPTIONS", "sip:1001@192.0.2.77:5060", {});
    other.send("OPTIONS", "sip:1001@192.0.2.77:5060", {});
    net.run_for(40s);
    EXPECT_EQ(old.statuses("OPTIONS"), std::vector<int>{200});
    EXPECT_EQ(other.statuses("OPTIONS"), std::vector<int>{200});
}

TEST_F(UdpPhone, RestrictSourceIpIsSilentToEverybodyElse) {
    phone::Settings settings = udp_line();
    settings.lines.front().restrict_source_ip = true;
    RingwallPhone phone(net, phone_address, settings);
    Phone stranger(net, ip("203.0.113.9"), sip::Transport::Udp, {phone_address, 5060},
                   {"x", "example.net", ""}, 601);
    net.run_for(1s);
    knock(stranger);
    EXPECT_EQ(packets_from(phone_address), 0U);

    // Its own server is heard.
    Phone server(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""}, 602);
    server.send("OPTIONS", "sip:1001@192.0.2.77:5060", {});
    net.run_for(1s);
    EXPECT_EQ(server.statuses("OPTIONS"), std::vector<int>{200});
}

// Without a restriction anybody is answered, and challenged where that is wanted.
TEST_F(UdpPhone, AnInviteIsChallengedAndItsAckAndCancelAreNot) {
    phone::Settings settings = udp_line();
    settings.lines.front().auth_invite = true;
    RingwallPhone phone(net, phone_address, settings);
    Phone caller(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                 {"1001", "pbx.example.org", "secret"}, 602);
    net.run_for(1s);
    caller.invite("sip:1001@192.0.2.77:5060");
    ASSERT_TRUE(net.run_until([&] { return phone.call() != nullptr; }, 10s));
    net.run_for(1s);
    EXPECT_EQ(caller.statuses("INVITE"), (std::vector<int>{401, 180}));
    const auto challenge = caller.responses().front();
    EXPECT_EQ(challenge->count(sip::HeaderName::WwwAuthenticate), 2U);
    EXPECT_NE(challenge->header(sip::HeaderName::WwwAuthenticate)->value.find("SHA-256"),
              std::string_view::npos);
    caller.cancel();
    ASSERT_TRUE(net.run_until([&] { return phone.call() == nullptr; }, 10s));
    net.run_for(1s);
    EXPECT_EQ(caller.statuses("INVITE").back(), 487);

    // Who does not know the password hears the challenge again.
    Phone stranger(net, ip("203.0.113.9"), sip::Transport::Udp, {phone_address, 5060},
                   {"1001", "pbx.example.org", "guess"}, 603);
    stranger.invite("sip:1001@192.0.2.77:5060");
    net.run_for(10s);
    EXPECT_EQ(stranger.statuses("INVITE"), (std::vector<int>{401, 401}));
    EXPECT_EQ(phone.call(), nullptr);
}

// In the clear a call offers no keys, and rings at the line's server.
TEST_F(UdpPhone, CallsInTheClear) {
    RingwallPhone phone(net, phone_address, udp_line());
    Phone server(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""}, 602);
    net.run_for(1s);
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return server.is_in_call(); }, 10s)) << phone.last_error;
    net.run_for(1s);
    const auto invite = server.last_request("INVITE");
    EXPECT_EQ(invite->request_uri_text(), "sip:1002@pbx.example.org");
    EXPECT_NE(invite->body().find("RTP/AVP "), std::string_view::npos);
    EXPECT_EQ(invite->body().find("a=crypto"), std::string_view::npos);
    EXPECT_EQ(phone.call()->state(), State::Active);
    EXPECT_FALSE(phone.call()->is_secure());
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(40s);
    EXPECT_TRUE(phone->calls().empty());
}

// SIP Timer B and F: who does not answer an INVITE, or another request, is waited for so long.
TEST_F(UdpPhone, NobodyIsWaitedForLongerThanItsTimers) {
    phone::Settings settings = udp_line();
    settings.phone.sip_timer_b = 7s;
    settings.phone.sip_timer_f = 9s;
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    phone.dial("1002");
    net.run_for(6900ms);
    EXPECT_NE(phone.call(), nullptr);
    net.run_for(200ms);
    EXPECT_EQ(phone.call(), nullptr);
    EXPECT_TRUE(phone->calls().empty());

    settings.lines.front().is_register = true;
    RingwallPhone other(net, ip("192.0.2.78"), settings);
    net.run_for(8900ms);
    EXPECT_EQ(other.line().state(), phone::Line::State::Up);
    net.run_for(200ms);
    EXPECT_EQ(other.line().state(), phone::Line::State::Waiting);
}

// How long a failed registration waits: Reg Retry Intvl where Retry Reg RSC has the status, up to
// Reg Retry Intvl Cap; else Reg Retry Long Intvl.
class RegistrationPace : public UdpPhone {
protected:
    RegistrationPace() {
        server.answered_by_test = [this](sip::transaction::ServerId id,
                                         const sip::MessagePtr& request) {
            server.shard().respond(id, sip::reply(*request, status, "t").build());
            return true;
        };
        settings.lines.front().is_register = true;
        settings.phone.retry_reg_rsc.patterns = {"5*"};
    }
    std::size_t tries_after(Duration time) {
        net.run_for(time);
        return server.count("REGISTER");
    }

    int status = 503;
    phone::Settings settings = udp_line();
    Phone server{net,
                 ip("198.51.100.1"),
                 sip::Transport::Udp,
                 {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""},
                 602};
};

TEST_F(RegistrationPace, AStatusOfTheListIsTriedAgainSoon) {
    settings.phone.reg_retry_intvl_cap = 100s;
    const RingwallPhone phone(net, phone_address, settings);
    EXPECT_EQ(tries_after(29s), 1U);
    EXPECT_EQ(tries_after(2s), 2U);
    EXPECT_EQ(tries_after(57s), 2U);
    EXPECT_EQ(tries_after(4s), 3U);
    EXPECT_EQ(tries_after(97s), 3U);
    EXPECT_EQ(tries_after(5s), 4U);
    EXPECT_EQ(tries_after(101s), 5U);
}

TEST_F(RegistrationPace, AnotherStatusIsTriedAgainLate) {
    status = 480;
    settings.phone.reg_retry_long_intvl = 700s;
    settings.phone.reg_retry_long_random_delay = 100s;
    const RingwallPhone phone(net, phone_address, settings);
    EXPECT_EQ(tries_after(699s), 1U);
    EXPECT_EQ(tries_after(102s), 2U);
}

TEST_F(RegistrationPace, OrNever) {
    status = 480;
    settings.phone.reg_retry_long_intvl = 0s;
    RingwallPhone phone(net, phone_address, settings);
    EXPECT_EQ(tries_after(86'400s), 1U);
    EXPECT_EQ(phone.line().problem(), "480 Temporarily Unavailable");
}

// NAT Keep Alive Msg and Dest.
TEST_F(UdpPhone, ANatIsKeptOpenTowardsWhomThatIsWanted) {
    net.answer({dns::RecordType::A, "keep.example.org"}, addresses({ip("198.51.100.9")}, 60s));
    phone::Settings settings = udp_line();
    settings.lines.front().nat_keep_alive_enable = true;
    settings.lines.front().nat_keep_alive_msg = "$OPTIONS";
    settings.lines.front().nat_keep_alive_dest = "keep.example.org:5070";
    const RingwallPhone phone(net, phone_address, settings);
    Phone server(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""}, 602);
    net.run_for(50s);
    std::size_t kept = 0;
    for (const auto& packet : net.packets_of(ip("198.51.100.9"))) {
        kept += packet.bytes.starts_with("OPTIONS ") && packet.to.port == 5070 ? 1U : 0U;
    }
    EXPECT_GE(kept, 3U);
    EXPECT_EQ(server.count("OPTIONS"), 0U);
}

// RFC 3842 by RFC 6665: asked for, heard, and asked for again before it ends.
TEST_F(UdpPhone, SubscribesToItsMailbox) {
    phone::Settings settings = udp_line();
    settings.lines.front().voice_mail_server = "vm.example.org";
    settings.lines.front().mailbox_id = "2001";
    settings.lines.front().auth_invite = true;  // not of what was asked for
    Phone server(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""}, 602);
    std::optional<sip::Dialog> dialog;
    server.answered_by_test = [&](sip::transaction::ServerId id, const sip::MessagePtr& request) {
        if (request->method() != sip::Method::Subscribe) {
            return false;
        }
        auto response = sip::reply(*request, 200, "vm");
        response.header(sip::HeaderName::Contact, server.contact())
            .header(sip::HeaderName::Expires, "600");
        server.shard().respond(id, response.build());
        if (!dialog) {
            dialog = *sip::Dialog::of_request(*request, "vm", sip::Dialog::State::Confirmed);
        }
        return true;
    };
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return server.count("SUBSCRIBE") == 1; }, 10s));
    EXPECT_EQ(server.last_request("SUBSCRIBE")->request_uri_text(), "sip:2001@vm.example.org");
    EXPECT_EQ(server.last_request("SUBSCRIBE")->expires(), 86'400U);
    net.run_for(1s);
    server.within(*dialog, sip::Method::Notify,
                  {{"Event", "message-summary"},
                   {"Contact", server.contact()},
                   {"Subscription-State", "active;expires=600"},
                   {"Content-Type", "application/simple-message-summary"}},
                  "Messages-Waiting: yes\r\nVoice-Message: 3/1 (0/0)\r\n");
    net.run_for(1s);
    EXPECT_EQ(server.statuses("NOTIFY"), std::vector<int>{200});
    EXPECT_EQ(phone->mailbox(phone.line()).fresh, 3U);
    EXPECT_EQ(server.count("SUBSCRIBE"), 1U);
    net.run_for(600s);
    EXPECT_EQ(server.count("SUBSCRIBE"), 2U);
    EXPECT_EQ(server.last_request("SUBSCRIBE")->to_tag(), "vm");
    phone->stop();
    net.run_for(1s);
    EXPECT_EQ(server.last_request("SUBSCRIBE")->expires(), 0U);
}

// RFC 3261 §8.1.3.4: a redirection is the same call at another target.
TEST_F(UdpPhone, ARedirectionIsOneCall) {
    RingwallPhone phone(net, phone_address, udp_line());
    Phone server(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""}, 602);
    server.on_invite = Phone::OnInvite::Redirect;
    server.redirect_to = "<sip:1003@elsewhere.example.net>";
    net.run_for(1s);
    const phone::CallId call = phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return server.count("INVITE") == 1; }, 10s));
    server.on_invite = Phone::OnInvite::Answer;
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 10s));
    EXPECT_EQ(phone.call()->id(), call);
    EXPECT_EQ(server.last_request("INVITE")->request_uri_text(), "sip:1003@elsewhere.example.net");
    EXPECT_EQ(phone.media.streams.size(), 1U);
    ASSERT_TRUE(phone->hang_up(call));
    net.run_for(40s);
    EXPECT_TRUE(phone->calls().empty());
}

// Not in a circle, not for ever, and from SIPS to nothing less.
TEST_F(UdpPhone, NotEveryRedirectionIsFollowed) {
    RingwallPhone phone(net, phone_address, udp_line());
    Phone server(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""}, 602);
    server.on_invite = Phone::OnInvite::Redirect;
    net.run_for(1s);
    const auto tries = [&](const std::string& number, const std::string& to) {
        const std::size_t before = server.count("INVITE");
        server.redirect_to = to;
        phone.dial(number);
        net.run_for(40s);
        EXPECT_TRUE(phone->calls().empty());
        return server.count("INVITE") - before;
    };
    EXPECT_EQ(tries("1002", "<sip:1002@PBX.example.org>"), 1U);
    EXPECT_EQ(tries("1002", "<mailto:1002@pbx.example.org>"), 1U);
    EXPECT_EQ(tries("sips:1002@pbx.example.org", "<sip:1003@pbx.example.org>"), 1U);
    EXPECT_EQ(tries("sips:1002@pbx.example.org", "<sips:1003@pbx.example.org>"), 2U);
    EXPECT_EQ(tries("1002",
                    "<sip:1@x.example>, <sip:2@x.example>, <sip:3@x.example>, "
                    "<sip:4@x.example>, <sip:5@x.example>, <sip:6@x.example>"),
              6U);
}

// RFC 3263 §4.3: the next server for the same call, where one is silent or says 503.
TEST_F(UdpPhone, ACallGoesToTheNextServer) {
    phone::Settings settings = udp_line();
    settings.lines.front().proxy =
        "pbx.example.org:p=1:A=198.51.100.1|pbx.example.org:p=2:A=198.51.100.2";
    Phone first(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                {"pbx", "pbx.example.org", ""}, 602);
    Phone second(net, ip("198.51.100.2"), sip::Transport::Udp, {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""}, 603);
    first.on_invite = Phone::OnInvite::Ignore;
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    const phone::CallId call = phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 20s));
    EXPECT_EQ(phone.call()->id(), call);
    EXPECT_EQ(second.last_request("INVITE")->call_id(), first.last_request("INVITE")->call_id());
    EXPECT_NE(second.last_request("INVITE")->top_via().branch(),
              first.last_request("INVITE")->top_via().branch());
    ASSERT_TRUE(phone->hang_up(call));
    net.run_for(40s);

    // Both say 503: each is asked once.
    first.on_invite = second.on_invite = Phone::OnInvite::Reject;
    first.reject_status = second.reject_status = 503;
    RingwallPhone other(net, ip("192.0.2.78"), settings, 504);
    net.run_for(1s);
    other.dial("1002");
    net.run_for(40s);
    EXPECT_EQ(other.call(), nullptr);
    EXPECT_EQ(first.count("INVITE"), 2U);
    EXPECT_EQ(second.count("INVITE"), 2U);
}

// What the user's services do with calls, at a server that answers them.
class PhoneServices : public UdpPhone {
protected:
    sip::MessagePtr invite_of(RingwallPhone& phone, const std::string& number) {
        net.run_for(1s);
        const std::size_t before = server.count("INVITE");
        phone.dial(number);
        net.run_until([&] { return server.count("INVITE") > before; }, 5s);
        EXPECT_EQ(server.count("INVITE"), before + 1) << phone.last_error;
        net.run_for(1s);
        if (phone.call() != nullptr) {
            EXPECT_TRUE(phone->hang_up(phone.call()->id()));
        }
        net.run_for(40s);
        return server.last_request("INVITE");
    }
    // How an INVITE to the phone is answered, at first.
    int answer_to(Phone::Fields fields) {
        const std::size_t before = server.statuses("INVITE").size();
        server.invite_fields = std::move(fields);
        server.invite("sip:1001@192.0.2.77:5060");
        net.run_until([&] { return server.statuses("INVITE").size() > before; }, 5s);
        return server.statuses("INVITE").at(before);
    }

    phone::Settings settings = udp_line();
    Phone server{net,
                 ip("198.51.100.1"),
                 sip::Transport::Udp,
                 {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""},
                 602};
};

// RFC 3323, RFC 3325.
TEST_F(PhoneServices, ACallerThatHidesIsAnonymous) {
    settings.phone.block_cid_setting = true;
    settings.phone.star_codes = {
        {phone::StarService::BlockCidPerCallDeact, phone::StarServiceRow::Then::Call, "*82"}};
    RingwallPhone phone(net, phone_address, settings);
    const auto hidden = invite_of(phone, "1002");
    EXPECT_EQ(hidden->from().uri.text, "sip:anonymous@anonymous.invalid");
    EXPECT_EQ(hidden->header(sip::HeaderName::Privacy)->value, "id");
    EXPECT_EQ(hidden->header(sip::HeaderName::PPreferredIdentity)->value,
              "<sip:1001@pbx.example.org>");
    const auto shown = invite_of(phone, "*821002");
    EXPECT_EQ(shown->request_uri_text(), "sip:1002@pbx.example.org");
    EXPECT_EQ(shown->from().uri.text, "sip:1001@pbx.example.org");
    EXPECT_EQ(shown->count(sip::HeaderName::Privacy), 0U);
}

TEST_F(PhoneServices, RemotePartyIdAndProxyRequireAreSent) {
    settings.phone.block_cid_setting = true;
    settings.lines.front().sip_remote_party_id = true;
    settings.lines.front().use_anonymous_with_rpid = false;
    settings.lines.front().sip_proxy_require = "privacy";
    settings.lines.front().display_name = "Alice \"A\"";
    RingwallPhone phone(net, phone_address, settings);
    const auto invite = invite_of(phone, "1002");
    EXPECT_EQ(invite->from().uri.text, "sip:1001@pbx.example.org");
    EXPECT_EQ(invite->header("Remote-Party-ID")->value,
              "\"Alice \\\"A\\\"\" <sip:1001@pbx.example.org>;party=calling;screen=yes;"
              "privacy=full");
    EXPECT_EQ(invite->header(sip::HeaderName::ProxyRequire)->value, "privacy");
}

TEST_F(PhoneServices, AnonymousCallersAreRefused) {
    settings.phone.block_anc_setting = true;
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    EXPECT_EQ(answer_to({{"From", "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=a"}}), 433);
    EXPECT_EQ(answer_to({}), 180);
    server.cancel();
    net.run_for(40s);
}

// A page is answered by itself, where that is wanted; so is one in a call.
TEST_F(PhoneServices, APageIsAnswered) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    EXPECT_EQ(answer_to({{"Call-Info", "<sip:pbx.example.org>;answer-after=0"}}), 200);
    net.run_for(1s);
    server.bye();
    net.run_for(40s);
    EXPECT_EQ(answer_to({{"Alert-Info", "<http://127.0.0.1/Bellcore-dr3>"}}), 180);
    EXPECT_EQ(phone.call()->ring_name(), "3");
    server.cancel();
    net.run_for(40s);

    const phone::CallHistory& history = phone->history();
    ASSERT_EQ(history.calls().size(), 2U);
    EXPECT_FALSE(history.calls()[0].answered);
    EXPECT_TRUE(history.calls()[1].answered);
    EXPECT_TRUE(history.calls()[1].ended);
}

TEST_F(PhoneServices, APageRingsWhereNobodyWantsIt) {
    settings.phone.auto_answer_page = false;
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    EXPECT_EQ(answer_to({{"Call-Info", "<sip:pbx.example.org>;answer-after=0"}}), 180);
    server.cancel();
    net.run_for(40s);
}

TEST_F(PhoneServices, AWaitingCallMayHearThatItWaits) {
    settings.lines.front().reply_182_on_call_waiting = true;
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    EXPECT_EQ(answer_to({}), 180);
    Phone other(net, ip("198.51.100.7"), sip::Transport::Udp, {phone_address, 5060},
                {"x", "example.net", ""}, 605);
    other.invite("sip:1001@192.0.2.77:5060");
    net.run_for(1s);
    EXPECT_EQ(other.statuses("INVITE"), std::vector<int>{182});
    other.cancel();
    server.cancel();
    net.run_for(40s);
    EXPECT_TRUE(phone->calls().empty());
}

TEST_F(PhoneServices, SpeedDialsCodecsAndWhoCalledLast) {
    using Then = phone::StarServiceRow::Then;
    settings.phone.speed_dial[2] = "1002";
    settings.phone.star_codes = {{phone::StarService::CallReturn, Then::Nothing, "*69"},
                                 {phone::StarService::ForceG722, Then::Call, "*02722"},
                                 {phone::StarService::Paging, Then::Number, "*96"}};
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    EXPECT_EQ(invite_of(phone, "2")->request_uri_text(), "sip:1002@pbx.example.org");
    EXPECT_EQ(invite_of(phone, "3")->request_uri_text(), "sip:3@pbx.example.org");
    const auto forced = invite_of(phone, "*027221002");
    EXPECT_EQ(forced->request_uri_text(), "sip:1002@pbx.example.org");
    EXPECT_NE(forced->body().find("RTP/AVP 9 "), std::string_view::npos);
    EXPECT_EQ(forced->body().find("PCMU"), std::string_view::npos);
    EXPECT_EQ(invite_of(phone, "*961002")->header(sip::HeaderName::CallInfo)->value,
              "<sip:pbx.example.org>;answer-after=0");
    phone.dial("*69");
    EXPECT_EQ(phone.last_error, "nobody has called");
    EXPECT_EQ(answer_to({}), 180);
    server.cancel();
    net.run_for(40s);
    EXPECT_EQ(invite_of(phone, "*69")->request_uri_text(), "sip:pbx@pbx.example.org");
}

// An address by keys is called there, not at the server.
TEST_F(PhoneServices, AnAddressIsDialledByKeys) {
    settings.lines.front().dial_plan = "(xx.)";
    settings.lines.front().enable_ip_dialing = true;
    Phone other(net, ip("198.51.100.9"), sip::Transport::Udp, {phone_address, 5060},
                {"x", "example.net", ""}, 605);
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    phone.dial("7*198*51*100*9");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s)) << phone.last_error;
    EXPECT_EQ(other.last_request("INVITE")->request_uri_text(), "sip:7@198.51.100.9:5060");
    EXPECT_EQ(server.count("INVITE"), 0U);
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(40s);
    EXPECT_EQ(other.count("BYE"), 1U);
}

// A challenge that only looks like the server's, from another address: no digest leaves.
TEST_F(UdpPhone, AForgedChallengeIsNotAnswered) {
    RingwallPhone phone(net, phone_address, udp_line());
    Phone server(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""}, 602);
    server.on_invite = Phone::OnInvite::Ring;
    auto& forger = net.add_node(ip("203.0.113.9"));
    const auto socket = forger.listen_udp({ip("203.0.113.9"), 5060});
    net.run_for(1s);
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return server.count("INVITE") == 1; }, 10s));
    auto challenge = sip::reply(*server.last_request("INVITE"), 401, "forged");
    challenge.header(sip::HeaderName::WwwAuthenticate,
                     "Digest realm=\"pbx.example.org\", nonce=\"n\", qop=\"auth\"");
    forger.send_datagram(socket.flow, {phone_address, 5060}, challenge.build()->bytes());
    net.run_for(5s);
    for (const auto& packet : net.packets()) {
        EXPECT_EQ(packet.bytes.find("Authorization:"), std::string::npos);
    }
    // It ended the transaction, though; so nobody has answered.
    EXPECT_EQ(phone.call(), nullptr);

    // The server's own is answered.
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return server.count("INVITE") == 2; }, 10s));
    server.say(
        401, "true",
        {{"WWW-Authenticate", "Digest realm=\"pbx.example.org\", nonce=\"n\", qop=\"auth\""}});
    ASSERT_TRUE(net.run_until([&] { return server.count("INVITE") == 3; }, 10s));
    EXPECT_EQ(server.last_request("INVITE")->count(sip::HeaderName::Authorization), 1U);
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(40s);
    EXPECT_TRUE(phone->calls().empty());
}

// NOTIFY outside of a dialog: "resync" by Auth Resync-Reboot, messages by Auth INVITE.
TEST_F(UdpPhone, OrdersAreChallenged) {
    RingwallPhone phone(net, phone_address, udp_line());
    Phone server(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                 {"1001", "pbx.example.org", "secret"}, 602);
    Phone stranger(net, ip("203.0.113.9"), sip::Transport::Udp, {phone_address, 5060},
                   {"1001", "pbx.example.org", "guess"}, 603);
    net.run_for(1s);
    const auto notify = [&](Phone& by, const char* event, const std::string& body) {
        by.send("NOTIFY", "sip:1001@192.0.2.77:5060",
                {{"Event", event},
                 {"Contact", by.contact()},
                 {"Subscription-State", "active"},
                 {"Content-Type", "application/simple-message-summary"}},
                body);
        net.run_for(2s);
    };
    notify(stranger, "reboot", "");
    EXPECT_TRUE(phone.orders.empty());
    EXPECT_EQ(stranger.statuses("NOTIFY"), (std::vector<int>{401, 401}));
    notify(server, "resync", "");
    EXPECT_EQ(phone.orders, std::vector<std::string>{"resync"});
    EXPECT_EQ(server.statuses("NOTIFY"), (std::vector<int>{401, 200}));
    notify(server, "message-summary", "Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n");
    const phone::Mailbox& mailbox = phone->mailbox(phone.line());
    EXPECT_TRUE(mailbox.is_waiting);
    EXPECT_EQ(mailbox.fresh, 2U);
    EXPECT_EQ(mailbox.old, 8U);
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
    ASSERT_TRUE(run_until([&] { return !alice.is_registered(); }, 25s));
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }, 5s));
    EXPECT_EQ(border.sbc().location().user_count(), 1U);
}

// SRV (RFC 2782) and Try Backup RSC: a server that answers 503 gives way to the next, and is
// tried again after Proxy Fallback Intvl.
TEST_F(PhoneLab, ABackupServerTakesOverAndGivesBack) {
    Phone first = other_server(net);
    first.node().set_server_identity(certificate_of("border.example.com"));
    unsigned asked = 0;
    first.answered_by_test = [&](sip::transaction::ServerId id, const sip::MessagePtr& request) {
        ++asked;
        auto response = sip::reply(*request, asked == 1 ? 503 : 200, "t");
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
