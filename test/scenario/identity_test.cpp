// Who may call as whom, and whose call it is: identities at set-up, and in-dialog requests from
// where the dialog is not at home. (RFC 3261 §12.2.2, §9.2.)
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using Fields = std::vector<std::pair<std::string, std::string>>;

class Identities : public SmallLab {
protected:
    explicit Identities(const std::string& configuration = std::string(small_lab))
        : SmallLab(configuration) {}

    // A phone at another address; who it is, the test says.
    std::unique_ptr<Phone> phone_at(const char* address, const std::string& user,
                                    const std::string& password) {
        return std::make_unique<Phone>(net, ip(address), sip::Transport::Tls,
                                       Endpoint{ip("192.0.2.1"), 5061},
                                       Phone::Account{user, "example.com", password}, 900);
    }
    // The last answer to an INVITE of the test's own; nobody else hears of it.
    int refused_invite(Phone& phone, Fields fields) {
        fields.emplace_back("Contact", phone.contact());
        const std::size_t others = alice.count("INVITE") + bob.count("INVITE") +
                                   softswitch.count("INVITE") + outside.count("INVITE");
        phone.send("INVITE", "sip:9001@switch.example.com", fields, phone.offer);
        net.run_for(2s);
        EXPECT_EQ(alice.count("INVITE") + bob.count("INVITE") + softswitch.count("INVITE") +
                      outside.count("INVITE"),
                  others);
        return phone.statuses("INVITE").back();
    }
};

TEST_F(Identities, APhoneDoesNotCallAsAnother) {
    register_phones();
    EXPECT_EQ(refused_invite(alice, {{"From", "<sip:bob@example.com>;tag=1"}}), 403);
    EXPECT_EQ(refused_invite(alice, {{"From", "<sip:president@example.org>;tag=1"}}), 403);
    EXPECT_EQ(refused_invite(alice, {{"From", "<sip:bob@example.com>;tag=1"},
                                     {"P-Asserted-Identity", "<sip:alice@example.com>"}}),
              403);
}

TEST_F(Identities, APhoneDoesNotAssertAnother) {
    register_phones();
    EXPECT_EQ(refused_invite(alice, {{"P-Asserted-Identity", "<sip:bob@example.com>"}}), 403);
    EXPECT_EQ(refused_invite(alice,
                             {{"P-Asserted-Identity", "<sip:alice@example.com>, <tel:+15551234>"}}),
              403);
}

TEST_F(Identities, APhoneDoesNotCallAsAnotherByItsOwnDigest) {
    // Not registered: challenged first; alice's password does not make it bob.
    EXPECT_EQ(refused_invite(alice, {{"From", "<sip:bob@example.com>;tag=1"}}), 403);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(401, 403));
}

TEST_F(Identities, AWrongPasswordCallsNobody) {
    const auto eve = phone_at("192.0.2.13", "alice", "looking-glass");
    EXPECT_EQ(refused_invite(*eve, {}), 401);
    EXPECT_THAT(eve->statuses("INVITE"), ElementsAre(401, 401));
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Identities, AnUnknownUserIsAskedLikeAKnownOne) {
    const auto eve = phone_at("192.0.2.13", "nobody", "x");
    EXPECT_EQ(refused_invite(*eve, {}), 401);
    const auto fields = [](const sip::MessagePtr& challenge) {
        return std::string(
            challenge->header(sip::HeaderName::WwwAuthenticate)->value.substr(0, 26));
    };
    const auto unknown = fields(eve->last_response("INVITE"));
    alice.send("INVITE", "sip:9001@switch.example.com", {{"Contact", alice.contact()}});
    ASSERT_TRUE(run_until([&] { return !alice.responses().empty(); }));
    EXPECT_EQ(fields(alice.responses().front()), unknown);
    net.run_for(1s);
    alice.bye();
}

TEST_F(Identities, AnAssertedIdentityOfTheOutsideGoesNoFurther) {
    outside.send(
        "INVITE", "sip:9001@switch.example.com",
        {{"Contact", outside.contact()}, {"P-Asserted-Identity", "<sip:president@example.org>"}},
        outside.offer);
    ASSERT_TRUE(run_until([&] { return softswitch.count("INVITE") == 1; }));
    EXPECT_THAT(std::string(softswitch.last_request("INVITE")->bytes()),
                Not(HasSubstr("president")));
    border.sbc().end_all("test");
}

// Who has proven nothing is none of our users, whatever he sends.
TEST_F(Identities, AStrangerDoesNotCallAsOneOfOurUsers) {
    register_phones();
    for (const std::string from :
         {"<sip:alice@example.com>", "<sip:nobody@EXAMPLE.com.>", "<sips:bob@example.com>",
          "\"Boss\" <sip:+15551234@example.com:5070;user=phone>"}) {
        EXPECT_EQ(refused_invite(outside, {{"From", from + ";tag=1"}}), 403) << from;
        for (const char* method :
             {"MESSAGE", "OPTIONS", "SUBSCRIBE", "NOTIFY", "REFER", "PUBLISH"}) {
            const std::size_t sent = sent_to(softswitch) + sent_to(alice) + sent_to(bob);
            outside.send(method, "sip:9001@switch.example.com",
                         {{"From", from + ";tag=1"},
                          {"Contact", outside.contact()},
                          {"Event", "presence"},
                          {"Refer-To", "<sip:9002@switch.example.com>"}});
            net.run_for(1s);
            EXPECT_EQ(outside.statuses(method).back(), 403) << method;
            EXPECT_EQ(sent_to(softswitch) + sent_to(alice) + sent_to(bob), sent) << method;
        }
    }
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_EQ(border.records.back().stage, "authenticate");
    EXPECT_EQ(border.records.back().cause, sbc::FailureCause::SetupPolicy);
    EXPECT_EQ(outside.last_response("INVITE")->reason(), "From Is Not Yours");
    for (const char* from : {"<sip:alice@example.org>", "<sip:alice@sub.example.com>",
                             "<sip:anonymous@anonymous.invalid>", "<tel:+15551234>"}) {
        const std::size_t before = softswitch.count("MESSAGE");
        outside.send("MESSAGE", "sip:9001@switch.example.com",
                     {{"From", std::string(from) + ";tag=1"}});
        net.run_for(1s);
        EXPECT_EQ(softswitch.count("MESSAGE"), before + 1) << from;
    }
}

