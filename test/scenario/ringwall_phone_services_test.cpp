// What the services of its user do with a phone's calls.
#include "scenario/udp_phone.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

using State = phone::Call::State;

// What the user's services do with calls, at a server that answers them.
class PhoneServices : public PhoneAtServer {
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

    // From two others, both answered: the first is held.
    struct Called {
        std::vector<std::unique_ptr<Phone>> peers;
        std::vector<phone::CallId> calls;
    };
    Called two_calls(RingwallPhone& phone) {
        Called out;
        for (const char* const address : {"198.51.100.7", "198.51.100.8"}) {
            out.peers.push_back(std::make_unique<Phone>(
                net, ip(address), sip::Transport::Udp, Endpoint{phone_address, 5060},
                Phone::Account{"x", "example.net", ""}, 604));
            out.peers.back()->invite("sip:1001@192.0.2.77:5060");
            net.run_for(1s);
            out.calls.push_back(std::prev(phone->calls().end())->first);
            EXPECT_TRUE(phone->answer(out.calls.back()));
            net.run_for(1s);
        }
        return out;
    }
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

// Auth Page: a password of its own, before anything is answered; other calls are not asked for it.
TEST_F(PhoneServices, APageIsChallenged) {
    settings.lines.front().auth_page = true;
    settings.lines.front().auth_page_realm = "paging";
    settings.lines.front().auth_page_password = Secret("loud");
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    EXPECT_EQ(answer_to({{"Call-Info", "<sip:pbx.example.org>;answer-after=0"}}), 401);
    net.run_for(2s);
    EXPECT_EQ(phone.call(), nullptr) << "it knows another password";
    EXPECT_NE(server.last_response("INVITE")
                  ->header(sip::HeaderName::WwwAuthenticate)
                  ->value.find("realm=\"paging\""),
              std::string_view::npos);
    EXPECT_EQ(answer_to({}), 180);
    ASSERT_TRUE(phone->reject(phone.call()->id()));
    net.run_for(40s);

    Phone pager(net, ip("198.51.100.7"), sip::Transport::Udp, {phone_address, 5060},
                {"1001", "pbx.example.org", "loud"}, 604);
    pager.invite_fields = {{"Call-Info", "<sip:pbx.example.org>;answer-after=0"}};
    pager.invite("sip:1001@192.0.2.77:5060");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    EXPECT_EQ(pager.statuses("INVITE").front(), 401);
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(40s);
}

// *70: nobody waits while that call lasts; *71 the other way round.
TEST_F(PhoneServices, CallWaitingIsAlsoOfOneCall) {
    settings.phone.star_codes = {
        {phone::StarService::CwPerCallDeact, phone::StarServiceRow::Then::Call, "*70"},
        {phone::StarService::CwPerCallAct, phone::StarServiceRow::Then::Call, "*71"}};
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    EXPECT_TRUE(phone.dial("*701002"));
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    EXPECT_EQ(server.last_request("INVITE")->request_uri_text(), "sip:1002@pbx.example.org");
    Phone other(net, ip("198.51.100.7"), sip::Transport::Udp, {phone_address, 5060},
                {"x", "example.net", ""}, 604);
    other.invite("sip:1001@192.0.2.77:5060");
    net.run_for(1s);
    EXPECT_EQ(other.statuses("INVITE").back(), 486);
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(40s);
    EXPECT_FALSE(phone.dial("*71"));  // for the next
    EXPECT_TRUE(phone.dial("1002"));
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    other.invite("sip:1001@192.0.2.77:5060");
    net.run_for(1s);
    EXPECT_EQ(other.statuses("INVITE").back(), 180);
    phone->stop();
    net.run_for(40s);
}

// *66: who is busy is called again until he is not; the user hears of it when it rings there.
TEST_F(PhoneServices, WhoIsBusyIsCalledBack) {
    settings.phone.star_codes = {
        {phone::StarService::CallBackAct, phone::StarServiceRow::Then::Nothing, "*66"},
        {phone::StarService::CallBackDeact, phone::StarServiceRow::Then::Nothing, "*86"}};
    settings.phone.call_back_expires = 100s;
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    EXPECT_FALSE(phone.dial("*66"));
    EXPECT_EQ(phone.last_error, "nobody was called");
    server.on_invite = Phone::OnInvite::Reject;
    phone.dial("1002");
    net.run_for(40s);
    ASSERT_EQ(server.count("INVITE"), 1U);
    EXPECT_FALSE(phone.dial("*66"));
    EXPECT_EQ(phone.last_error, "");
    net.run_for(35s);
    EXPECT_EQ(server.count("INVITE"), 3U);
    EXPECT_TRUE(phone.called_back.empty());
    server.on_invite = Phone::OnInvite::Ring;
    net.run_for(30s);
    EXPECT_EQ(server.count("INVITE"), 4U);
    ASSERT_NE(phone.call(), nullptr);
    EXPECT_EQ(phone.called_back, std::vector<phone::CallId>{phone.call()->id()});
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(100s);
    EXPECT_EQ(server.count("INVITE"), 4U);

    // Not for ever; and not when it is given up.
    server.on_invite = Phone::OnInvite::Reject;
    phone.dial("*66");
    net.run_for(300s);
    EXPECT_EQ(server.count("INVITE"), 8U);
    phone.dial("*66");
    net.run_for(10s);
    phone.dial("*86");
    net.run_for(300s);
    EXPECT_EQ(server.count("INVITE"), 9U);
}

// MOH Server is called while somebody is held, and he hears it, and nothing that is said here.
TEST_F(PhoneServices, WhoIsHeldHearsTheMusicServer) {
    settings.lines.front().moh_server = "music";
    RingwallPhone phone(net, phone_address, settings);
    Phone peer(net, ip("198.51.100.7"), sip::Transport::Udp, {phone_address, 5060},
               {"x", "example.net", ""}, 604);
    net.run_for(1s);
    peer.invite("sip:1001@192.0.2.77:5060");
    ASSERT_TRUE(net.run_until([&] { return phone.call() != nullptr; }, 5s));
    const phone::CallId held = phone.call()->id();
    ASSERT_TRUE(phone->answer(held));
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    ASSERT_TRUE(phone.call()->set_source(media::Tone{440}));
    ASSERT_TRUE(phone->hold(held, true));
    const media::StreamId stream = *phone->call(held)->stream();
    ASSERT_TRUE(net.run_until([&] { return server.is_in_call(); }, 5s));
    net.run_for(1s);
    EXPECT_EQ(server.last_request("INVITE")->request_uri_text(), "sip:music@pbx.example.org");
    EXPECT_EQ(phone.media.mixed.size(), 2U);
    EXPECT_EQ(phone.media.mixed.front(), stream);
    EXPECT_TRUE(std::holds_alternative<media::Silence>(phone.media.streams.at(stream).source));
    ASSERT_TRUE(phone->hold(held, false));
    net.run_for(2s);
    EXPECT_TRUE(phone.media.mixed.empty());
    EXPECT_TRUE(std::holds_alternative<media::Tone>(phone.media.streams.at(stream).source));
    EXPECT_EQ(server.count("BYE"), 1U);
    // Who refuses to be held hears none.
    peer.reinvite_status = 488;
    ASSERT_TRUE(phone->hold(held, true));
    net.run_for(5s);
    EXPECT_FALSE(phone->call(held)->is_held());
    EXPECT_FALSE(server.is_in_call());
    EXPECT_TRUE(phone.media.mixed.empty());
    peer.reinvite_status = 200;
    net.run_for(40s);
    // Held again, and gone.
    const std::size_t byes = server.count("BYE");
    ASSERT_TRUE(phone->hold(held, true));
    net.run_for(2s);
    peer.bye();
    net.run_for(40s);
    EXPECT_EQ(server.count("BYE"), byes + 1);
    EXPECT_TRUE(phone->calls().empty());
}

// Conference Bridge URL: the bridge is called, and the others are sent there.
TEST_F(PhoneServices, AConferenceMeetsAtItsBridge) {
    settings.lines.front().conference_bridge_url = "conference@pbx.example.org";
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    const auto [peers, calls] = two_calls(phone);
    ASSERT_TRUE(phone->conference(calls));
    ASSERT_TRUE(net.run_until([&] { return server.is_in_call(); }, 5s));
    net.run_for(5s);
    EXPECT_EQ(server.last_request("INVITE")->request_uri_text(), "sip:conference@pbx.example.org");
    for (const auto& peer : peers) {
        ASSERT_EQ(peer->count("REFER"), 1U);
        EXPECT_EQ(peer->last_request("REFER")->header(sip::HeaderName::ReferTo)->value,
                  "<sip:conference@pbx.example.org>");
    }
    EXPECT_TRUE(phone.media.mixed.empty());
    phone->stop();
    net.run_for(40s);
}

// At the sound card, as the scripts of the page Regional have it.
class PhoneTones : public PhoneServices {
protected:
    PhoneTones() {
        settings.phone.tones.ring_back = "440@-19;*(2/4/1)";
        settings.phone.tones.busy = "480@-19;10(.5/.5/1)";
        settings.phone.tones.reorder = "480@-19;10(.25/.25/1)";
        settings.phone.tones.call_waiting = "440@-10;30(.3/9.7/1)";
        settings.phone.tones.confirm = "600@-16;1(.25/.25/1)";
        settings.phone.tones.sit[1] = "914@-16;20(.274/0/1)";
        settings.phone.sit_rsc[1].patterns = {"480"};
        settings.phone.cadences[0] = "60(2/4)";
        settings.phone.cadences[2] = "60(.8/.4,.8/4)";
        settings.phone.star_codes = {
            {phone::StarService::DndAct, phone::StarServiceRow::Then::Nothing, "*78"}};
    }
    const phone::SoundOptions card{.sink = media::SoundCard{}};
};

TEST_F(PhoneTones, WhatRingsThereIsHeardHere) {
    RingwallPhone phone(net, phone_address, settings, 501, card);
    net.run_for(1s);
    server.on_invite = Phone::OnInvite::Ring;
    phone.dial("1002");
    EXPECT_EQ(phone.tone(), "");
    net.run_for(1s);
    EXPECT_EQ(phone.tone(), settings.phone.tones.ring_back);
    // Until they send sound of their own, and again when they do not.
    server.say(183, "t", {{"Contact", server.contact()}, {"Content-Type", "application/sdp"}},
               server.offer);
    net.run_for(1s);
    EXPECT_EQ(phone.tone(), "");
    server.ring(180, "t");
    net.run_for(1s);
    EXPECT_EQ(phone.tone(), settings.phone.tones.ring_back);
    server.answer("t");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    EXPECT_EQ(phone.tone(), "");
    EXPECT_EQ(phone.media.open_streams(), 1U);
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(40s);
    EXPECT_EQ(phone.media.open_streams(), 0U);
}

// A 180 that bears sound is that sound, as often as it comes.
TEST_F(PhoneTones, SoundThatRingsIsHeardAsItIs) {
    RingwallPhone phone(net, phone_address, settings, 501, card);
    net.run_for(1s);
    server.on_invite = Phone::OnInvite::Ignore;
    phone.dial("1002");
    net.run_for(1s);
    for (int i = 0; i < 2; ++i) {
        server.say(180, "t", {{"Contact", server.contact()}, {"Content-Type", "application/sdp"}},
                   server.offer);
        net.run_for(1s);
        EXPECT_EQ(phone.call()->state(), State::RemoteRinging);
        EXPECT_EQ(phone.tone(), "");
    }
    phone->stop();
    net.run_for(40s);
}

// Sticky 183: their sound stays.
TEST_F(PhoneTones, A183MayStay) {
    settings.lines.front().sticky_183 = true;
    RingwallPhone phone(net, phone_address, settings, 501, card);
    net.run_for(1s);
    server.on_invite = Phone::OnInvite::Ring;
    phone.dial("1002");
    net.run_for(1s);
    server.say(183, "t", {{"Contact", server.contact()}, {"Content-Type", "application/sdp"}},
               server.offer);
    net.run_for(1s);
    server.ring(180, "t");
    net.run_for(1s);
    EXPECT_EQ(phone.tone(), "");
    phone->stop();
    net.run_for(40s);
}

TEST_F(PhoneTones, WhatFailsIsHeard) {
    RingwallPhone phone(net, phone_address, settings, 501, card);
    net.run_for(1s);
    server.on_invite = Phone::OnInvite::Reject;
    phone.dial("1002");
    net.run_for(1s);
    EXPECT_EQ(phone.tone(), settings.phone.tones.busy);
    phone->on_source_ended(phone.media.streams.rbegin()->first);
    EXPECT_EQ(phone.media.open_streams(), 0U);
    server.reject_status = 404;
    phone.dial("1002");
    net.run_for(1s);
    EXPECT_EQ(phone.tone(), settings.phone.tones.reorder);
    server.reject_status = 480;
    phone.dial("1002");
    net.run_for(1s);
    EXPECT_EQ(phone.tone(), settings.phone.tones.sit[1]);
    EXPECT_FALSE(phone.dial("*78"));
    EXPECT_EQ(phone.tone(), settings.phone.tones.confirm);
    net.run_for(40s);
}

// The far end hangs up, and nothing else happens: Reorder Delay.
TEST_F(PhoneTones, AfterACallReorderIsHeard) {
    settings.phone.reorder_delay = 5s;
    RingwallPhone phone(net, phone_address, settings, 501, card);
    net.run_for(1s);
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    server.bye();
    net.run_for(4s);
    EXPECT_EQ(phone.call(), nullptr);
    EXPECT_EQ(phone.tone(), "");
    net.run_for(2s);
    EXPECT_EQ(phone.tone(), settings.phone.tones.reorder);
    phone->on_source_ended(phone.media.streams.rbegin()->first);
    // Whoever has hung up himself knows.
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(40s);
    EXPECT_EQ(phone.tone(), "");
}

// Silence of who holds the call is explained; what he plays is heard.
TEST_F(PhoneTones, WhoIsLeftAloneHearsIt) {
    settings.phone.tones.holding = "600@-19;25(.1/9.9/1)";
    RingwallPhone phone(net, phone_address, settings, 501, card);
    net.run_for(1s);
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    const std::string offer = server.offer;
    const auto change_to = [&](const std::string& direction) {
        server.offer = offer + "a=" + direction + "\r\n";
        server.reinvite();
        net.run_for(1s);
        return phone.tone();
    };
    EXPECT_EQ(change_to("inactive"), settings.phone.tones.holding);
    EXPECT_EQ(change_to("sendonly"), "");
    EXPECT_EQ(change_to("sendrecv"), "");
    phone->stop();
    net.run_for(40s);
}

TEST_F(PhoneTones, APageIsAnnounced) {
    settings.phone.tones.page = "600@-16;.3(.05/0.05/1)";
    RingwallPhone phone(net, phone_address, settings, 501, card);
    net.run_for(1s);
    EXPECT_EQ(answer_to({{"Call-Info", "<sip:pbx.example.org>;answer-after=0"}}), 200);
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    EXPECT_EQ(phone.tone(), settings.phone.tones.page);
    phone->on_source_ended(phone.media.streams.rbegin()->first);
    EXPECT_EQ(phone.tone(), "");
    phone->stop();
    net.run_for(40s);
}

TEST_F(PhoneTones, AConferenceIsHeard) {
    settings.phone.tones.conference = "350@-19;20(.1/9.9/1)";
    RingwallPhone phone(net, phone_address, settings, 501, card);
    net.run_for(1s);
    Called two = two_calls(phone);
    ASSERT_TRUE(phone->conference(two.calls));
    net.run_for(1s);
    EXPECT_EQ(phone.tone(), settings.phone.tones.conference);
    ASSERT_TRUE(phone->conference({}));
    EXPECT_EQ(phone.tone(), "");
    ASSERT_TRUE(phone->conference(two.calls));
    net.run_for(1s);
    EXPECT_EQ(phone.tone(), settings.phone.tones.conference);
    ASSERT_TRUE(phone->hang_up(two.calls.front()));
    net.run_for(1s);
    EXPECT_EQ(phone.tone(), "");
    phone->stop();
    net.run_for(40s);
}

TEST_F(PhoneTones, TheVoiceMailIsCalled) {
    RingwallPhone unset(net, ip("192.0.2.78"), settings, 502);
    net.run_for(1s);
    EXPECT_FALSE(unset->dial_voice_mail(0));
    settings.phone.voice_mail_number = "8500";
    RingwallPhone phone(net, phone_address, settings, 501, card);
    net.run_for(1s);
    ASSERT_TRUE(phone->dial_voice_mail(0));
    net.run_for(1s);
    EXPECT_EQ(server.last_request("INVITE")->request_uri_text(), "sip:8500@pbx.example.org");
    phone->stop();
    net.run_for(40s);
}

// Key by key, by the plan and its timers; and what a handset says to that.
TEST_F(PhoneTones, KeysAreTakenOneByOne) {
    settings.phone.tones.dial = "350@-19;10(*/0/1)";
    settings.phone.tones.outside_dial = "420@-16;10(*/0/1)";
    settings.phone.tones.prompt = "520@-19;10(*/0/1)";
    settings.phone.star_codes.push_back(
        {phone::StarService::CfwdAllAct, phone::StarServiceRow::Then::Number, "*72"});
    settings.lines.front().dial_plan = "(9,<:0>xxx|[1-4]xx.)";
    RingwallPhone phone(net, phone_address, settings, 501, card);
    net.run_for(1s);
    ASSERT_TRUE(phone->press_keys(0, ""));
    EXPECT_EQ(phone.tone(), settings.phone.tones.dial);
    ASSERT_TRUE(phone->press_keys(0, "9"));
    EXPECT_EQ(phone.tone(), settings.phone.tones.outside_dial);
    ASSERT_TRUE(phone->press_keys(0, "12"));
    EXPECT_EQ(phone.tone(), "");
    EXPECT_EQ(phone.call(), nullptr);
    ASSERT_TRUE(phone->press_keys(0, "3"));
    net.run_for(1s);
    EXPECT_EQ(server.last_request("INVITE")->request_uri_text(), "sip:90123@pbx.example.org");
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(40s);

    // Complete, but it could be longer: Interdigit Short Timer.
    ASSERT_TRUE(phone->press_keys(0, "100"));
    net.run_for(2s);
    EXPECT_EQ(phone.call(), nullptr);
    net.run_for(2s);
    EXPECT_EQ(server.last_request("INVITE")->request_uri_text(), "sip:100@pbx.example.org");
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(40s);

    // A code, and the number that belongs to it.
    ASSERT_TRUE(phone->press_keys(0, "*72"));
    EXPECT_EQ(phone.tone(), settings.phone.tones.prompt);
    ASSERT_TRUE(phone->press_keys(0, "102#"));
    EXPECT_EQ(phone.tone(), settings.phone.tones.confirm);
    EXPECT_EQ(answer_to({}), 302);

    EXPECT_FALSE(phone->press_keys(0, "5"));
    EXPECT_EQ(phone.tone(), settings.phone.tones.reorder);
    net.run_for(40s);
}

// A ring by its cadence; in a call, that another waits. Without a sound card nobody listens.
TEST_F(PhoneTones, ACallRings) {
    RingwallPhone phone(net, phone_address, settings, 501, card);
    net.run_for(1s);
    EXPECT_EQ(answer_to({{"Alert-Info", "<http://x/Bellcore-dr3>"}}), 180);
    EXPECT_EQ(phone.tone(), "440@-10,480@-10;60(.8/.4/1+2,.8/4/1+2)");
    ASSERT_TRUE(phone->answer(phone.call()->id()));
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    EXPECT_EQ(phone.tone(), "");
    Phone other(net, ip("198.51.100.7"), sip::Transport::Udp, {phone_address, 5060},
                {"x", "example.net", ""}, 604);
    other.invite("sip:1001@192.0.2.77:5060");
    net.run_for(1s);
    EXPECT_EQ(phone.tone(), settings.phone.tones.call_waiting);
    phone->stop();
    net.run_for(40s);

    RingwallPhone headless(net, ip("192.0.2.78"), settings, 502);
    net.run_for(1s);
    Phone third(net, ip("198.51.100.8"), sip::Transport::Udp, {ip("192.0.2.78"), 5060},
                {"x", "example.net", ""}, 605);
    third.invite("sip:1001@192.0.2.78:5060");
    net.run_for(1s);
    EXPECT_NE(headless.call(), nullptr);
    EXPECT_EQ(headless.media.open_streams(), 0U);
    headless->stop();
    net.run_for(40s);
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

// What is not a code as a whole does nothing, and says so.
TEST_F(PhoneServices, AStarCodeThatIsNotWholeDoesNothing) {
    using Then = phone::StarServiceRow::Then;
    settings.phone.star_codes = {{phone::StarService::DndAct, Then::Nothing, "*78"},
                                 {phone::StarService::CfwdAllAct, Then::Number, "*72"}};
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    phone.dial("*781002");
    EXPECT_EQ(phone.last_error, "nothing belongs behind *78; it was not done");
    phone.dial("*72" + std::string(300, '4'));
    EXPECT_NE(phone.last_error.find("up to 127 octets"), std::string::npos) << phone.last_error;
    phone.dial("*72sip:1002@example.net?Subject=x");
    EXPECT_NE(phone.last_error, "");
    EXPECT_FALSE(phone->services().do_not_disturb);
    EXPECT_EQ(phone->services().forward_all, "");
    phone.dial("*78#");
    EXPECT_TRUE(phone->services().do_not_disturb) << phone.last_error;
}

// RFC 3261 §19.1.1: what stands behind a '?' has no place in a Request-URI.
TEST_F(PhoneServices, OnlyAddressesAreCalled) {
    settings.phone.star_codes = {
        {phone::StarService::CallReturn, phone::StarServiceRow::Then::Nothing, "*69"}};
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    phone.dial("sip:1002@example.net?Subject=x");
    EXPECT_EQ(phone.last_error,
              "'sip:1002@example.net?Subject=x' is neither a number nor a SIP address; what stands "
              "behind a '?' is not called");
    for (const char* const caller : {"<urn:service:sos>", "<sip:pbx@example.net?Subject=x>"}) {
        EXPECT_EQ(answer_to({{"P-Asserted-Identity", caller}}), 180);
        server.cancel();
        net.run_for(40s);
        phone.dial("*69");
        EXPECT_NE(phone.last_error, "") << caller;
    }
    EXPECT_EQ(server.count("INVITE"), 0U);
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

}  // namespace
}  // namespace ringwall::test
