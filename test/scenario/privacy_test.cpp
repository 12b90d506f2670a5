// Who somebody is asserted to be, and who may hear it, from leg to leg (RFC 3323, RFC 3325, RFC
// 8224). What the outside asserts, and privacy by `id` alone: identity_test.cpp.
#include "scenario/border.h"
#include "scenario/sim_media_engine.h"

namespace ringwall::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string text_of(const sip::MessagePtr& message) {
    return message == nullptr ? "(no message)" : std::string(message->bytes());
}

// West is in the trust domain, east is not; north is whatever a test says.
std::string west_is_trusted(const std::vector<std::string>& east = {},
                            const std::vector<std::string>& west = {}) {
    std::vector<std::string> lines{"security trusted-unencrypted"};
    lines.insert(lines.end(), west.begin(), west.end());
    return configured(configured(three_trunks, "west", lines), "east", east);
}

class Edge : public Trunks {
protected:
    explicit Edge(const std::string& configuration = west_is_trusted()) : Trunks(configuration) {}

    // West calls east.
    void invite(const Fields& fields, const std::string& uri = "sip:5001@192.0.2.4") {
        Fields all = fields;
        all.emplace_back("Contact", west.contact());
        west.send("INVITE", uri, all, west.offer);
        net.run_for(1s);
    }
    std::string heard(const Fields& fields) {
        const std::size_t before = east.count("INVITE");
        invite(fields);
        EXPECT_EQ(east.count("INVITE"), before + 1) << text_of(west.last_response("INVITE"));
        border.sbc().end_all("test");
        net.run_for(40s);
        return text_of(east.last_request("INVITE"));
    }
    void talk(const Fields& fields) {
        west.invite_fields = fields;
        west.invite("sip:5001@192.0.2.4");
        ASSERT_TRUE(run_until([&] { return west.is_in_call() && !east.acks().empty(); }));
    }
    void expect_refused(const Fields& fields) {
        const std::size_t before = sent_to(east);
        invite(fields);
        EXPECT_EQ(west.statuses("INVITE").back(), 500);
        EXPECT_THAT(text_of(west.last_response("INVITE")), HasSubstr("Privacy Not Available"));
        EXPECT_EQ(sent_to(east), before);
        EXPECT_EQ(border.sbc().calls(), 0U);
        EXPECT_GT(border.sbc().counters().value("refused_targets", "privacy-critical"), 0U);
    }
};

const Fields of_wendy{{"From", "\"Wendy\" <sip:wendy@west.example.net>;tag=w1"},
                      {"P-Asserted-Identity", "\"Wendy\" <sip:wendy@west.example.net>"},
                      {"Subject", "wendy's"},
                      {"Organization", "wendy's"},
                      {"User-Agent", "wendy's"},
                      {"Reply-To", "<sip:wendy@west.example.net>"},
                      {"Call-Info", "<http://www.example.net/wendy>;purpose=icon"},
                      {"Referred-By", "<sip:wendy@west.example.net>"}};

Fields with(Fields fields, const Fields& more) {
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
}

// RFC 3323 §5.3, §4.1.1.3.
TEST_F(Edge, AUserWhoDoesNotWantToBeKnownIsNotKnownOutside) {
    const std::string told = heard(with(of_wendy, {{"Privacy", "user"}}));
    EXPECT_THAT(told, AllOf(HasSubstr("From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag="),
                            HasSubstr("Contact: <sip:anonymous@192.0.2.5"), Not(HasSubstr("wendy")),
                            Not(HasSubstr("Wendy"))));
    EXPECT_THAT(told, Not(HasSubstr("Privacy:")));  // it is done
}

TEST_F(Edge, WhoSaysNothingOfItIsTold) {
    EXPECT_THAT(heard(of_wendy),
                AllOf(HasSubstr("From: \"Wendy\" <sip:wendy@west.example.net>;tag="),
                      HasSubstr("P-Asserted-Identity: \"Wendy\" <sip:wendy@west.example.net>"),
                      HasSubstr("Subject: wendy's"), HasSubstr("Organization: wendy's")));
}