// A call that a softswitch forwards is still the call of who made it.
TEST_F(Identities, ATrustedTrunkBringsBackTheCallsOfOurUsers) {
    register_phones();
    softswitch.send("MESSAGE", "sip:bob@example.com", {{"From", "<sip:alice@example.com>;tag=1"}});
    net.run_for(1s);
    ASSERT_EQ(bob.count("MESSAGE"), 1U);
    EXPECT_EQ(bob.last_request("MESSAGE")->from().uri.text, "sip:alice@example.com");
}

class ForwardingProvider : public Identities {
protected:
    ForwardingProvider()
        : Identities(configured(small_lab, "outside", {"own-domain-callers allow"})) {}
};

// Where the operator says so; but asserted it is not.
TEST_F(ForwardingProvider, BringsThemBackToo) {
    outside.send("MESSAGE", "sip:9001@switch.example.com",
                 {{"From", "<sip:alice@example.com>;tag=1"},
                  {"P-Asserted-Identity", "<sip:alice@example.com>"}});
    net.run_for(1s);
    ASSERT_EQ(softswitch.count("MESSAGE"), 1U);
    EXPECT_EQ(softswitch.last_request("MESSAGE")->from().uri.text, "sip:alice@example.com");
    EXPECT_EQ(softswitch.last_request("MESSAGE")->count(sip::HeaderName::PAssertedIdentity), 0U);
}

// Our own name is often the domain of our users.
class NamedAsTheDomain : public Identities {
protected:
    NamedAsTheDomain()
        : Identities(configured(configured(small_lab, "softswitch", {"local-id host example.com"}),
                                "outside", {"local-id host border.example.net"})) {}
};

TEST_F(NamedAsTheDomain, AStrangerAtAnAddressDoesNotBecomeOneOfOurUsers) {
    for (const char* host : {"192.0.2.30", "192.0.2.3", "border.example.net"}) {
        const std::string alice_there = std::string("<sip:alice@") + host + ">";
        outside.send("MESSAGE", "sip:9001@switch.example.com",
                     {{"From", alice_there + ";tag=1"}, {"Referred-By", alice_there}});
        net.run_for(1s);
        const auto told = softswitch.last_request("MESSAGE");
        ASSERT_NE(told, nullptr);
        EXPECT_EQ(told->from().uri.text, "sip:alice@192.0.2.2") << host;
        EXPECT_THAT(std::string(told->bytes()), Not(HasSubstr("alice@example.com"))) << host;
        EXPECT_THAT(std::string(told->bytes()), Not(HasSubstr("192.0.2.30"))) << host;
    }
    EXPECT_EQ(softswitch.count("MESSAGE"), 3U);
}

TEST_F(Identities, ASecondConnectionOfAPhoneIsAskedAgain) {
    register_phones();
    alice.reconnect();
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !bob.acks().empty(); }));
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(401, 100, 200));
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
}

// Nor by the fields that say who sent the call, or whom to answer.
TEST_F(Identities, AStrangerNamesNoneOfOurUsersBesidesFrom) {
    register_phones();
    const auto told = [&](Phone& from, const std::string& method, const std::string& who) {
        const std::size_t before = softswitch.count(method);
        from.send(method, "sip:9001@switch.example.com",
                  {{"Contact", from.contact()}, {"Referred-By", who}, {"Reply-To", who}});
        net.run_for(1s);
        EXPECT_EQ(softswitch.count(method), before + 1);
        const auto request = softswitch.last_request(method);
        std::string out;
        for (const auto& line : request->headers()) {
            if (line.name == "Referred-By" || line.name == "Reply-To") {
                out.append(line.name).append(" ");
            }
        }
        return out;
    };
    for (const char* const method : {"INVITE", "MESSAGE", "SUBSCRIBE"}) {
        EXPECT_EQ(told(outside, method, "<sip:alice@example.com>"), "") << method;
        EXPECT_EQ(told(outside, method, "\"Boss\" <sip:nobody@Example.COM>"), "") << method;
        EXPECT_EQ(told(outside, method, "<sip:wendy@west.example.net>"), "Referred-By Reply-To ")
            << method;
    }
    EXPECT_EQ(told(alice, "MESSAGE", "<sip:alice@example.com>"), "Referred-By Reply-To ");
    border.sbc().end_all("test");
    net.run_for(40s);
    // Within a dialog too.
    outside.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return outside.is_in_call() && !softswitch.acks().empty(); }));
    outside.dialog_fields = {{"Contact", outside.contact()},
                             {"Referred-By", "<sip:alice@example.com>"},
                             {"Reply-To", "<sip:alice@example.com>"}};
    outside.in_dialog(sip::Method::Info);
    net.run_for(1s);
    ASSERT_EQ(softswitch.count("INFO"), 1U);
    EXPECT_THAT(std::string(softswitch.last_request("INFO")->bytes()),
                Not(HasSubstr("alice@example.com")));
    border.sbc().end_all("test");
    net.run_for(40s);
}

