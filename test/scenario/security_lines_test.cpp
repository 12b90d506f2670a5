// The lines that no call crosses (docs/manual-sbc.md): for each one, what the caller
// hears, and that nothing went over the line.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string sdes_offer =
    "v=0\r\no=- 1 1 IN IP4 198.51.100.9\r\ns=-\r\nc=IN IP4 198.51.100.9\r\nt=0 0\r\n"
    "m=audio 4000 RTP/SAVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
const std::string optional_sdes_offer = [] {
    std::string offer = sdes_offer;
    return offer.replace(offer.find("SAVP"), 4, "AVP");
}();

class Lines : public SmallLab {
protected:
    explicit Lines(const std::string& configuration = std::string(small_lab))
        : SmallLab(configuration) {}
    // As SIPS phones, whose every URI is sips.
    void use_sips(Phone& phone) { phone.set_scheme("sips"); }

    // `caller` calls; nothing must go to the others. The final response.
    sip::MessagePtr refused(Phone& caller, const std::string& uri) {
        const std::vector<Phone*> all{&alice, &bob, &softswitch, &outside};
        std::vector<std::size_t> before;
        for (Phone* phone : all) {
            before.push_back(sent_to(*phone));
        }
        const std::size_t records = border.records.size();
        caller.invite(uri);
        net.run_for(35s);
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i] != &caller) {
                EXPECT_EQ(sent_to(*all[i]), before[i]) << "something went to phone " << i;
            }
        }
        EXPECT_EQ(border.records.size(), records + 1);
        const auto response = caller.last_response("INVITE");
        EXPECT_GE(response->status(), 400);
        return response;
    }
    void expect_warning(const sip::MessagePtr& response, std::string_view code) {
        const auto* line = response->header(sip::HeaderName::Warning);
        ASSERT_NE(line, nullptr);
        EXPECT_TRUE(line->value.starts_with(code)) << line->value;
    }
    void expect_no_warning(const sip::MessagePtr& response) {
        EXPECT_EQ(response->header(sip::HeaderName::Warning), nullptr);
    }
    // Who is trusted hears that, and no other warning.
    void expect_only_the_rule(const sip::MessagePtr& response, const std::string& rule) {
        expect_warning(response, "399");
        EXPECT_EQ(response->count(sip::HeaderName::Warning), 1U);
        EXPECT_THAT(std::string(response->bytes()), HasSubstr("\"" + rule + ": "));
    }
    bool talks(Phone& caller, const std::string& uri, Phone& callee) {
        caller.invite(uri);
        return run_until([&] { return caller.is_in_call() && !callee.acks().empty(); });
    }
};

// ---- who may call whom -------------------------------------------------------------------------

TEST_F(Lines, AnUntrustedCallerDoesNotReachASipsUri) {
    register_phones();
    const auto response = refused(outside, "sips:alice@example.com");
    EXPECT_EQ(response->status(), 403);
    EXPECT_EQ(refused(outside, "sips:9001@switch.example.com")->status(), 403);
    EXPECT_EQ(border.records.back().stage, "target-security");
    EXPECT_EQ(border.records.back().cause, sbc::FailureCause::SetupPolicy);
}

TEST_F(Lines, AnUntrustedCallerLearnsNothingOfWhoExists) {
    register_phones();
    const auto known = refused(outside, "sip:alice@example.com");
    const auto unknown = refused(outside, "sip:nobody@example.com");
    EXPECT_EQ(known->status(), unknown->status());
    EXPECT_EQ(known->reason(), unknown->reason());
    EXPECT_EQ(known->count(sip::HeaderName::Warning), unknown->count(sip::HeaderName::Warning));
}

TEST_F(Lines, ASecureCallDoesNotLeaveByAnUntrustedAdjacency) {
    // softswitch (sip-calls-in secure) is routed to the outside.
    const auto response = refused(softswitch, "sip:5001@outside.example.com");
    EXPECT_EQ(response->status(), 480);
    expect_only_the_rule(response, "secure-call-untrusted-target");
    softswitch.set_scheme("sips");
    const auto sips = refused(softswitch, "sips:5001@outside.example.com");
    EXPECT_EQ(sips->status(), 480);
    expect_warning(sips, "380");
}

