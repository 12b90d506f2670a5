// Calls to SIPS URIs (RFC 5630): over TLS alone, and as what they are.
#include "scenario/phone_lab.h"
#include "scenario/udp_phone.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

class SipsCalls : public PhoneAtTlsServer {
protected:
    void SetUp() override {
        server.set_scheme("sips");
        server.offer.replace(server.offer.find("RTP/AVP"), 7, "RTP/SAVP");
        server.offer +=
            "a=crypto:3 AES_CM_128_HMAC_SHA1_80 "
            "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
        PhoneAtTlsServer::SetUp();
    }
    std::string contact_of_last(std::string_view method) const {
        const auto request = server.last_request(method);
        return request == nullptr ? ""
                                  : std::string(request->header(sip::HeaderName::Contact)->value);
    }
};

TEST_F(SipsCalls, BearSipsContactsAndKeys) {
    alice.dial("sips:bob@example.com");
    ASSERT_TRUE(run_until([&] { return is_in(alice, State::Active); })) << alice.last_error;
    const auto invite = server.last_request("INVITE");
    EXPECT_EQ(invite->request_uri_text(), "sips:bob@example.com");
    EXPECT_EQ(invite->to().uri.text, "sips:bob@example.com");
    EXPECT_EQ(contact_of_last("INVITE"), "<sips:alice@192.0.2.11:40000>");
    EXPECT_NE(invite->body().find("RTP/SAVP "), std::string_view::npos);

    // A target refresh as well, also from another connection.
    ASSERT_TRUE(alice->hold(alice.call()->id(), true));
    ASSERT_TRUE(run_until([&] { return server.count("INVITE") == 2; }));
    EXPECT_EQ(contact_of_last("INVITE"), "<sips:alice@192.0.2.11:40000>");
    net.run_for(60s);
    alice.node().cut();
    ASSERT_TRUE(run_until([&] { return server.count("INVITE") >= 3; }));
    EXPECT_EQ(contact_of_last("INVITE"), "<sips:alice@192.0.2.11:40001>");
}

TEST_F(SipsCalls, AreAnsweredWithSipsContacts) {
    server.invite("sips:alice@192.0.2.11");
    ASSERT_TRUE(run_until([&] { return is_in(alice, State::Ringing); }));
    ASSERT_TRUE(alice->answer(alice.call()->id()));
    ASSERT_TRUE(run_until([&] { return is_in(alice, State::Active); }));
    EXPECT_EQ(server.last_response("INVITE")->header(sip::HeaderName::Contact)->value,
              "<sips:alice@192.0.2.11:40000>");
    EXPECT_TRUE(alice.call()->is_secure());
}

// From SIPS to nothing less, neither by 3xx nor by REFER.
TEST_F(SipsCalls, GoNowhereElseInTheClear) {
    server.on_invite = Phone::OnInvite::Redirect;
    server.redirect_to = "<sip:carol@example.com>";
    alice.dial("sips:bob@example.com");
    net.run_for(40s);
    EXPECT_EQ(server.count("INVITE"), 1U);
    server.redirect_to = "<sips:carol@example.com>";
    alice.dial("sips:bob@example.com");
    net.run_for(40s);
    EXPECT_EQ(server.count("INVITE"), 3U);

    server.on_invite = Phone::OnInvite::Answer;
    alice.dial("sips:bob@example.com");
    ASSERT_TRUE(run_until([&] { return is_in(alice, State::Active); }));
    server.dialog_fields = {{"Refer-To", "<sip:carol@example.com>"}};
    server.in_dialog(sip::Method::Refer);
    ASSERT_TRUE(run_until([&] { return !server.statuses("REFER").empty(); }));
    EXPECT_EQ(server.statuses("REFER").back(), 603);
    net.run_for(40s);
    EXPECT_EQ(server.count("INVITE"), 4U);
}

// RFC 5630 §5.1.1
TEST_F(SipsCalls, ARefusalOfSipsIsNotTriedAgainAsSip) {
    std::size_t invites = server.count("INVITE");
    server.on_invite = Phone::OnInvite::Ignore;
    for (const int status : {416, 480}) {
        alice.dial("sips:bob@example.com");
        ASSERT_TRUE(run_until([&] { return server.count("INVITE") == invites + 1; }));
        ++invites;
        server.say(status, "bob", {{"Warning", "380 example.com \"SIPS Not Allowed\""}});
        net.run_for(40s);
        EXPECT_EQ(server.count("INVITE"), invites);
        EXPECT_EQ(alice.call(), nullptr);
    }
}