// RFC 3892 §8: who a phone says has referred is as little proven as who it says that it is.
TEST_F(Identities, APhoneNamesNobodyButItselfAsWhoReferred) {
    register_phones();
    const auto named = [&](const std::string& method, const std::string& by) {
        const std::size_t before = softswitch.count(method);
        alice.send(method, "sip:9001@switch.example.com",
                   {{"Contact", alice.contact()},
                    {"Refer-To", "<sip:9002@switch.example.com>"},
                    {"Referred-By", by}});
        net.run_for(1s);
        EXPECT_EQ(softswitch.count(method), before + 1);
        const auto* const line =
            softswitch.last_request(method)->header(sip::HeaderName::ReferredBy);
        return line == nullptr ? "" : std::string(line->value);
    };
    for (const char* method : {"INVITE", "REFER"}) {
        EXPECT_EQ(named(method, "<sip:bob@example.com>;cid=\"2@h\""), "") << method;
        EXPECT_EQ(named(method, "<sip:alice@192.0.2.11>"), "") << method;
        EXPECT_EQ(named(method, "\"Alice\" <sip:alice@example.com>;cid=\"2@h\""),
                  "\"Alice\" <sip:alice@example.com>;cid=\"2@h\"")
            << method;
    }
    border.sbc().end_all("test");
    net.run_for(40s);
    alice.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !softswitch.acks().empty(); }));
    for (const auto& [by, told] :
         {std::pair{"<sip:bob@example.com>", 0U}, std::pair{"<sip:alice@example.com>", 1U}}) {
        alice.dialog_fields = {{"Contact", alice.contact()},
                               {"Refer-To", "<sip:9002@switch.example.com>"},
                               {"Referred-By", by}};
        const std::size_t before = softswitch.count("REFER");
        alice.in_dialog(sip::Method::Refer);
        net.run_for(1s);
        ASSERT_EQ(softswitch.count("REFER"), before + 1);
        EXPECT_EQ(softswitch.last_request("REFER")->count(sip::HeaderName::ReferredBy), told);
    }
    border.sbc().end_all("test");
    net.run_for(40s);
}

// ---- certificates of phones --------------------------------------------------------------------

TEST_F(Identities, ACertificateOfAnotherSubscriberIsRefused) {
    alice.node().set_client_identity(certificate_of_user("bob@example.com"));
    alice.register_now();
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(403));
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
}

TEST_F(Identities, TheSameCertificateIsTheSamePeerOnAnotherConnection) {
    alice.node().set_client_identity(certificate_of_user("alice@example.com"));
    register_phones();
    talk();
    alice.reconnect();
    alice.bye();
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("BYE"), ElementsAre(200));
    EXPECT_EQ(bob.count("BYE"), 1U);
}

TEST_F(Identities, TheSameUserWithAnotherCertificateIsNotTheSamePeer) {
    alice.node().set_client_identity(certificate_of_user("alice@example.com"));
    register_phones();
    talk();
    auto other = certificate_of_user("alice@example.com");
    other.fingerprint = "another";
    alice.node().set_client_identity(other);
    alice.reconnect();
    alice.register_now();
    net.run_for(1s);
    alice.in_dialog(sip::Method::Info);
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("INFO"), ElementsAre(481));
    EXPECT_EQ(bob.count("INFO"), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    bob.bye();
}

// ---- requests from where the dialog is not at home ---------------------------------------------

class InSomebodysCall : public Identities {
protected:
    void SetUp() override {
        register_phones();
        talk();
    }
    // What alice would write into a request of her dialog.
    Fields in_alices_dialog(std::uint32_t cseq, const std::string& method) {
        const auto builder = alice.last_response("INVITE");
        return {{"From", std::string(builder->header(sip::HeaderName::From)->value)},
                {"To", std::string(builder->header(sip::HeaderName::To)->value)},
                {"Call-ID", std::string(builder->call_id())},
                {"CSeq", std::to_string(cseq) + " " + method}};
    }
    static void replace(Fields& fields, const std::string& name, const std::string& value) {
        for (auto& field : fields) {
            if (field.first == name) {
                field.second = value;
            }
        }
    }
    void expect_call_goes_on() {
        net.run_for(5s);
        EXPECT_EQ(bob.count("BYE") + alice.count("BYE"), 0U);
        EXPECT_EQ(border.sbc().calls(), 1U);
        alice.bye();
        net.run_for(1s);
        EXPECT_EQ(bob.count("BYE"), 1U);
        EXPECT_THAT(alice.statuses("BYE"), Contains(200));
    }
    int last(Phone& phone, const std::string& method) {
        net.run_for(2s);
        return phone.statuses(method).empty() ? 0 : phone.statuses(method).back();
    }
};

TEST_F(InSomebodysCall, AByeByAnotherAdjacency) {
    softswitch.send("BYE", "sip:border.example.com", in_alices_dialog(50, "BYE"));
    EXPECT_EQ(last(softswitch, "BYE"), 481);
    outside.send("BYE", "sip:border.example.com", in_alices_dialog(50, "BYE"));
    EXPECT_EQ(last(outside, "BYE"), 481);
    expect_call_goes_on();
}

TEST_F(InSomebodysCall, AByeByTheOtherPartyInTheCallersName) {
    bob.send("BYE", "sip:border.example.com", in_alices_dialog(50, "BYE"));
    EXPECT_EQ(last(bob, "BYE"), 481);
    expect_call_goes_on();
}

TEST_F(InSomebodysCall, AByeByAnUnregisteredConnection) {
    const auto eve = phone_at("192.0.2.13", "alice", "looking-glass");
    for (const char* method : {"BYE", "INFO", "INVITE", "UPDATE"}) {
        auto fields = in_alices_dialog(50, method);
        fields.emplace_back("Contact", eve->contact());
        eve->send(method, "sip:border.example.com", fields);
        EXPECT_EQ(last(*eve, method), 481) << method;
    }
    EXPECT_EQ(bob.count("INFO") + bob.count("UPDATE"), 0U);
    EXPECT_EQ(bob.count("INVITE"), 1U);
    expect_call_goes_on();
}

TEST_F(InSomebodysCall, AByeOfTheSamePhoneByAConnectionThatIsNotRegistered) {
    alice.reconnect();
    alice.send("BYE", "sip:border.example.com", in_alices_dialog(50, "BYE"));
    EXPECT_EQ(last(alice, "BYE"), 481);
    EXPECT_EQ(bob.count("BYE"), 0U);
    alice.register_now();
    net.run_for(1s);
    alice.bye();
    EXPECT_EQ(last(alice, "BYE"), 200);
    EXPECT_EQ(bob.count("BYE"), 1U);
}