TEST_F(Edge, WhoIsNotKnownIsNotKnownWithinTheCallEither) {
    talk(with(of_wendy, {{"Privacy", "user"}}));
    west.dialog_fields = {{"P-Asserted-Identity", "<sip:wendy@west.example.net>"},
                          {"Organization", "wendy's"}};
    for (const auto method : {sip::Method::Invite, sip::Method::Update, sip::Method::Info}) {
        west.in_dialog(method);
        net.run_for(1s);
    }
    EXPECT_EQ(east.count("INVITE") + east.count("UPDATE") + east.count("INFO"), 4U);
    east.in_dialog(sip::Method::Info);
    net.run_for(1s);
    EXPECT_THAT(text_of(west.last_request("INFO")), HasSubstr("To: \"Wendy\" <sip:wendy@west"));
    west.bye();
    net.run_for(1s);
    EXPECT_EQ(east.count("BYE"), 1U);
    for (const auto& packet : net.packets_of(east.node().address())) {
        EXPECT_THAT(packet.bytes, Not(HasSubstr("wendy")));
    }
}

// RFC 3325 §7: what was asked for at the beginning is not taken back by a silence.
TEST_F(Edge, AnIdentityIsNotToldWithinACallThatBeganWithoutIt) {
    talk({{"Privacy", "id"}, {"P-Asserted-Identity", "<sip:9001@west.example.net>"}});
    west.dialog_fields = {{"P-Asserted-Identity", "<sip:9001@west.example.net>"}};
    west.in_dialog(sip::Method::Update);
    net.run_for(1s);
    EXPECT_THAT(text_of(east.last_request("UPDATE")), Not(HasSubstr("P-Asserted-Identity")));
    west.dialog_fields.emplace_back("Privacy", "none");
    west.in_dialog(sip::Method::Update);
    net.run_for(1s);
    EXPECT_EQ(east.count("UPDATE"), 2U);
    EXPECT_THAT(text_of(east.last_request("UPDATE")), HasSubstr("P-Asserted-Identity: <sip:9001@"));
    west.bye();
    net.run_for(1s);
}

TEST_F(Edge, InAnswersItIsTheSame) {
    west.on_invite = Phone::OnInvite::Ignore;
    east.invite("sip:wendy@192.0.2.5");
    ASSERT_TRUE(run_until([&] { return west.count("INVITE") == 1; }));
    const Fields fields{{"Contact", west.contact()},
                        {"P-Asserted-Identity", "<sip:president@west.example.net>"},
                        {"Privacy", "id"},
                        {"Organization", "president's"}};
    west.say(180, "t", with(fields, {{"Privacy", "user"}}));
    west.say(200, "t", with(fields, {{"Privacy", "user"}}), west.offer);
    ASSERT_TRUE(run_until([&] { return east.is_in_call(); }));
    for (const auto& response : east.responses()) {
        EXPECT_THAT(text_of(response), Not(HasSubstr("president")));
    }
    east.bye();
    net.run_for(1s);
    east.invite("sip:wendy@192.0.2.5");
    ASSERT_TRUE(run_until([&] { return west.count("INVITE") == 2; }));
    west.say(486, "t", fields);
    net.run_for(1s);
    EXPECT_EQ(east.statuses("INVITE").back(), 486);
    EXPECT_THAT(text_of(east.last_response("INVITE")), Not(HasSubstr("P-Asserted-Identity")));
}

