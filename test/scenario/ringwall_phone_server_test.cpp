// Ringwall's phone at another server: who may talk to it, and how it deals with servers.
#include "scenario/registrar.h"
#include "scenario/udp_phone.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

using State = phone::Call::State;

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

// Without a password nobody can pass, and least of all who has none either.
TEST_F(UdpPhone, NoPasswordIsNoneThatCanBeKnown) {
    phone::Settings settings = udp_line();
    settings.lines.front().auth_invite = true;
    settings.lines.front().password = Secret();
    RingwallPhone phone(net, phone_address, settings);
    Phone caller(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                 {"1001", "pbx.example.org", ""}, 602);
    net.run_for(1s);
    caller.invite("sip:1001@192.0.2.77:5060");
    net.run_for(10s);
    EXPECT_EQ(caller.statuses("INVITE"), (std::vector<int>{401, 401}));
    EXPECT_EQ(phone.call(), nullptr);
    caller.send(
        "NOTIFY", "sip:1001@192.0.2.77:5060",
        {{"Event", "reboot"}, {"Contact", caller.contact()}, {"Subscription-State", "active"}});
    net.run_for(2s);
    EXPECT_TRUE(phone.orders.empty());
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
class RegistrationPace : public PhoneAtServer {
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

// Each try takes SIP Timer F, 16 s, and what is between them grows.
TEST_F(RegistrationPace, ASilentServerIsTriedLessAndLess) {
    server.answered_by_test = [](sip::transaction::ServerId, const sip::MessagePtr&) {
        return true;
    };
    settings.phone.reg_retry_intvl_cap = 100s;
    const RingwallPhone phone(net, phone_address, settings);
    EXPECT_EQ(tries_after(45s), 1U);
    EXPECT_EQ(tries_after(2s), 2U);
    EXPECT_EQ(tries_after(74s), 2U);
    EXPECT_EQ(tries_after(2s), 3U);
    EXPECT_EQ(tries_after(114s), 3U);
    EXPECT_EQ(tries_after(3s), 4U);
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

// SIP Reg User Agent Name, SIP User Agent Name, SIP Server Name.
TEST_F(UdpPhone, CallsItselfAsItIsTold) {
    phone::Settings settings = udp_line();
    settings.phone.sip_reg_user_agent_name = "Registrant/1";
    settings.phone.sip_user_agent_name = "Caller/1";
    settings.phone.sip_server_name = "Callee/1";
    settings.lines.front().is_register = true;
    settings.lines.front().make_call_without_reg = true;
    Phone server(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""}, 602);
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    EXPECT_EQ(server.last_request("REGISTER")->header(sip::HeaderName::UserAgent)->value,
              "Registrant/1");
    phone.dial("1002");
    net.run_for(1s);
    EXPECT_EQ(server.last_request("INVITE")->header(sip::HeaderName::UserAgent)->value, "Caller/1");
    server.in_dialog(sip::Method::Info);
    server.send("OPTIONS", "sip:1001@192.0.2.77:5060", {});
    net.run_for(1s);
    for (const char* const method : {"OPTIONS", "INFO"}) {
        EXPECT_EQ(server.last_response(method)->header(sip::HeaderName::Server)->value, "Callee/1");
    }
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(40s);
}

// Stats In BYE: in ours, and in the answer to theirs.
TEST_F(UdpPhone, TheFiguresOfACallAreInItsBye) {
    phone::Settings settings = udp_line();
    settings.phone.stats_in_bye = true;
    Phone server(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""}, 602);
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    const std::string_view figures = "PS=0,OS=0,PR=0,OR=0,PL=0,JI=0,LA=0,DU=0,EN=G711u,DE=G711u";
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    net.run_for(1s);
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(40s);
    EXPECT_EQ(server.last_request("BYE")->header("P-RTP-Stat")->value, figures);
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    net.run_for(1s);
    server.bye();
    net.run_for(1s);
    EXPECT_EQ(server.last_response("BYE")->header("P-RTP-Stat")->value, figures);
    net.run_for(40s);
}

// SRV records are asked for where the name is one of a service, or is to be made one.
TEST_F(UdpPhone, ServicesAreLookedUpWhereThatIsSaid) {
    net.answer({dns::RecordType::Srv, "_sip._udp.pbx.example.org"},
               services({{1, 1, 5070, "one.example.org"}}));
    net.answer({dns::RecordType::A, "one.example.org"}, addresses({ip("198.51.100.2")}));
    phone::Settings settings = udp_line();
    settings.lines.front().use_dns_srv = true;
    RingwallPhone plain(net, ip("192.0.2.78"), settings);
    settings.lines.front().dns_srv_auto_prefix = true;
    RingwallPhone prefixed(net, ip("192.0.2.79"), settings);
    settings.lines.front().dns_srv_auto_prefix = false;
    settings.lines.front().proxy = "_sip._udp.pbx.example.org";
    RingwallPhone named(net, ip("192.0.2.80"), settings);
    net.run_for(1s);
    EXPECT_EQ(plain.line().hop()->remote, (Endpoint{ip("198.51.100.1"), 5060}));
    EXPECT_EQ(prefixed.line().hop()->remote, (Endpoint{ip("198.51.100.2"), 5070}));
    EXPECT_EQ(named.line().hop()->remote, (Endpoint{ip("198.51.100.2"), 5070}));
    EXPECT_EQ(named.line().domain(), "pbx.example.org");
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

// Not in a circle, and not for ever.
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

// Proxy Fallback Intvl: not while the first is dead, which is no outage; nor while there is a call,
// whose dialog is the second's.
TEST_F(UdpPhone, FallsBackWhenTheFirstIsThereAndNoCallIs) {
    phone::Settings settings = udp_line();
    settings.lines.front().is_register = true;
    settings.lines.front().proxy_fallback_intvl = 100s;
    settings.lines.front().proxy =
        "pbx.example.org:p=1:A=198.51.100.1|pbx.example.org:p=2:A=198.51.100.2";
    Phone first(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                {"pbx", "pbx.example.org", ""}, 602);
    Phone second(net, ip("198.51.100.2"), sip::Transport::Udp, {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""}, 603);
    bool is_dead = true;
    for (Phone* const each : {&first, &second}) {
        each->answered_by_test = [&is_dead, &first, each](sip::transaction::ServerId id,
                                                          const sip::MessagePtr& request) {
            if (each == &first && is_dead) {
                return true;
            }
            return accept_register(*each, id, request);
        };
    }
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 40s));
    const auto server = [&] { return phone.line().hop()->remote.address; };
    EXPECT_EQ(server(), ip("198.51.100.2"));
    const std::size_t asked = first.count("OPTIONS");
    for (int i = 0; i < 250; ++i) {
        net.run_for(1s);
        ASSERT_TRUE(phone.is_registered()) << i;
    }
    EXPECT_GT(first.count("OPTIONS"), asked);
    EXPECT_EQ(server(), ip("198.51.100.2"));

    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    is_dead = false;
    net.run_for(250s);
    EXPECT_TRUE(is_active(phone));
    EXPECT_EQ(server(), ip("198.51.100.2"));
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(110s);
    EXPECT_EQ(second.count("BYE"), 1U);
    EXPECT_EQ(server(), ip("198.51.100.1"));
    EXPECT_TRUE(phone.is_registered());
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
    notify(server, "reboot=true", "");
    EXPECT_EQ(phone.orders, (std::vector<std::string>{"resync", "reboot"}));
    notify(server, "message-summary", "Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n");
    const phone::Mailbox& mailbox = phone->mailbox(phone.line());
    EXPECT_TRUE(mailbox.is_waiting);
    EXPECT_EQ(mailbox.fresh, 2U);
    EXPECT_EQ(mailbox.old, 8U);
}