TEST_F(InSomebodysCall, ForgedTagsAndCallId) {
    auto wrong = in_alices_dialog(50, "BYE");
    replace(wrong, "To", "<sip:bob@example.com>;tag=guessed");
    alice.send("BYE", "sip:border.example.com", wrong);
    EXPECT_EQ(last(alice, "BYE"), 481);

    wrong = in_alices_dialog(50, "BYE");
    replace(wrong, "From", "<sip:alice@example.com>;tag=guessed");
    alice.send("BYE", "sip:border.example.com", wrong);
    EXPECT_EQ(last(alice, "BYE"), 481);

    wrong = in_alices_dialog(50, "BYE");
    replace(wrong, "Call-ID", "guessed");
    alice.send("BYE", "sip:border.example.com", wrong);
    EXPECT_EQ(last(alice, "BYE"), 481);

    // The other leg's identifiers on this leg.
    const auto other_leg = bob.last_request("INVITE");
    wrong = in_alices_dialog(50, "BYE");
    replace(wrong, "Call-ID", std::string(other_leg->call_id()));
    alice.send("BYE", "sip:border.example.com", wrong);
    EXPECT_EQ(last(alice, "BYE"), 481);
    expect_call_goes_on();
}

TEST_F(InSomebodysCall, AnOldCSeq) {
    alice.send("INFO", "sip:border.example.com", in_alices_dialog(0, "INFO"));
    EXPECT_EQ(last(alice, "INFO"), 500);
    EXPECT_EQ(bob.count("INFO"), 0U);
    expect_call_goes_on();
}

TEST_F(Identities, ACancelByAnotherConnectionDoesNotStopTheRinging) {
    register_phones();
    const auto eve = phone_at("192.0.2.13", "bob", "builder");
    bob.on_invite = Phone::OnInvite::Ring;
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] {
        return !alice.statuses("INVITE").empty() && alice.statuses("INVITE").back() == 180;
    }));
    // Eve has seen alice's INVITE on the wire.
    std::string seen;
    for (const auto& packet : net.packets_of(alice.node().address())) {
        if (packet.bytes.starts_with("INVITE")) {
            seen = packet.bytes;
        }
    }
    const auto invite = sip::Message::parse(seen, sip::Framing::Stream).message;
    ASSERT_NE(invite, nullptr);
    eve->send("CANCEL", std::string(invite->request_uri_text()),
              {{"Via", std::string(invite->header(sip::HeaderName::Via)->value)},
               {"From", std::string(invite->header(sip::HeaderName::From)->value)},
               {"To", std::string(invite->header(sip::HeaderName::To)->value)},
               {"Call-ID", std::string(invite->call_id())},
               {"CSeq", std::to_string(invite->cseq().number) + " CANCEL"}});
    net.run_for(2s);
    EXPECT_THAT(eve->statuses("CANCEL"), ElementsAre(481));
    EXPECT_EQ(bob.count("CANCEL"), 0U);
    bob.answer();
    ASSERT_TRUE(run_until([&] { return alice.is_in_call(); }));
    alice.bye();
}

TEST_F(Identities, AnAckByAnotherConnectionDoesNotCount) {
    register_phones();
    const auto eve = phone_at("192.0.2.13", "bob", "builder");
    alice.ack_nothing();
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] {
        return alice.last_response("INVITE") != nullptr &&
               alice.last_response("INVITE")->status() == 200;
    }));
    const auto ok = alice.last_response("INVITE");
    eve->send("ACK", "sip:border.example.com",
              {{"From", std::string(ok->header(sip::HeaderName::From)->value)},
               {"To", std::string(ok->header(sip::HeaderName::To)->value)},
               {"Call-ID", std::string(ok->call_id())},
               {"CSeq", std::to_string(ok->cseq().number) + " ACK"}});
    net.run_for(1s);
    EXPECT_TRUE(bob.acks().empty());
    alice.ack_now();
    net.run_for(1s);
    EXPECT_EQ(bob.acks().size(), 1U);
    alice.bye();
}

// ---- connections that are lost -----------------------------------------------------------------

TEST_F(InSomebodysCall, ThePhoneRegistersAgainAndTheByeFindsIt) {
    bob.node().cut();
    net.run_for(1s);
    bob.register_now();
    ASSERT_TRUE(run_until([&] { return bob.is_registered(); }));
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
    EXPECT_THAT(alice.statuses("BYE"), ElementsAre(200));
}

TEST_F(InSomebodysCall, ThePhoneRegistersAgainAndHangsUp) {
    alice.node().cut();
    net.run_for(1s);
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    alice.bye();
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("BYE"), ElementsAre(200));
    EXPECT_EQ(bob.count("BYE"), 1U);
}