// RFC 3323 §5: what was done is not asked for again; what was not, is.
TEST_F(Edge, OfPrivacyRemainsWhatIsNotDone) {
    const std::pair<const char*, const char*> cases[] = {
        {"header", ""},
        {"header;user;critical", ""},
        {"id;critical", "Privacy: id\r\n"},
        {"session;header", "Privacy: session\r\n"},
        {"history ; user", "Privacy: history\r\n"},
        {"none", "Privacy: none\r\n"},
        {"of-tomorrow", "Privacy: of-tomorrow\r\n"},
    };
    for (const auto& [asked, left] : cases) {
        const std::string told = heard({{"Privacy", asked}});
        if (std::string_view(left).empty()) {
            EXPECT_THAT(told, Not(HasSubstr("Privacy:"))) << asked;
        } else {
            EXPECT_THAT(told, HasSubstr(left)) << asked;
        }
    }
}

TEST_F(Edge, WhatCannotBeDoneAndMustBeIs500AndNothingIsSent) {
    expect_refused({{"Privacy", "session;critical"}});
    expect_refused({{"Privacy", "critical ; of-tomorrow"}});
    expect_refused({{"Privacy", "critical"}, {"Privacy", "user;session"}});
    Fields message{{"Privacy", "of-tomorrow;critical"}, {"Content-Type", "text/plain"}};
    west.send("MESSAGE", "sip:5001@192.0.2.4", message, "hello");
    net.run_for(1s);
    EXPECT_THAT(west.statuses("MESSAGE"), ElementsAre(500));
    EXPECT_EQ(sent_to(east), 0U);
}

// RFC 3323 §4.3: a service that does what is asked for is what the option asks for.
TEST_F(Edge, PrivacyMayBeRequiredOfUs) {
    EXPECT_THAT(heard(with(of_wendy, {{"Privacy", "user;critical"}, {"Proxy-Require", "privacy"}})),
                AllOf(Not(HasSubstr("wendy")), Not(HasSubstr("Proxy-Require"))));
}

TEST_F(Edge, AMessageHidesItsSenderToo) {
    west.send("MESSAGE", "sip:5001@192.0.2.4",
              with(of_wendy, {{"Privacy", "user"}, {"Content-Type", "text/plain"}}), "hello");
    net.run_for(1s);
    ASSERT_EQ(east.count("MESSAGE"), 1U);
    EXPECT_THAT(text_of(east.last_request("MESSAGE")),
                AllOf(HasSubstr("sip:anonymous@anonymous.invalid"), Not(HasSubstr("wendy")),
                      HasSubstr("hello")));
}

// RFC 3325 §9.1, RFC 5876 §4.5: one of each kind, and no address of the other side's.
TEST_F(Edge, AnAssertedIdentityIsToldWithoutAddresses) {
    EXPECT_THAT(heard({{"P-Asserted-Identity",
                        "\"W, Inc\" <sip:9001@192.0.2.40:5070;user=phone;x=y>, <tel:+15551234>"},
                       {"P-Asserted-Identity", "<sip:second@west.example.net>, <http://x.y>"}}),
                AllOf(HasSubstr("P-Asserted-Identity: \"W, Inc\" <sip:9001@192.0.2.5;user=phone>, "
                                "<tel:+15551234>\r\n"),
                      Not(HasSubstr("192.0.2.40")), Not(HasSubstr("second"))));
    EXPECT_THAT(heard({{"P-Asserted-Identity", "<sip:broken"}}),
                Not(HasSubstr("P-Asserted-Identity")));
}

// ---- within the trust domain -------------------------------------------------------------------

class Inside : public Edge {
protected:
    Inside() : Edge(west_is_trusted({"security trusted-unencrypted"})) {}
};

TEST_F(Inside, NothingIsHiddenAndTheNextEdgeIsAsked) {
    EXPECT_THAT(
        heard(with(of_wendy, {{"Privacy", "user;session;id;critical"}})),
        AllOf(HasSubstr("From: \"Wendy\" <sip:wendy@west.example.net>;tag="),
              HasSubstr("P-Asserted-Identity: \"Wendy\" <sip:wendy@west.example.net>"),
              HasSubstr("Privacy: user;session;id;critical\r\n"), HasSubstr("Subject: wendy's")));
}

class NotInside : public Edge {
protected:
    NotInside()
        : Edge(west_is_trusted({"security trusted-unencrypted", "privacy on-request"},
                               {"privacy on-request"})) {}
};