class SipCallsInReject : public Lines {
protected:
    SipCallsInReject() : Lines(configured(small_lab, "softswitch", {"sip-calls-in reject"})) {}
};

TEST_F(SipCallsInReject, RefusesSipAndTelAndTakesSips) {
    use_sips(alice);
    register_phones();
    for (const char* uri : {"sip:alice@example.com", "tel:+4930123456"}) {
        const auto response = refused(softswitch, uri);
        EXPECT_EQ(response->status(), 480);
        expect_warning(response, "381");
    }
    softswitch.set_scheme("sips");
    EXPECT_TRUE(talks(softswitch, "sips:alice@example.com", alice));
    softswitch.bye();
}

class SeedPhones : public Lines {
protected:
    SeedPhones()
        : Lines(
              configured(small_lab, "phones", {"sip-calls-in insecure", "sip-calls-out refuse"})) {}
};

// The seed's defaults: no call with a sip URI leaves by a trusted-encrypted adjacency.
TEST_F(SeedPhones, SipCallsOutRefuse) {
    register_phones();
    const auto response = refused(softswitch, "sip:alice@example.com");
    EXPECT_EQ(response->status(), 480);
    expect_warning(response, "381");
}

TEST_F(SeedPhones, AnInsecureCallGoesWhereItMay) {
    register_phones();
    EXPECT_TRUE(talks(alice, "sip:9001@switch.example.com", softswitch));
    EXPECT_FALSE(border.records.size() > 0);
    alice.bye();
    net.run_for(1s);
    EXPECT_FALSE(border.records.back().is_secure);
}

class UntrustedCallersRefused : public Lines {
protected:
    UntrustedCallersRefused()
        : Lines(configured(small_lab, "softswitch", {"untrusted-callers refuse"})) {}
};

TEST_F(UntrustedCallersRefused, DoNotReachTheSoftswitch) {
    const auto response = refused(outside, "sip:9001@switch.example.com");
    EXPECT_EQ(response->status(), 480);
    expect_no_warning(response);
}

TEST_F(Lines, AnUntrustedCallerReachesAnUnencryptedTrustedAdjacency) {
    EXPECT_TRUE(talks(outside, "sip:9001@switch.example.com", softswitch));
    outside.bye();
}

// ---- schemes of registered contacts ------------------------------------------------------------

TEST_F(Lines, ASipsCallToASipContact) {
    alice.set_scheme("sips");
    register_phones();  // bob's contact is sip
    const auto response = refused(alice, "sips:bob@example.com");
    EXPECT_EQ(response->status(), 480);
    expect_warning(response, "380");
}

TEST_F(Lines, ASipCallToASipsContactBecomesSipOverTls) {
    bob.set_scheme("sips");
    register_phones();
    bob.contact_scheme = "sip";  // RFC 5630 §5.1.1.2: as the Request-URI
    ASSERT_TRUE(talks(alice, "sip:bob@example.com", bob));
    EXPECT_TRUE(bob.last_request("INVITE")->request_uri_text().starts_with("sip:"));
    alice.bye();
}

class SipsContactsRefused : public Lines {
protected:
    SipsContactsRefused() : Lines(configured(small_lab, "phones", {"sip-calls-out refuse"})) {}
};

TEST_F(SipsContactsRefused, ASipCallToASipsContact) {
    bob.set_scheme("sips");
    register_phones();
    const auto response = refused(alice, "sip:bob@example.com");
    EXPECT_EQ(response->status(), 480);
    expect_warning(response, "381");
}

