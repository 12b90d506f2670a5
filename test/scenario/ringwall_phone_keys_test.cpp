// Line keys: somebody else's line is watched (RFC 4235), called, and what rings there is picked up.
#include "scenario/udp_phone.h"
#include "sip/header/replaces.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

using Lamp = phone::DialogInfo::State;

class LineKeys : public PhoneAtServer {
protected:
    LineKeys() {
        settings.keys = {{.number = 3,
                          .line = 1,
                          .watches = true,
                          .dials = true,
                          .picks_up = true,
                          .address = "sip:1002@pbx.example.org",
                          .name = "Bob"}};
        server.answered_by_test = [this](sip::transaction::ServerId id,
                                         const sip::MessagePtr& request) {
            if (request->method() != sip::Method::Subscribe) {
                return false;
            }
            if (challenges && request->header(sip::HeaderName::Authorization) == nullptr) {
                auto challenge = sip::reply(*request, 401, "server");
                challenge.header(sip::HeaderName::WwwAuthenticate,
                                 "Digest realm=\"pbx.example.org\", nonce=\"n\"");
                server.shard().respond(id, challenge.build());
                return true;
            }
            auto response = sip::reply(*request, subscribe_status, "server");
            response.header(sip::HeaderName::Contact, server.contact())
                .header(sip::HeaderName::Expires, "600");
            server.shard().respond(id, response.build());
            if (!dialog && subscribe_status < 300) {
                dialog =
                    *sip::Dialog::of_request(*request, "server", sip::Dialog::State::Confirmed);
            }
            return true;
        };
    }
    void tell(const std::string& dialogs, const std::string& state = "active;expires=600") {
        server.within(*dialog, sip::Method::Notify,
                      {{"Event", "dialog"},
                       {"Contact", server.contact()},
                       {"Subscription-State", state},
                       {"Content-Type", "application/dialog-info+xml"}},
                      "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"1\" "
                      "state=\"full\" entity=\"sip:1002@pbx.example.org\">" +
                          dialogs + "</dialog-info>");
        net.run_for(1s);
    }

    int subscribe_status = 200;
    bool challenges = false;
    std::optional<sip::Dialog> dialog;
};

constexpr const char* ringing =
    "<dialog id=\"1\" call-id=\"c@x\" local-tag=\"hers\" remote-tag=\"theirs\" "
    "direction=\"recipient\"><state>early</state><remote>"
    "<identity>sip:1009@pbx.example.org</identity>"
    "<target uri=\"sip:1009@198.51.100.9:5062\"/></remote></dialog>";

TEST_F(LineKeys, AWatchedLineIsShown) {
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return server.count("SUBSCRIBE") == 1; }, 10s));
    const auto subscribe = server.last_request("SUBSCRIBE");
    EXPECT_EQ(subscribe->request_uri_text(), "sip:1002@pbx.example.org");
    EXPECT_EQ(subscribe->header(sip::HeaderName::Event)->value, "dialog");
    EXPECT_EQ(subscribe->header(sip::HeaderName::Accept)->value, "application/dialog-info+xml");
    EXPECT_EQ(subscribe->expires(), 3600U);
    net.run_for(1s);
    tell(ringing);
    EXPECT_EQ(phone->watched().front().dialogs.ringing()->remote, "sip:1009@pbx.example.org");
    tell("");
    EXPECT_EQ(phone.lamps, (std::vector<Lamp>{Lamp::Ringing, Lamp::Idle}));
    phone->stop();
    net.run_for(1s);
    EXPECT_EQ(server.last_request("SUBSCRIBE")->expires(), 0U);
}

TEST_F(LineKeys, WhatCouldBePickedUpIsHeard) {
    settings.phone.tones.call_pickup = "440@-10;30(.3/9.7/1)";
    RingwallPhone phone(net, phone_address, settings, 501, {.sink = media::SoundCard{}});
    ASSERT_TRUE(net.run_until([&] { return dialog.has_value(); }, 10s));
    net.run_for(1s);
    tell(ringing);
    EXPECT_EQ(phone.tone(), settings.phone.tones.call_pickup);
    tell("");
    EXPECT_EQ(phone.tone(), "");
}

// What it does not know it does not show.
TEST_F(LineKeys, ALampThatNobodyTellsOfIsUnknown) {
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return dialog.has_value(); }, 10s));
    net.run_for(1s);
    tell("<dialog id=\"1\"><state>confirmed</state></dialog>");
    tell("", "terminated;reason=noresource");
    EXPECT_EQ(phone.lamps.back(), Lamp::Unknown);
    net.run_for(60s);
    EXPECT_EQ(server.count("SUBSCRIBE"), 1U);
}

// Servers challenge SUBSCRIBE as everything else; there may be more of them than lines.
TEST_F(LineKeys, EachChallengeIsAnswered) {
    challenges = true;
    settings.lines.front().voice_mail_server = "pbx.example.org";
    phone::LineKey other = settings.keys.front();
    other.number = 4;
    other.address = "sip:1003@pbx.example.org";
    settings.keys.push_back(other);
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(10s);
    EXPECT_EQ(server.count("SUBSCRIBE"), 6U);
    EXPECT_NE(server.last_request("SUBSCRIBE")->header(sip::HeaderName::Authorization), nullptr);
}