// A trusted wire need not be one of those who tell each other who calls.
TEST_F(NotInside, WhatIsAssertedIsNotBelieved) {
    EXPECT_THAT(heard(of_wendy), AllOf(HasSubstr("From: \"Wendy\" <sip:wendy@west.example.net>"),
                                       Not(HasSubstr("P-Asserted-Identity"))));
    EXPECT_THAT(heard(with(of_wendy, {{"Privacy", "user"}})), Not(HasSubstr("wendy")));
}

class Restricted : public Edge {
protected:
    Restricted() : Edge(west_is_trusted({"privacy restricted"})) {}
};

// RFC 3325 §7: "none" is the user's word, and no operator's.
TEST_F(Restricted, TellsNothingButFrom) {
    const Fields claims{{"P-Asserted-Identity", "<sip:9001@west.example.net>"},
                        {"Remote-Party-ID", "<sip:9001@west.example.net>;party=calling"},
                        {"Diversion", "<sip:9002@west.example.net>;reason=unconditional"}};
    EXPECT_THAT(heard(claims), AllOf(Not(HasSubstr("P-Asserted-Identity")), Not(HasSubstr("900"))));
    EXPECT_THAT(heard(with(claims, {{"Privacy", "none"}})),
                HasSubstr("P-Asserted-Identity: <sip:9001@west.example.net>"));
}

// ---- by the media engine -----------------------------------------------------------------------

class Hidden : public Edge {
protected:
    Hidden()
        : Edge([] {
              std::string text = west_is_trusted({"media anchored"});
              const std::string_view sbe = " sbe\n";
              return text.insert(text.find(sbe) + sbe.size(),
                                 "  media-engine ipv4 192.0.2.77\n  media-engine-port 2223\n");
          }()) {}
    void SetUp() override { net.run_for(1s); }
    SimMediaEngine engine{net, {IpAddress::v4(192, 0, 2, 77), 2223}};
};

// RFC 3323 §5.2.
TEST_F(Hidden, ASessionIsHiddenByTheMediaEngine) {
    EXPECT_THAT(heard({{"Privacy", "session;critical"}}),
                AllOf(Not(HasSubstr("Privacy:")), HasSubstr("c=IN IP4 192.0.2.77")));
}

// ---- signatures --------------------------------------------------------------------------------

const std::string signature =
    "eyJhbGciOiJFUzI1NiJ9..signature;info=<https://biloxi.example.org/cert.cer>;alg=ES256";
const Fields numbers{{"From", "<sip:+15551234@west.example.net;user=phone>;tag=w1"},
                     {"To", "<sip:+15555678@192.0.2.4;user=phone>"},
                     {"Date", "Sun, 29 Nov 2026 17:00:00 GMT"},
                     {"Identity", signature}};
const Fields users{{"From", "<sip:wendy@west.example.net>;tag=w1"},
                   {"To", "<sip:edwin@east.example.net>"},
                   {"Identity", signature}};

TEST_F(Edge, ASignaturePassesAsLongAsItIsGood) {
    EXPECT_THAT(heard(numbers), HasSubstr("Identity: " + signature));
    EXPECT_THAT(heard(users), HasSubstr("Identity: " + signature));
    // Its hosts are hidden, so that what was signed is not what is told.
    EXPECT_THAT(heard(with(users, {})), HasSubstr(signature));
    EXPECT_THAT(heard({users[0], {"To", "<sip:edwin@192.0.2.4>"}, users[2]}),
                Not(HasSubstr(signature)));
    EXPECT_THAT(heard({{"From", "<sip:wendy@192.0.2.40>;tag=w1"}, users[1], users[2]}),
                Not(HasSubstr(signature)));
    // RFC 4474: over Contact and Call-ID as well.
    EXPECT_THAT(heard({users[0],
                       users[1],
                       {"Identity", "\"abc\""},
                       {"Identity-Info", "<https://example.com/cert>;alg=rsa-sha1"}}),
                Not(HasSubstr("Identity")));
}