TEST_F(Lines, ASipsCallStaysSipsFromEndToEnd) {
    use_sips(alice);
    use_sips(bob);
    register_phones();
    bob.on_invite = Phone::OnInvite::RingThenAnswer;
    const std::size_t before = net.packets().size();
    ASSERT_TRUE(talks(alice, "sips:bob@example.com", bob));
    alice.reinvite();
    net.run_for(1s);
    bob.reinvite();
    net.run_for(1s);
    alice.in_dialog(sip::Method::Update);
    net.run_for(1s);
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
    for (std::size_t i = before; i < net.packets().size(); ++i) {
        EXPECT_TRUE(net.packets()[i].is_encrypted);
        EXPECT_THAT(net.packets()[i].bytes, Not(HasSubstr("<sip:")));
        EXPECT_THAT(net.packets()[i].bytes, Not(HasSubstr(" sip:")));
        EXPECT_THAT(net.packets()[i].bytes, Not(HasSubstr("transport=tls")));  // RFC 5630 §5.1.1
    }
    EXPECT_TRUE(border.records.back().is_secure);
}

// RFC 5630 §5.1.1, §5.2: so no scheme of one can be wrong.
TEST_F(Lines, NoRouteIsSentToAPhoneAndNoServiceRouteIsTold) {
    use_sips(alice);
    use_sips(bob);
    register_phones();
    ASSERT_TRUE(talks(alice, "sips:bob@example.com", bob));
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
    for (const auto& packet : net.packets()) {
        EXPECT_THAT(packet.bytes, Not(HasSubstr("\r\nRoute:")));
        EXPECT_THAT(packet.bytes, Not(HasSubstr("Service-Route")));
    }
}

// ---- sips-conversion ---------------------------------------------------------------------------

// RFC 5630 §5.1.1, §5.3: neither 416 nor 480 is a reason to try SIP.
TEST_F(Lines, ARefusalOfSipsIsNotTriedAgainAsSip) {
    use_sips(alice);
    use_sips(bob);
    register_phones();
    bob.on_invite = Phone::OnInvite::Reject;
    std::size_t invites = 0;
    for (const int status : {416, 480}) {
        bob.reject_status = status;
        const std::size_t before = net.packets().size();
        alice.invite("sips:bob@example.com");
        net.run_for(5s);
        EXPECT_EQ(alice.statuses("INVITE").back(), status);
        EXPECT_EQ(bob.count("INVITE"), ++invites);
        for (std::size_t i = before; i < net.packets().size(); ++i) {
            EXPECT_THAT(net.packets()[i].bytes, Not(HasSubstr("INVITE sip:")));
        }
    }
}

class ToSip : public Lines {
protected:
    ToSip() : Lines(configured(small_lab, "softswitch", {"sips-conversion to-sip"})) {
        alice.set_scheme("sips");
    }
    void SetUp() override { register_phones(); }
};