TEST_F(InSomebodysCall, ThePhoneIsGoneAndTheCallEndsCleanly) {
    bob.node().cut();
    net.run_for(1s);
    alice.bye();
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("BYE"), ElementsAre(200));
    EXPECT_EQ(bob.count("BYE"), 0U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(InSomebodysCall, ARequestOnItsWayWhenTheConnectionDiesDoesNotEndTheCall) {
    bob.in_dialog_status = 0;
    alice.in_dialog(sip::Method::Info);
    net.run_for(100ms);
    ASSERT_EQ(bob.count("INFO"), 1U);
    bob.node().cut();
    net.run_for(100ms);
    EXPECT_EQ(last(alice, "INFO"), 480);
    bob.register_now();
    net.run_for(60s);
    EXPECT_EQ(alice.count("BYE"), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    bob.in_dialog_status = 200;
    alice.in_dialog(sip::Method::Info);
    net.run_for(1s);
    EXPECT_EQ(last(alice, "INFO"), 200);
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
}

// It does after 32 s, when the phone has not come back.
TEST_F(InSomebodysCall, ARequestWasOnItsWayAndThePhoneStaysAway) {
    bob.in_dialog_status = 0;
    alice.in_dialog(sip::Method::Info);
    net.run_for(100ms);
    bob.node().cut();
    net.run_for(31s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    net.run_for(2s);
    EXPECT_EQ(alice.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(InSomebodysCall, ThePhoneIsGoneAndTheOtherWantsSomethingOfIt) {
    bob.node().cut();
    net.run_for(1s);
    alice.in_dialog(sip::Method::Info);
    alice.reinvite();
    net.run_for(5s);
    EXPECT_EQ(alice.statuses("INFO").size(), 0U);
    EXPECT_EQ(alice.statuses("INVITE").back(), 100);
    bob.register_now();
    net.run_for(3s);
    EXPECT_EQ(last(alice, "INFO"), 200);
    EXPECT_EQ(last(alice, "INVITE"), 200);
    EXPECT_EQ(bob.count("INFO"), 1U);
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
}

TEST_F(InSomebodysCall, ThePhoneStaysAwayAndWhoWaitsForItIsAnswered) {
    bob.node().cut();
    net.run_for(1s);
    alice.in_dialog(sip::Method::Info);
    net.run_for(100ms);
    alice.bye();
    EXPECT_EQ(last(alice, "BYE"), 200);
    EXPECT_EQ(last(alice, "INFO"), 481);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Identities, TheCalleeIsLostWhileItRings) {
    register_phones();
    bob.on_invite = Phone::OnInvite::Ring;
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] {
        return !alice.statuses("INVITE").empty() && alice.statuses("INVITE").back() == 180;
    }));
    bob.node().cut();
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 480);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Identities, TheCallerIsLostWhileItRings) {
    register_phones();
    bob.on_invite = Phone::OnInvite::Ring;
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] {
        return !alice.statuses("INVITE").empty() && alice.statuses("INVITE").back() == 180;
    }));
    alice.node().cut();
    net.run_for(1s);
    bob.answer();
    net.run_for(40s);
    EXPECT_EQ(bob.count("CANCEL") + bob.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// ---- a trunk with certificates -----------------------------------------------------------------

class Carrier : public Identities {
protected:
    Carrier()
        : Identities([] {
              std::string text(small_lab);
              const std::string trunk =
                  "  adjacency sip carrier\n"
                  "   security trusted-encrypted\n   sip-calls-out any\n"
                  "   signaling-address ipv4 192.0.2.7\n"
                  "   remote-address ipv4 192.0.2.70 255.255.255.255\n"
                  "   signaling-peer 192.0.2.70\n   tls peer-domain carrier.example.net\n"
                  "   attach\n";
              text.insert(text.find("  call-policy-set"), trunk);
              const std::string to_switch =
                  "     match-adjacency phones\n"
                  "     dst-adjacency softswitch\n";
              const auto at = text.find(to_switch);
              text.replace(at, to_switch.size(),
                           "     match-adjacency phones\n     dst-adjacency carrier\n");
              text.insert(text.find("  active-call"),
                          "    entry 4\n     match-adjacency carrier\n"
                          "     dst-adjacency softswitch\n     action complete\n");
              return text;
          }()) {
        carrier.node().set_client_identity(certificate_of("carrier.example.net"));
        carrier.node().set_server_identity(certificate_of("carrier.example.net"));
    }
    Phone carrier{net,
                  ip("192.0.2.70"),
                  sip::Transport::Tls,
                  {ip("192.0.2.7"), 5061},
                  {"carla", "carrier.example.net", ""},
                  700};
};

TEST_F(Carrier, CallsWithTheRightCertificate) {
    carrier.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return carrier.is_in_call() && !softswitch.acks().empty(); }));
    carrier.bye();
}

TEST_F(Carrier, IsCalled) {
    register_phones();
    alice.invite("sip:+15551234@carrier.example.net");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !carrier.acks().empty(); }));
    alice.bye();
}

TEST_F(Carrier, WithAnotherNameGetsNothingRouted) {
    carrier.node().set_client_identity(certificate_of("rival.example.net"));
    carrier.invite("sip:9001@switch.example.com");
    net.run_for(35s);
    EXPECT_EQ(softswitch.count("INVITE"), 0U);
    EXPECT_THAT(carrier.statuses("INVITE"), Not(Contains(::testing::Lt(300))));
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(Carrier, WithoutACertificateGetsNoConnection) {
    carrier.node().set_client_identity({});
    carrier.invite("sip:9001@switch.example.com");
    net.run_for(35s);
    EXPECT_TRUE(carrier.responses().empty());
    EXPECT_EQ(softswitch.count("INVITE"), 0U);
}

TEST_F(Carrier, IsCalledOnlyUnderItsName) {
    carrier.node().set_server_identity(certificate_of("rival.example.net"));
    register_phones();
    alice.invite("sip:+15551234@carrier.example.net");
    net.run_for(35s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 480);
    EXPECT_EQ(sent_to(carrier), 0U);
}

TEST_F(Carrier, AByeByAConnectionWithAnotherCertificate) {
    carrier.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return carrier.is_in_call() && !softswitch.acks().empty(); }));
    carrier.node().set_client_identity(certificate_of("rival.example.net"));
    carrier.reconnect();
    carrier.in_dialog(sip::Method::Bye);
    net.run_for(2s);
    EXPECT_THAT(carrier.statuses("BYE"), ElementsAre(481));
    EXPECT_EQ(softswitch.count("BYE"), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    softswitch.bye();
    net.run_for(2s);
}