TEST_F(Edge, ASignatureDoesNotTellWhatPrivacyHides) {
    for (const char* kind : {"id", "user"}) {
        EXPECT_THAT(heard(with(numbers, {{"Privacy", kind}})), Not(HasSubstr(signature))) << kind;
    }
}

class PassedOn : public Edge {
protected:
    PassedOn() : Edge(west_is_trusted({"identity pass"})) {}
};
TEST_F(PassedOn, ASignatureThatWillNotVerify) {
    EXPECT_THAT(heard({users[0], {"To", "<sip:edwin@192.0.2.4>"}, users[2]}),
                HasSubstr("Identity: " + signature));
    EXPECT_THAT(heard(with(numbers, {{"Privacy", "id"}})), Not(HasSubstr(signature)));
}

class Dropped : public Edge {
protected:
    Dropped() : Edge(west_is_trusted({"identity drop"})) {}
};
TEST_F(Dropped, ASignature) {
    EXPECT_THAT(heard(numbers), Not(HasSubstr(signature)));
}

// ---- phones ------------------------------------------------------------------------------------

class OfPhones : public SmallLab {
protected:
    explicit OfPhones(const std::string& configuration = std::string(small_lab))
        : SmallLab(configuration) {}
    void SetUp() override { register_phones(); }
    // What `callee` hears of alice's INVITE.
    std::string heard_by(Phone& callee, const std::string& uri, Fields fields) {
        const std::size_t before = callee.count("INVITE");
        fields.emplace_back("Contact", alice.contact());
        alice.send("INVITE", uri, fields, alice.offer);
        net.run_for(1s);
        EXPECT_EQ(callee.count("INVITE"), before + 1) << text_of(alice.last_response("INVITE"));
        border.sbc().end_all("test");
        net.run_for(40s);
        return text_of(callee.last_request("INVITE"));
    }
};

constexpr const char* asserted = "P-Asserted-Identity: <sip:alice@example.com>\r\n";
constexpr const char* switch_uri = "sip:9001@switch.example.com";
constexpr const char* anonymous_from = "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=a1";

// RFC 3325 §5: what it has proven is asserted, and nothing that it says.
TEST_F(OfPhones, WhatIsProvenIsAssertedWithinTheTrustDomain) {
    EXPECT_THAT(heard_by(softswitch, switch_uri, {}), HasSubstr(asserted));
    EXPECT_THAT(heard_by(softswitch, switch_uri,
                         {{"P-Asserted-Identity", "\"President\" <sip:alice@example.com>"},
                          {"P-Preferred-Identity", "<sip:president@example.org>"}}),
                AllOf(HasSubstr(asserted), Not(HasSubstr("resident"))));
    // Another phone has its word from From.
    EXPECT_THAT(
        heard_by(bob, "sip:bob@example.com", {}),
        AllOf(HasSubstr("From: <sip:alice@example.com>"), Not(HasSubstr("P-Asserted-Identity"))));
}

TEST_F(OfPhones, WithinDialogsToo) {
    alice.invite(switch_uri);
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !softswitch.acks().empty(); }));
    EXPECT_THAT(text_of(softswitch.acks().front()), Not(HasSubstr("P-Asserted-Identity")));
    for (const auto method : {sip::Method::Invite, sip::Method::Update, sip::Method::Info}) {
        alice.in_dialog(method);
        net.run_for(1s);
        EXPECT_THAT(text_of(softswitch.last_request(sip::to_string(method))), HasSubstr(asserted));
    }
    alice.bye();
    net.run_for(1s);
    EXPECT_THAT(text_of(softswitch.last_request("BYE")), HasSubstr(asserted));
}