TEST_F(ToSip, TheLegIsSipAndTheCallStaysSecure) {
    ASSERT_TRUE(talks(alice, "sips:9001@switch.example.com", softswitch));
    for (const auto& packet : net.packets_of(softswitch.node().address())) {
        EXPECT_THAT(packet.bytes, Not(HasSubstr("sips:")));
    }
    EXPECT_THAT(std::string(alice.last_response("INVITE")->bytes()), HasSubstr("Contact: <sips:"));
    softswitch.reinvite();  // with a sip Contact: right on this leg
    net.run_for(1s);
    EXPECT_THAT(softswitch.statuses("INVITE"), Contains(200));
    EXPECT_EQ(alice.count("INVITE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    alice.bye();
    net.run_for(1s);
    EXPECT_TRUE(border.records.back().is_secure);
}

TEST_F(ToSip, ASipsContactOnThatLegCrossesTheLine) {
    ASSERT_TRUE(talks(alice, "sips:9001@switch.example.com", softswitch));
    softswitch.contact_scheme = "sips";
    softswitch.reinvite();
    net.run_for(1s);
    EXPECT_THAT(softswitch.statuses("INVITE"), Contains(488));
    EXPECT_EQ(alice.count("INVITE"), 0U);
    EXPECT_EQ(alice.count("BYE"), 1U);
    EXPECT_EQ(softswitch.count("BYE"), 1U);
}

TEST_F(ToSip, ARedirectionThereIsComparedWithSip) {
    softswitch.on_invite = Phone::OnInvite::Redirect;
    softswitch.redirect_to = "<sips:9002@switch.example.com>";
    alice.invite("sips:9001@switch.example.com");
    net.run_for(1s);
    const auto response = alice.last_response("INVITE");
    EXPECT_EQ(response->status(), 480);
    expect_warning(response, "380");
    EXPECT_EQ(response->count(sip::HeaderName::Contact), 0U);
}

TEST_F(Lines, WithoutConversionTheSoftswitchGetsSips) {
    alice.set_scheme("sips");
    softswitch.set_scheme("sips");
    register_phones();
    ASSERT_TRUE(talks(alice, "sips:9001@switch.example.com", softswitch));
    EXPECT_EQ(softswitch.last_request("INVITE")->request_uri_text(),
              "sips:9001@switch.example.com");
    alice.bye();
}

// ---- redirection -------------------------------------------------------------------------------

TEST_F(Lines, ARedirectionFromSipToSips) {
    register_phones();
    bob.on_invite = Phone::OnInvite::Redirect;
    bob.redirect_to = "<sips:bob@192.0.2.77>";
    alice.invite("sip:bob@example.com");
    net.run_for(1s);
    const auto response = alice.last_response("INVITE");
    EXPECT_EQ(response->status(), 480);
    expect_warning(response, "381");
    EXPECT_EQ(response->count(sip::HeaderName::Contact), 0U);
    EXPECT_EQ(bob.count("INVITE"), 1U);
    EXPECT_EQ(bob.count("CANCEL") + bob.count("BYE"), 0U);  // its leg is gone
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Lines, ARedirectionFromSipsToSip) {
    use_sips(alice);
    use_sips(bob);
    register_phones();
    bob.on_invite = Phone::OnInvite::Redirect;
    for (const char* target : {"<sip:bob@192.0.2.77>", "<tel:+4930123456>"}) {
        bob.redirect_to = target;
        alice.invite("sips:bob@example.com");
        net.run_for(1s);
        const auto response = alice.last_response("INVITE");
        EXPECT_EQ(response->status(), 480) << target;
        expect_warning(response, "380");
        EXPECT_EQ(response->count(sip::HeaderName::Contact), 0U);
        EXPECT_EQ(border.records.back().cause, sbc::FailureCause::SetupPolicy);
    }
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Lines, AMixedRedirectionPassesWhatKeepsTheScheme) {
    register_phones();
    bob.on_invite = Phone::OnInvite::Redirect;
    bob.redirect_to = "<sips:bob@192.0.2.77>, <sip:robert@example.org>";
    alice.invite("sip:bob@example.com");
    net.run_for(1s);
    const auto response = alice.last_response("INVITE");
    EXPECT_EQ(response->status(), 302);
    EXPECT_THAT(std::string(response->bytes()), HasSubstr("<sip:robert@example.org>"));
    EXPECT_THAT(std::string(response->bytes()), Not(HasSubstr("sips:")));
}

class Recursing : public Lines {
protected:
    Recursing() : Lines(configured(small_lab, "softswitch", {"redirect-mode recurse"})) {}
};

TEST_F(Recursing, FollowsOnlyWhatKeepsTheScheme) {
    register_phones();
    softswitch.on_invite = Phone::OnInvite::Redirect;
    softswitch.redirect_to = "<sips:9002@switch.example.com>, <sip:9003@switch.example.com>";
    alice.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.count("INVITE") == 1; }));
    softswitch.on_invite = Phone::OnInvite::Answer;
    ASSERT_TRUE(run_until([&] { return alice.is_in_call(); }));
    EXPECT_EQ(softswitch.count("INVITE"), 2U);
    EXPECT_EQ(softswitch.last_request("INVITE")->request_uri_text(), "sip:9003@switch.example.com");
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 200));
    alice.bye();
}

TEST_F(Recursing, EndsWithinItsLimit) {
    register_phones();
    softswitch.on_invite = Phone::OnInvite::Redirect;
    softswitch.redirect_to = "<sip:9003@switch.example.com>";
    alice.invite("sip:9001@switch.example.com");
    net.run_for(5s);
    EXPECT_EQ(softswitch.count("INVITE"), 3U);  // redirect-limit 2
    EXPECT_EQ(alice.statuses("INVITE").back(), 302);
}