// Two servers of a trunk bear its name, each with a certificate of its own.
TEST_F(Carrier, AByeByAnotherServerOfTheSameName) {
    carrier.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return carrier.is_in_call() && !softswitch.acks().empty(); }));
    tls::PeerIdentity other = certificate_of("carrier.example.net");
    other.fingerprint = "fp-of-another-server";
    carrier.node().set_client_identity(other);
    carrier.reconnect();
    carrier.in_dialog(sip::Method::Bye);
    net.run_for(2s);
    EXPECT_THAT(carrier.statuses("BYE"), ElementsAre(200));
    EXPECT_EQ(softswitch.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// ---- who somebody says that it is --------------------------------------------------------------

// Fields older or newer than RFC 3325 that claim an identity.
const Fields claims{{"Remote-Party-ID", "<sip:president@example.org>;party=calling"},
                    {"Diversion", "<sip:president@example.org>;reason=unconditional"},
                    {"History-Info", "<sip:president@example.org>;index=1"}};

class Claims : public Identities {
protected:
    explicit Claims(const std::string& configuration = std::string(small_lab))
        : Identities(configuration) {}
    void SetUp() override { register_phones(); }
    // What `callee` hears of an INVITE with these fields.
    std::string heard_by(Phone& callee, Phone& caller, const std::string& uri, Fields fields) {
        const std::size_t before = callee.count("INVITE");
        fields.emplace_back("Contact", caller.contact());
        caller.send("INVITE", uri, fields, caller.offer);
        net.run_for(1s);
        if (callee.count("INVITE") != before + 1) {
            ADD_FAILURE() << "it heard nothing; " << caller.last_response("INVITE")->bytes();
            return {};
        }
        border.sbc().end_all("test");
        net.run_for(40s);
        return std::string(callee.last_request("INVITE")->bytes());
    }
};

TEST_F(Claims, OfTheOutsideAndOfPhonesDoNotPass) {
    EXPECT_THAT(heard_by(softswitch, outside, "sip:9001@switch.example.com", claims),
                Not(HasSubstr("president")));
    EXPECT_THAT(heard_by(softswitch, alice, "sip:9001@switch.example.com", claims),
                Not(HasSubstr("president")));
}

TEST_F(Claims, OfATrustedPeerPass) {
    const std::string heard = heard_by(alice, softswitch, "sip:alice@example.com", claims);
    for (const auto& [name, value] : claims) {
        EXPECT_THAT(heard, HasSubstr(name + ": " + value));
    }
}

class ToldPhones : public Claims {
protected:
    ToldPhones() : Claims(configured(small_lab, "phones", {"privacy trusted"})) {}
};

// RFC 3325 §7: within the trusted part everybody may know; phones, where they are of it.
TEST_F(ToldPhones, OfATrustedPeerPassWhateverPrivacyItAsksFor) {
    const Fields fields{{"Privacy", "id"},
                        {"P-Asserted-Identity", "<sip:9001@switch.example.com>"}};
    EXPECT_THAT(heard_by(alice, softswitch, "sip:alice@example.com", fields),
                HasSubstr("P-Asserted-Identity: <sip:9001@switch.example.com>"));
}

TEST_F(Claims, OfAPhoneDoNotPassWithinDialogsEither) {
    alice.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !softswitch.acks().empty(); }));
    alice.dialog_fields = claims;
    alice.dialog_fields.emplace_back("P-Asserted-Identity", "<sip:president@example.org>");
    for (const auto method : {sip::Method::Invite, sip::Method::Update, sip::Method::Info}) {
        const std::string name(sip::to_string(method));
        const std::size_t before = softswitch.count(name);
        alice.in_dialog(method);
        net.run_for(1s);
        EXPECT_EQ(softswitch.count(name), before + 1);
    }
    softswitch.dialog_fields = {{"P-Asserted-Identity", "<sip:9001@switch.example.com>"}};
    softswitch.in_dialog(sip::Method::Info);
    net.run_for(1s);
    alice.bye();
    net.run_for(1s);
    for (const auto& packet : net.packets_of(softswitch.node().address())) {
        EXPECT_THAT(packet.bytes, Not(HasSubstr("president")));
    }
    EXPECT_THAT(std::string(alice.last_request("INFO")->bytes()),
                HasSubstr("P-Asserted-Identity: <sip:9001@switch.example.com>"));
}

TEST_F(Claims, InAnswersFollowTheSameRule) {
    alice.on_invite = Phone::OnInvite::Ignore;
    softswitch.invite("sip:alice@example.com");
    ASSERT_TRUE(run_until([&] { return alice.count("INVITE") == 1; }));
    Fields fields = claims;
    fields.emplace_back("P-Asserted-Identity", "<sip:president@example.org>");
    fields.emplace_back("Contact", alice.contact());
    alice.say(180, "t", fields);
    alice.say(200, "t", fields, alice.offer);
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call(); }));
    softswitch.bye();
    net.run_for(1s);
    for (const auto& packet : net.packets_of(softswitch.node().address())) {
        EXPECT_THAT(packet.bytes, Not(HasSubstr("president")));
    }
}

// Who is served, charged or vouched for is said within a trust domain (RFC 3324).
const Fields of_trust_domain{
    {"P-Charge-Info", "<sip:president@example.org>;npi=1"},               // RFC 8496
    {"P-Served-User", "<sip:president@example.org>;sescase=orig"},        // RFC 5502
    {"P-Asserted-Service", "urn:urn-7:3gpp-service.president"},           // RFC 6050
    {"P-Profile-Key", "<sip:president@example.org>"},                     // RFC 5002
    {"P-Private-Network-Indication", "president.example.org"},            // RFC 7316
    {"P-DCS-LAES", "192.0.2.99:5060;content=192.0.2.99:6060;president"},  // RFC 5503
    {"P-Associated-URI", "<sip:president@example.org>"},                  // RFC 7315
    {"P-Called-Party-ID", "<sip:president@example.org>"},                 // RFC 7315
    {"P-Visited-Network-ID", "\"president's network\""},                  // RFC 7315
    {"p-of-tomorrow", "president"},                                       // whatever comes
    {"Attestation-Info", "president"},                                    // 3GPP TS 24.229
    {"Origination-Id", "president"},
    {"Additional-Identity", "<sip:president@example.org>"},
    {"Relayed-Charge", "president"},
    {"Priority-Verstat", "president"}};

// What a phone may say of itself and of where it is, among those who are trusted.
const Fields of_phones{{"P-Access-Network-Info", "IEEE-802.11;president"},
                       {"Cellular-Network-Info", "3GPP-E-UTRAN-FDD;president"},
                       {"P-Early-Media", "supported;president"},
                       {"P-Preferred-Service", "urn:urn-7:3gpp-service.president"}};