// Nothing is said, and the caller hears why.
TEST_F(UdpPhone, ASipsAddressIsNotCalledInTheClear) {
    RingwallPhone phone(net, phone_address, udp_line());
    Phone server(net, ip("198.51.100.1"), sip::Transport::Udp, {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""}, 602);
    net.run_for(1s);
    const std::size_t before = packets_from(phone_address);
    phone.dial("sips:1002@pbx.example.org");
    net.run_for(40s);
    EXPECT_EQ(phone.last_error,
              "'sips:1002@pbx.example.org' is called over TLS alone, and line 1 has UDP; set 'SIP "
              "Transport' to TLS, or call a sip: address");
    EXPECT_EQ(packets_from(phone_address), before);
    EXPECT_TRUE(phone->calls().empty());

    // Nor is it where a call is sent on.
    server.on_invite = Phone::OnInvite::Redirect;
    server.redirect_to = "<sips:1003@pbx.example.org>";
    phone.dial("1002");
    net.run_for(40s);
    EXPECT_EQ(server.count("INVITE"), 1U);
    server.on_invite = Phone::OnInvite::Answer;
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    EXPECT_FALSE(phone->transfer(phone.call()->id(), "sips:1003@pbx.example.org"));
    server.dialog_fields = {{"Refer-To", "<sips:1003@pbx.example.org>"}};
    server.in_dialog(sip::Method::Refer);
    ASSERT_TRUE(net.run_until([&] { return !server.statuses("REFER").empty(); }, 5s));
    EXPECT_EQ(server.statuses("REFER").back(), 603);
    net.run_for(40s);
    EXPECT_EQ(server.count("INVITE"), 2U);
    EXPECT_EQ(server.count("REFER"), 0U);
    EXPECT_EQ(requests_to_sips(phone_address), 0U);
}

// Who answers in the clear that he is to be called by SIPS is not called there in the clear.
TEST_F(PhoneAtServer, ASipsContactInTheClearHearsNothing) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    server.contact_scheme = "sips";
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    phone->hold(phone.call()->id(), true);
    net.run_for(1s);
    phone->hang_up(phone.call()->id());
    net.run_for(70s);
    EXPECT_EQ(server.count("INVITE"), 1U);
    EXPECT_EQ(server.count("BYE"), 0U);
    EXPECT_EQ(requests_to_sips(phone_address), 0U);
    EXPECT_TRUE(phone->calls().empty());
}

// RFC 5630 §5.1.2: it came in the clear.
TEST_F(PhoneAtServer, ASipsInviteInTheClearIsRefused) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    server.invite("sips:1001@192.0.2.77:5060");
    net.run_for(1s);
    EXPECT_EQ(server.statuses("INVITE"), std::vector<int>{480});
    EXPECT_NE(server.last_response("INVITE")->header("Warning"), nullptr);
    EXPECT_EQ(phone.call(), nullptr);
}

// Keys that were told in the clear make no call secure, and none sounds so.
TEST_F(UdpPhone, KeysInTheClearMakeNoSecureCall) {
    phone::Settings settings = udp_line();
    settings.phone.secure_call_setting = true;
    settings.phone.tones.secure_call_indication = "397@-19;15(.2/2.1/1)";
    RingwallPhone phone(net, phone_address, settings, 501, {.sink = media::SoundCard{}});
    RingwallPhone other(net, ip("198.51.100.1"), udp_line(), 502);
    net.run_for(1s);
    phone.dial("1001");
    ASSERT_TRUE(net.run_until([&] { return other.call() != nullptr; }, 5s));
    ASSERT_TRUE(other->answer(other.call()->id()));
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    EXPECT_TRUE(phone.stream().spec->send_key);
    EXPECT_FALSE(phone.call()->is_secure());
    EXPECT_FALSE(other.call()->is_secure());
    EXPECT_EQ(phone.tone(), "");
}

}  // namespace
}  // namespace ringwall::test