// ---- what Ringwall cannot protect against -------------------------------------------------------

class Downgraded : public Lines {
protected:
    explicit Downgraded(const std::string& configuration = configured(small_lab, "softswitch",
                                                                      {"sip-calls-in insecure"}))
        : Lines(configuration) {
        use_sips(alice);
        softswitch.contact_scheme = "sips";
        softswitch.on_invite = Phone::OnInvite::Ring;
        register_phones();
    }
    // alice's SIPS call goes to the softswitch, and that sends it back as a call of its own.
    void send_back() {
        alice.invite("sips:9001@switch.example.com");
        ASSERT_TRUE(run_until([&] { return softswitch.count("INVITE") == 1; }));
        softswitch.contact_scheme = "sip";
        softswitch.invite("sip:9001@outside.example.com");
        net.run_for(1s);
    }
};

// "The two call legs in this example appear as different calls to the SBC, therefore, the SBC does
// not know that the inbound call leg was secured."
TEST_F(Downgraded, ByATrustedElementACallLeavesByAnUntrustedAdjacency) {
    send_back();
    ASSERT_TRUE(softswitch.is_in_call());
    ASSERT_GT(sent_to(outside), 0U);
    EXPECT_EQ(outside.last_request("INVITE")->request_uri_text(), "sip:9001@outside.example.com");
    sip::Dialog beyond = *softswitch.dialog();
    softswitch.contact_scheme = "sips";
    softswitch.answer();  // alice takes the whole way for secure
    net.run_for(1s);
    EXPECT_TRUE(alice.is_in_call());
    EXPECT_EQ(border.sbc().calls(), 2U);
    softswitch.within(beyond, sip::Method::Bye, {});
    alice.bye();
    net.run_for(1s);
    ASSERT_EQ(border.records.size(), 2U);
    std::vector<std::pair<std::string, bool>> secure;
    for (const auto& record : border.records) {
        secure.emplace_back(record.to_adjacency, record.is_secure);
    }
    EXPECT_THAT(secure, ::testing::UnorderedElementsAre(std::pair("softswitch", true),
                                                        std::pair("outside", false)));
}

class NotDowngraded : public Downgraded {
protected:
    NotDowngraded() : Downgraded(std::string(small_lab)) {}
};

// What an operator can do about it: all that comes from there is held to the rules of secure calls.
TEST_F(NotDowngraded, WhereSipCallsInIsSecure) {
    send_back();
    EXPECT_EQ(softswitch.statuses("INVITE").back(), 480);
    EXPECT_EQ(sent_to(outside), 0U);
    alice.cancel();
    net.run_for(1s);
}

// ---- target refresh ----------------------------------------------------------------------------

class Refreshes : public Lines {
protected:
    // A call between phones of one scheme; then one of them changes the other scheme's Contact.
    void talk_by(const std::string& scheme) {
        alice.set_scheme(scheme);
        bob.set_scheme(scheme);
        other_ = scheme == "sip" ? "sips" : "sip";
        register_phones();
        ASSERT_TRUE(talks(alice, scheme + ":bob@example.com", bob));
    }
    void expect_ended() {
        net.run_for(1s);
        EXPECT_EQ(alice.count("BYE"), 1U);
        EXPECT_EQ(bob.count("BYE"), 1U);
        EXPECT_EQ(border.sbc().calls(), 0U);
        ASSERT_FALSE(border.records.empty());
        EXPECT_THAT(border.records.back().reason, HasSubstr("scheme"));
        expect_explained();
    }
    // By the trace of the call, by the refusal that is kept, and by the BYE.
    void expect_explained() {
        const std::string rule = other_ == "sip" ? "scheme-to-sip" : "scheme-to-sips";
        const sbc::CallRecord& call = border.records.back();
        ASSERT_FALSE(call.decisions.targets().empty());
        const auto broken = sbc::policy::rule_of(call.decisions.targets().back());
        ASSERT_TRUE(broken.has_value());
        EXPECT_EQ(broken->name, rule);
        EXPECT_THAT(std::string(broken->sentence), HasSubstr("is never led to a SIP"));
        const auto refused = border.refusals();
        ASSERT_EQ(refused.size(), 1U);
        EXPECT_EQ(refused[0].within, call.call);
        EXPECT_EQ(refused[0].reason, rule);
        EXPECT_EQ(refused[0].from_adjacency, "phones");
        EXPECT_EQ(refused[0].to_adjacency, "phones");
        ASSERT_EQ(refused[0].decisions.targets().size(), 1U);
        EXPECT_EQ(refused[0].decisions.targets()[0], call.decisions.targets().back());
        EXPECT_EQ(border.sbc().counters().value("refused_targets", rule), 1U);
        for (const Phone* phone : {&alice, &bob}) {
            EXPECT_THAT(std::string(phone->last_request("BYE")->bytes()),
                        HasSubstr("Reason: SIP;cause=488;text=\"" + rule + ": A call to a SIP"));
        }
    }
    std::string other_;
};