Fields joined(Fields fields, const Fields& more) {
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
}

TEST_F(Claims, OfATrustDomainDoNotComeInFromOutside) {
    EXPECT_THAT(heard_by(softswitch, outside, "sip:9001@switch.example.com",
                         joined(of_trust_domain, of_phones)),
                Not(HasSubstr("president")));
}

TEST_F(Claims, OfATrustDomainAreNotAPhonesToMake) {
    EXPECT_THAT(heard_by(softswitch, alice, "sip:9001@switch.example.com", of_trust_domain),
                Not(HasSubstr("president")));
    const std::string heard = heard_by(softswitch, alice, "sip:9001@switch.example.com", of_phones);
    for (const auto& [name, value] : of_phones) {
        EXPECT_THAT(heard, HasSubstr(name + ": " + value));
    }
}

TEST_F(Claims, OfATrustDomainPassWithinIt) {
    const Fields fields = joined(of_trust_domain, of_phones);
    const std::string heard = heard_by(alice, softswitch, "sip:alice@example.com", fields);
    for (const auto& [name, value] : fields) {
        EXPECT_THAT(heard, HasSubstr(name + ": " + value));
    }
}

TEST_F(Claims, OfATrustDomainDoNotGoOutInAnswersNorWithinDialogs) {
    const Fields fields = joined(of_trust_domain, of_phones);
    softswitch.on_invite = Phone::OnInvite::Ignore;
    outside.invite("sip:9001@192.0.2.3");
    ASSERT_TRUE(run_until([&] { return softswitch.count("INVITE") == 1; }));
    const Fields answer = joined(fields, {{"Contact", softswitch.contact()}});
    softswitch.say(180, "t", answer);
    softswitch.say(200, "t", answer, softswitch.offer);
    ASSERT_TRUE(run_until([&] { return outside.is_in_call(); }));
    outside.dialog_fields = fields;
    outside.in_dialog(sip::Method::Info);
    net.run_for(1s);
    EXPECT_EQ(softswitch.count("INFO"), 1U);
    EXPECT_THAT(std::string(softswitch.last_request("INFO")->bytes()), Not(HasSubstr("president")));
    outside.dialog_fields.clear();
    outside.bye();
    net.run_for(1s);
    EXPECT_THAT(outside.statuses("INVITE"), ElementsAre(100, 180, 200));
    for (const auto& response : outside.responses()) {
        EXPECT_THAT(std::string(response->bytes()), Not(HasSubstr("president")));
    }
    softswitch.on_invite = Phone::OnInvite::Ignore;
    outside.invite("sip:9001@192.0.2.3");
    ASSERT_TRUE(run_until([&] { return softswitch.count("INVITE") == 2; }));
    softswitch.say(486, "t", fields);
    net.run_for(1s);
    EXPECT_THAT(std::string(outside.last_response("INVITE")->bytes()), HasSubstr("SIP/2.0 486"));
    EXPECT_THAT(std::string(outside.last_response("INVITE")->bytes()), Not(HasSubstr("president")));
}

class Privacy : public Claims {
protected:
    Privacy() : Claims(configured(small_lab, "softswitch", {"sip-calls-in insecure"})) {}
    std::string heard_outside(Fields fields) {
        fields.emplace_back("P-Asserted-Identity", "<sip:9001@switch.example.com>");
        return heard_by(outside, softswitch, "sip:5001@outside.example.com", fields);
    }
};

// RFC 3325 §7.
TEST_F(Privacy, IdTakesTheIdentityOutTowardsTheOutside) {
    const Fields lines[] = {{{"Privacy", "id"}},
                            {{"Privacy", "id;critical"}},
                            {{"Privacy", "header; ID"}},
                            {{"Privacy", "none"}, {"Privacy", "id"}}};
    for (const Fields& fields : lines) {
        EXPECT_THAT(heard_outside(fields), Not(HasSubstr("P-Asserted-Identity")));
    }
}

TEST_F(Privacy, NoneKeepsTheIdentity) {
    EXPECT_THAT(heard_outside({{"Privacy", "none"}}),
                HasSubstr("P-Asserted-Identity: <sip:9001@switch.example.com>"));
    EXPECT_THAT(heard_outside({}), HasSubstr("P-Asserted-Identity:"));
}

// The fields before and after RFC 3325 say who somebody is as well.
TEST_F(Privacy, IdTakesOtherClaimsOutTowardsTheOutside) {
    for (const char* kind : {"id", "none;id"}) {
        Fields fields = claims;
        fields.emplace_back("Privacy", kind);
        const std::string heard = heard_outside(fields);
        for (const auto& [name, value] : claims) {
            EXPECT_THAT(heard, Not(HasSubstr(name))) << kind;
        }
    }
    const std::string heard = heard_outside(claims);
    for (const auto& [name, value] : claims) {
        EXPECT_THAT(heard, HasSubstr(name + ": " + value));
    }
}

TEST_F(Privacy, OfATrustDomainNothingGoesOutWhateverIsAsked) {
    for (const char* kind : {"id", "none"}) {
        EXPECT_THAT(heard_outside(joined(joined(of_trust_domain, of_phones), {{"Privacy", kind}})),
                    Not(HasSubstr("president")))
            << kind;
    }
}