// RFC 5630 §5.1.1.
TEST_F(LineKeys, NothingIsWatchedBySipsInTheClear) {
    settings.keys.front().address = "sips:1002@pbx.example.org";
    settings.lines.front().voice_mail_server = "sips:1001@pbx.example.org";
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(60s);
    EXPECT_EQ(server.count("SUBSCRIBE"), 0U);
    EXPECT_EQ(requests_to_sips(phone_address), 0U);
}

// A stranger cannot light a lamp: there is no such dialog.
TEST_F(LineKeys, OnlyItsServerLightsALamp) {
    RingwallPhone phone(net, phone_address, settings);
    Phone stranger(net, ip("203.0.113.9"), sip::Transport::Udp, {phone_address, 5060},
                   {"x", "example.net", ""}, 603);
    ASSERT_TRUE(net.run_until([&] { return dialog.has_value(); }, 10s));
    net.run_for(1s);
    stranger.send("NOTIFY", "sip:1001@192.0.2.77:5060",
                  {{"Event", "dialog"},
                   {"Contact", stranger.contact()},
                   {"Subscription-State", "active"},
                   {"Content-Type", "application/dialog-info+xml"}},
                  std::string("<dialog-info state=\"full\">") + ringing + "</dialog-info>");
    net.run_for(1s);
    EXPECT_EQ(stranger.statuses("NOTIFY"), std::vector<int>{489});
    EXPECT_TRUE(phone.lamps.empty());
}

// RFC 5359 §2.16: the caller is called, in place of the dialog that rings there.
TEST_F(LineKeys, WhatRingsIsPickedUp) {
    settings.phone.star_codes = {
        {phone::StarService::CallPickup, phone::StarServiceRow::Then::Number, "*36"}};
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return dialog.has_value(); }, 10s));
    net.run_for(1s);
    tell(ringing);
    const auto call = phone->press(3);
    ASSERT_TRUE(call) << call.error();
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    const auto invite = server.last_request("INVITE");
    EXPECT_EQ(invite->request_uri_text(), "sip:1009@198.51.100.9:5062");
    const auto ids = sip::parse_replaces(invite->header(sip::HeaderName::Replaces)->value);
    EXPECT_EQ(ids, (sip::DialogIds{"c@x", "theirs", "hers", true}));
    ASSERT_TRUE(phone->hang_up(*call));
    net.run_for(40s);

    // The same by its code; where nothing is known, the code is the server's to understand.
    EXPECT_TRUE(phone.dial("*361002"));
    net.run_for(1s);
    EXPECT_EQ(server.last_request("INVITE")->count(sip::HeaderName::Replaces), 1U);
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    EXPECT_TRUE(phone.dial("*361005"));
    net.run_for(1s);
    EXPECT_EQ(server.last_request("INVITE")->request_uri_text(), "sip:*361005@pbx.example.org");
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(40s);
}

// Nothing rings: it is a speed dial, where it is one.
TEST_F(LineKeys, AKeyCallsItsLine) {
    phone::LineKey other = settings.keys.front();
    other.number = 4;
    other.address = "sip:1003@pbx.example.org";
    other.dials = other.picks_up = false;
    settings.keys.push_back(other);
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    EXPECT_EQ(server.count("SUBSCRIBE"), 2U);
    const auto call = phone->press(3);
    ASSERT_TRUE(call) << call.error();
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    EXPECT_EQ(server.last_request("INVITE")->request_uri_text(), "sip:1002@pbx.example.org");
    ASSERT_TRUE(phone->hang_up(*call));
    EXPECT_FALSE(phone->press(4));
    EXPECT_FALSE(phone->press(5));
    net.run_for(40s);
}

// A call is parked by transferring it to the code, which the server understands, and taken by it.
TEST_F(LineKeys, ParkingIsTheServersByItsCode) {
    settings.phone.star_codes = {
        {phone::StarService::CallPark, phone::StarServiceRow::Then::Nothing, "*38"},
        {phone::StarService::CallUnPark, phone::StarServiceRow::Then::Nothing, "*39"}};
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    EXPECT_FALSE(phone.dial("*3871"));
    EXPECT_EQ(phone.last_error, "there is no call to transfer");
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    net.run_for(1s);
    EXPECT_FALSE(phone.dial("*3871"));
    EXPECT_EQ(phone.last_error, "");
    net.run_for(2s);
    ASSERT_EQ(server.count("REFER"), 1U);
    EXPECT_EQ(server.last_request("REFER")->header("Refer-To")->value,
              "<sip:*3871@pbx.example.org>");
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    EXPECT_TRUE(phone.dial("*3971"));
    net.run_for(1s);
    EXPECT_EQ(server.last_request("INVITE")->request_uri_text(), "sip:*3971@pbx.example.org");
    ASSERT_TRUE(phone->hang_up(phone.call()->id()));
    net.run_for(40s);
}

}  // namespace
}  // namespace ringwall::test