class RefreshesOfBoth : public Refreshes, public ::testing::WithParamInterface<std::string> {};

TEST_P(RefreshesOfBoth, ByTheCallersReinvite) {
    talk_by(GetParam());
    alice.contact_scheme = other_;
    alice.reinvite();
    expect_ended();
    EXPECT_EQ(alice.statuses("INVITE").back(), 488);
    EXPECT_EQ(bob.count("INVITE"), 1U);  // it did not go on
}

TEST_P(RefreshesOfBoth, ByTheCalleesReinvite) {
    talk_by(GetParam());
    bob.contact_scheme = other_;
    bob.reinvite();
    expect_ended();
    EXPECT_THAT(bob.statuses("INVITE"), ElementsAre(488));
    EXPECT_EQ(alice.count("INVITE"), 0U);
}

TEST_P(RefreshesOfBoth, ByAnUpdate) {
    talk_by(GetParam());
    alice.contact_scheme = other_;
    alice.in_dialog(sip::Method::Update);
    expect_ended();
    EXPECT_THAT(alice.statuses("UPDATE"), ElementsAre(488));
    EXPECT_EQ(bob.count("UPDATE"), 0U);
}

TEST_P(RefreshesOfBoth, ByTheResponseToAReinvite) {
    talk_by(GetParam());
    const std::size_t acks = bob.acks().size();
    bob.contact_scheme = other_;
    alice.reinvite();
    expect_ended();
    EXPECT_EQ(bob.acks().size(), acks + 1);  // owed
    EXPECT_THAT(alice.statuses("INVITE").back(), ::testing::Ge(400));
}

TEST_P(RefreshesOfBoth, ByTheCallersResponseToAReinvite) {
    talk_by(GetParam());
    alice.contact_scheme = other_;
    bob.reinvite();
    expect_ended();
    EXPECT_EQ(alice.acks().size(), 1U);
    EXPECT_THAT(bob.statuses("INVITE").back(), ::testing::Ge(400));
}

TEST_P(RefreshesOfBoth, ByTheResponseToAnUpdate) {
    talk_by(GetParam());
    bob.contact_scheme = other_;
    alice.in_dialog(sip::Method::Update);
    expect_ended();
    EXPECT_THAT(alice.statuses("UPDATE").back(), ::testing::Ge(400));
}