TEST_F(UdpPhone, ALineThatIsNotStartedSaysWhy) {
    phone::Settings settings = udp_line();
    settings.lines.front().line_enable = false;
    settings.lines.front().problem = "Proxy[1]: 'a b' is neither a host name nor an address";
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    EXPECT_EQ(phone.line().state(), phone::Line::State::Off);
    EXPECT_EQ(phone.line().problem(), settings.lines.front().problem);
}

// As FusionPBX has it: only for who proves himself, also where other orders are obeyed.
TEST_F(UdpPhone, TheOddRebootIsAlwaysChallenged) {
    phone::Settings settings = udp_line();
    settings.lines.front().auth_resync_reboot = false;
    RingwallPhone phone(net, phone_address, settings);
    Phone stranger(net, ip("203.0.113.9"), sip::Transport::Udp, {phone_address, 5060},
                   {"1001", "pbx.example.org", "guess"}, 603);
    net.run_for(1s);
    stranger.send("NOTIFY", "sip:1001@192.0.2.77:5060",
                  {{"Event", "reboot=true"}, {"Contact", stranger.contact()}});
    net.run_for(2s);
    EXPECT_EQ(stranger.statuses("NOTIFY"), (std::vector<int>{401, 401}));
    EXPECT_TRUE(phone.orders.empty());
}

// Auth INVITE: nobody learns which users there are.
TEST_F(UdpPhone, WhoIsNotProvenIsToldNoUsers) {
    phone::Settings settings = udp_line();
    settings.lines.front().auth_invite = true;
    RingwallPhone phone(net, phone_address, settings);
    Phone stranger(net, ip("203.0.113.9"), sip::Transport::Udp, {phone_address, 5060},
                   {"1001", "pbx.example.org", ""}, 603);
    Phone known(net, ip("203.0.113.10"), sip::Transport::Udp, {phone_address, 5060},
                {"1001", "pbx.example.org", "secret"}, 604);
    net.run_for(1s);
    for (const char* const method : {"INVITE", "NOTIFY", "MESSAGE", "BYE", "OPTIONS"}) {
        std::vector<std::vector<int>> heard;
        for (const char* const user : {"1001", "1002"}) {
            const std::size_t before = stranger.statuses(method).size();
            stranger.send(method, "sip:" + std::string(user) + "@192.0.2.77:5060",
                          {{"Contact", "<sip:x@203.0.113.9>"}, {"Event", "message-summary"}});
            net.run_for(40s);
            const auto all = stranger.statuses(method);
            heard.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(before), all.end());
        }
        EXPECT_EQ(heard[0], heard[1]) << method;
        EXPECT_FALSE(heard[0].empty()) << method;
    }
    known.invite("sip:1002@192.0.2.77:5060");
    net.run_for(2s);
    EXPECT_EQ(known.statuses("INVITE"), (std::vector<int>{401, 404}));
}

}  // namespace
}  // namespace ringwall::test