// A picture or a tune lies at a host; where that is one of our own side, the outside learns of it.
TEST_F(Privacy, WhereATuneLiesInsideIsNotToldOutside) {
    for (const char* url : {"<http://192.0.2.20/tune>", "<http://[2001:db8::20]:80/tune>",
                            "<https://user@192.0.2.2:443/tune>", "<http://192.0.2.20.:80/tune>",
                            "<sip:tune@192.0.2.20>", "<HTTP://192.0.2.99?tune>;purpose=icon"}) {
        for (const char* name : {"Call-Info", "Alert-Info", "Error-Info"}) {
            const std::string heard = heard_outside(
                {{name, std::string(url) + ", <http://www.example.org/kept>;purpose=icon"}});
            EXPECT_THAT(heard, Not(HasSubstr("tune"))) << name << url;
            EXPECT_THAT(heard, HasSubstr("<http://www.example.org/kept>;purpose=icon"))
                << name << url;
        }
        EXPECT_THAT(heard_outside({{"Call-Info", url}}), Not(HasSubstr("Call-Info"))) << url;
    }
    for (const char* kept : {"<cid:tune@192.0.2.20>", "<http://127.0.0.1/Bellcore-dr2>",
                             "<urn:alert:source:internal>", "<http://192.0.2.20.example.org/x>"}) {
        EXPECT_THAT(heard_outside({{"Alert-Info", kept}}), HasSubstr(kept));
    }
}

TEST_F(Privacy, AClaimMayAskForItself) {
    const std::string uri = "<sip:president@example.org>";
    for (const Fields& fields : {
             Fields{{"Remote-Party-ID", uri + ";party=calling;privacy=full"}},
             Fields{{"Diversion", uri + ";reason=unconditional;privacy=\"uri\""}},
             Fields{{"Diversion", uri + ";privacy=off, " + uri + ";privacy=name"}},
             Fields{{"History-Info", "<sip:president@example.org?Privacy=history>;index=1"}},
             Fields{{"History-Info", uri + ";index=1"}, {"Privacy", "history"}},
             Fields{{"History-Info", uri + ";index=1"}, {"Privacy", "session"}},
             Fields{{"Diversion", "<sip:president@example.org"}},
         }) {
        EXPECT_THAT(heard_outside(fields), Not(HasSubstr("president"))) << fields.front().second;
    }
    for (const Fields& fields : {
             Fields{{"Remote-Party-ID", uri + ";party=calling;privacy=off"}},
             Fields{{"History-Info", "<sip:president@example.org?Privacy=none>;index=1"}},
             Fields{{"Diversion", uri + ";reason=unconditional"}, {"Privacy", "history"}},
         }) {
        EXPECT_THAT(heard_outside(fields), HasSubstr("president")) << fields.front().second;
    }
}

// ---- two phones of one user --------------------------------------------------------------------

class TwoPhones : public Identities {
protected:
    void SetUp() override {
        bob.register_now();
        alice.register_now();
        desk->register_now();
        ASSERT_TRUE(run_until(
            [&] { return alice.is_registered() && bob.is_registered() && desk->is_registered(); }));
        alice.on_invite = desk->on_invite = Phone::OnInvite::Ring;
        bob.invite("sip:alice@example.com");
        ASSERT_TRUE(run_until([&] { return alice.count("INVITE") + desk->count("INVITE") == 2; }));
        net.run_for(1s);
        alice.answer();
        ASSERT_TRUE(run_until([&] { return bob.is_in_call() && !alice.acks().empty(); }));
        net.run_for(1s);
        alice.node().cut();
        net.run_for(1s);
    }
    std::unique_ptr<Phone> desk = phone_at("192.0.2.14", "alice", "wonderland");
};

TEST_F(TwoPhones, TheOneThatIsNotInTheCallHearsNothingOfIt) {
    const std::size_t before = sent_to(*desk);
    bob.reinvite();
    net.run_for(1s);
    EXPECT_EQ(bob.statuses("INVITE").back(), 100);  // it waits for the one that is
    bob.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.statuses("INVITE").back(), 487);
    EXPECT_THAT(bob.statuses("BYE"), ElementsAre(200));
    EXPECT_EQ(sent_to(*desk), before);
    EXPECT_EQ(alice.count("BYE"), 0U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(TwoPhones, TheOneThatIsInTheCallIsFoundByItsNewConnection) {
    alice.register_now();
    net.run_for(1s);
    const std::size_t before = sent_to(*desk);
    bob.reinvite();
    net.run_for(1s);
    EXPECT_EQ(bob.statuses("INVITE").back(), 200);
    EXPECT_EQ(alice.count("INVITE"), 2U);
    bob.bye();
    net.run_for(1s);
    EXPECT_EQ(alice.count("BYE"), 1U);
    EXPECT_EQ(sent_to(*desk), before);
}

// ---- connections that we opened ----------------------------------------------------------------

// By its address alone the softswitch would be taken for the other adjacency of this socket.
std::string shared_socket() {
    std::string lab(small_lab);
    const std::string_view own = "192.0.2.20 255.255.255.255";
    lab.replace(lab.find(own), own.size(), "192.0.2.0 255.255.255.0");
    return configured(
        lab, "outside",
        {"signaling-address ipv4 192.0.2.2", "remote-address ipv4 192.0.2.20 255.255.255.255"});
}

class OpenedConnections : public Identities {
protected:
    OpenedConnections() : Identities(shared_socket()) {}
};

TEST_F(OpenedConnections, CountAsTheAdjacencyThatTheyWereOpenedFor) {
    register_phones();
    alice.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !softswitch.acks().empty(); }));
    softswitch.in_dialog(sip::Method::Info);
    net.run_for(1s);
    EXPECT_THAT(softswitch.statuses("INFO"), ElementsAre(200));
    alice.bye();
    net.run_for(1s);

    softswitch.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call() && !bob.acks().empty(); }));
    softswitch.bye();
    net.run_for(1s);
    ASSERT_EQ(border.records.size(), 2U);
    EXPECT_EQ(border.records[1].from_adjacency, "softswitch");
    EXPECT_TRUE(border.records[1].is_secure);

    softswitch.reconnect();  // a connection that it opens is told by its address
    const std::size_t before = sent_to(bob);
    softswitch.invite("sip:bob@example.com");
    net.run_for(2s);
    EXPECT_GE(softswitch.statuses("INVITE").back(), 400);
    EXPECT_EQ(border.records.back().from_adjacency, "outside");
    EXPECT_EQ(sent_to(bob), before);
}

}  // namespace
}  // namespace ringwall::test