TEST_F(OfPhones, AndInTheirAnswers) {
    alice.on_invite = Phone::OnInvite::Ignore;
    softswitch.invite("sip:alice@example.com");
    ASSERT_TRUE(run_until([&] { return alice.count("INVITE") == 1; }));
    alice.say(180, "t", {{"Contact", alice.contact()}});
    alice.say(200, "t", {{"Contact", alice.contact()}}, alice.offer);
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call(); }));
    EXPECT_THAT(softswitch.statuses("INVITE"), ElementsAre(100, 180, 200));
    for (const auto& response : softswitch.responses()) {
        if (response->status() > 100) {
            EXPECT_THAT(text_of(response), HasSubstr(asserted)) << response->status();
        }
    }
    softswitch.in_dialog(sip::Method::Info);
    net.run_for(1s);
    EXPECT_THAT(text_of(softswitch.last_response("INFO")), HasSubstr(asserted));
    softswitch.bye();
    net.run_for(1s);
}

// RFC 3325 §7: a phone belongs to whoever uses it.
TEST_F(OfPhones, APhoneIsNotToldWhoDoesNotWantToBeKnown) {
    const Fields fields{{"Contact", softswitch.contact()},
                        {"Privacy", "id"},
                        {"From", anonymous_from},
                        {"P-Asserted-Identity", "<sip:9001@switch.example.com>"},
                        {"P-Charge-Info", "<sip:9001@switch.example.com>"},
                        {"Remote-Party-ID", "<sip:9001@switch.example.com>;party=calling"}};
    softswitch.send("INVITE", "sip:alice@example.com", fields, softswitch.offer);
    net.run_for(1s);
    ASSERT_EQ(alice.count("INVITE"), 1U);
    EXPECT_THAT(text_of(alice.last_request("INVITE")),
                AllOf(Not(HasSubstr("9001")), HasSubstr("Privacy: id\r\n")));
    border.sbc().end_all("test");
}

// "its From ... must be an address-of-record of that registration, else 403".
TEST_F(OfPhones, AnAnonymousFromIs403) {
    alice.send("INVITE", switch_uri,
               {{"From", anonymous_from}, {"Contact", alice.contact()}, {"Privacy", "id"}});
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(403));
    EXPECT_EQ(sent_to(softswitch), 0U);
}

class AnonymousPhones : public OfPhones {
protected:
    AnonymousPhones() : OfPhones(configured(small_lab, "phones", {"anonymous-callers allow"})) {}
};

TEST_F(AnonymousPhones, AreKnownInsideAndNotToPhones) {
    const Fields fields{{"From", anonymous_from}, {"Privacy", "id"}};
    EXPECT_THAT(heard_by(softswitch, switch_uri, fields),
                AllOf(HasSubstr("From: \"Anonymous\" <sip:anonymous@anonymous.invalid>"),
                      HasSubstr(asserted), HasSubstr("Privacy: id")));
    EXPECT_THAT(heard_by(bob, "sip:bob@example.com", fields), Not(HasSubstr("alice")));
}

// Who it is, its password says where no connection does.
TEST_F(AnonymousPhones, ProveThemselvesByDigest) {
    alice.reconnect();
    EXPECT_THAT(heard_by(softswitch, switch_uri, {{"From", anonymous_from}}), HasSubstr(asserted));
    EXPECT_EQ(alice.statuses("INVITE").front(), 401);
}

TEST_F(AnonymousPhones, AreNobodyElse) {
    for (const char* from : {"<sip:anonymous@example.org>;tag=1", "<sip:bob@example.com>;tag=1",
                             "<sip:bob@anonymous.invalid>;tag=1"}) {
        alice.send("INVITE", switch_uri, {{"From", from}, {"Contact", alice.contact()}});
        net.run_for(1s);
        EXPECT_EQ(alice.statuses("INVITE").back(), 403) << from;
    }
    alice.send("INVITE", switch_uri,
               {{"From", anonymous_from},
                {"Contact", alice.contact()},
                {"P-Asserted-Identity", "<sip:bob@example.com>"}});
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 403);
    EXPECT_EQ(sent_to(softswitch), 0U);
}

}  // namespace
}  // namespace ringwall::test