TEST_P(RefreshesOfBoth, ByTheFirstAnswer) {
    alice.set_scheme(GetParam());
    bob.set_scheme(GetParam());
    register_phones();
    bob.contact_scheme = GetParam() == "sip" ? "sips" : "sip";
    alice.invite(GetParam() + ":bob@example.com");
    net.run_for(1s);
    EXPECT_EQ(bob.acks().size(), 1U);
    EXPECT_EQ(bob.count("BYE"), 1U);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 480));
    EXPECT_EQ(alice.count("BYE"), 0U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_P(RefreshesOfBoth, ByTheFirstAnswerAfterAnHonestRinging) {
    alice.set_scheme(GetParam());
    bob.set_scheme(GetParam());
    register_phones();
    bob.on_invite = Phone::OnInvite::Ring;
    alice.invite(GetParam() + ":bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.statuses("INVITE").size() == 2; }));
    bob.contact_scheme = GetParam() == "sip" ? "sips" : "sip";
    bob.answer();
    net.run_for(1s);
    EXPECT_EQ(bob.acks().size(), 1U);
    EXPECT_EQ(bob.count("BYE"), 1U);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 180, 480));
    EXPECT_EQ(border.sbc().calls(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Schemes, RefreshesOfBoth, ::testing::Values("sip", "sips"),
                         [](const auto& each) { return each.param; });

TEST_F(Refreshes, ThatKeepTheSchemePass) {
    talk_by("sips");
    alice.reinvite();
    net.run_for(1s);
    bob.in_dialog(sip::Method::Update);
    net.run_for(1s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_EQ(bob.count("INVITE"), 2U);
    EXPECT_EQ(alice.count("UPDATE"), 1U);
    alice.bye();
}

// The caller's own Contact at set-up: an insecure one in a SIPS call. (RFC 5630 §5.1.1: 400.)
TEST_F(Refreshes, TheFirstInviteBearsTheOtherScheme) {
    use_sips(alice);
    use_sips(bob);
    register_phones();
    alice.contact_scheme = "sip";
    EXPECT_EQ(refused(alice, "sips:bob@example.com")->status(), 400);
}

// ---- media-security ----------------------------------------------------------------------------

class Keys : public Lines {
protected:
    explicit Keys(const std::string& configuration = std::string(small_lab))
        : Lines(configuration) {}
};

class KeysToTheOutside : public Keys {
protected:
    KeysToTheOutside() : Keys(configured(small_lab, "softswitch", {"sip-calls-in insecure"})) {}
};

TEST_F(KeysToTheOutside, AreRefusedAndNothingIsSent) {
    softswitch.offer = sdes_offer;
    const auto response = refused(softswitch, "sip:5001@outside.example.com");
    EXPECT_EQ(response->status(), 488);
    expect_warning(response, "302");
    EXPECT_THAT(std::string(response->bytes()), Not(HasSubstr("inline:")));
    EXPECT_EQ(border.records.back().cause, sbc::FailureCause::SrtpDisallowed);
}

TEST_F(KeysToTheOutside, AreTakenOutWhereSrtpWasOnlyOffered) {
    softswitch.offer = optional_sdes_offer;
    ASSERT_TRUE(talks(softswitch, "sip:5001@outside.example.com", outside));
    EXPECT_THAT(outside.last_request("INVITE")->body(), Not(HasSubstr("crypto")));
    EXPECT_THAT(outside.last_request("INVITE")->body(), HasSubstr("m=audio 4000 RTP/AVP 0"));
    softswitch.bye();
    for (const auto& packet : net.packets_of(outside.node().address())) {
        EXPECT_THAT(packet.bytes, Not(HasSubstr("inline:")));
    }
}

TEST_F(KeysToTheOutside, AreNotTakenOverFromTheOutsideEither) {
    outside.offer = sdes_offer;
    EXPECT_EQ(refused(outside, "sip:9001@switch.example.com")->status(), 488);
}

TEST_F(KeysToTheOutside, AreRefusedInAReinvite) {
    ASSERT_TRUE(talks(softswitch, "sip:5001@outside.example.com", outside));
    softswitch.offer = sdes_offer;
    softswitch.reinvite();
    net.run_for(1s);
    EXPECT_EQ(softswitch.statuses("INVITE").back(), 488);
    EXPECT_EQ(outside.count("INVITE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 1U);  // the call goes on as it was
    softswitch.bye();
    net.run_for(1s);
    EXPECT_EQ(outside.count("BYE"), 1U);
}

TEST_F(KeysToTheOutside, AreRefusedInAnAnswer) {
    ASSERT_TRUE(talks(outside, "sip:9001@switch.example.com", softswitch));
    outside.bye();
    net.run_for(1s);
    softswitch.offer = sdes_offer;
    outside.invite("sip:9001@switch.example.com");
    net.run_for(1s);
    EXPECT_EQ(outside.statuses("INVITE").back(), 488);
    EXPECT_EQ(softswitch.acks().size(), 2U);
    EXPECT_EQ(softswitch.count("BYE"), 2U);  // of the first call, and at once of this
    for (const auto& packet : net.packets_of(outside.node().address())) {
        EXPECT_THAT(packet.bytes, Not(HasSubstr("inline:")));
    }
}

TEST_F(Keys, PassBetweenTrustedLegs) {
    register_phones();
    alice.offer = bob.offer = sdes_offer;
    ASSERT_TRUE(talks(alice, "sip:bob@example.com", bob));
    EXPECT_EQ(bob.last_request("INVITE")->body(), sdes_offer);
    EXPECT_EQ(alice.last_response("INVITE")->body(), sdes_offer);
    alice.bye();
}

class KeysRequired : public Keys {
protected:
    KeysRequired() : Keys(configured(small_lab, "phones", {"media-security required"})) {}
};

TEST_F(KeysRequired, APlainOfferIsRefused) {
    register_phones();
    const auto response = refused(softswitch, "sip:alice@example.com");
    EXPECT_EQ(response->status(), 488);
    EXPECT_EQ(border.records.back().cause, sbc::FailureCause::RtpDisallowed);
    EXPECT_EQ(refused(alice, "sip:bob@example.com")->status(), 488);
}

TEST_F(KeysRequired, APlainAnswerEndsTheAttempt) {
    register_phones();
    alice.offer = sdes_offer;
    alice.invite("sip:bob@example.com");  // bob answers in the clear
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 488);
    EXPECT_EQ(bob.acks().size(), 1U);
    EXPECT_EQ(bob.count("BYE"), 1U);
}

class KeysOffTowardsTheSwitch : public Keys {
protected:
    KeysOffTowardsTheSwitch()
        : Keys(configured(configured(small_lab, "softswitch", {"media-security off"}), "phones",
                          {"media-security required"})) {}
};

// They are taken out only where the sender's leg does not require them.
TEST_F(KeysOffTowardsTheSwitch, AreNotTakenOutOfALegThatRequiresThem) {
    register_phones();
    alice.offer = optional_sdes_offer;
    EXPECT_EQ(refused(alice, "sip:9001@switch.example.com")->status(), 488);
    alice.offer = sdes_offer;
    EXPECT_EQ(refused(alice, "sip:9001@switch.example.com")->status(), 488);
}

// ---- a Contact of another scheme than the call --------------------------------------------------

// The first request back would be led out of the call's scheme, or could not be sent at all.
TEST_F(Lines, ASipCallWithAContactOfAnotherSchemeIsRefusedAndNothingIsSent) {
    register_phones();
    for (const auto& [contact, stage] : {std::pair{"<sips:alice@192.0.2.11>", "target-security"},
                                         std::pair{"<tel:+4930123456>", "sanity"}}) {
        SCOPED_TRACE(contact);
        const std::size_t before = sent_to(bob);
        alice.send("INVITE", "sip:bob@example.com", {{"Contact", contact}}, alice.offer);
        net.run_for(35s);
        EXPECT_EQ(alice.statuses("INVITE").back(), 400);
        EXPECT_EQ(sent_to(bob), before);
        EXPECT_EQ(border.sbc().calls(), 0U);
        EXPECT_EQ(border.records.back().stage, stage);
    }
}

class RecursingPhones : public Lines {
protected:
    RecursingPhones() : Lines(configured(small_lab, "phones", {"redirect-mode recurse"})) {}
};

// A target from a 3xx goes by its adjacency's peer, and phones have none: not back to the phone.
TEST_F(RecursingPhones, DoNotGetTheCallThatTheySentAway) {
    register_phones();
    bob.on_invite = Phone::OnInvite::Redirect;
    bob.redirect_to = "<sip:carol@example.org>";
    alice.invite("sip:bob@example.com");
    net.run_for(5s);
    EXPECT_EQ(bob.count("INVITE"), 1U);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 302));
    EXPECT_EQ(alice.last_response("INVITE")->header(sip::HeaderName::Contact)->value,
              "<sip:carol@example.org>");
    EXPECT_EQ(softswitch.count("INVITE") + outside.count("INVITE"), 0U);
}

}  // namespace
}  // namespace ringwall::test
