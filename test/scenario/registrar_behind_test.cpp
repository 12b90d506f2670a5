// Phones that register at a registrar behind the border controller (`registration target`).
#include "scenario/border.h"
#include "scenario/registrar.h"
#include "sip/header/contact.h"

namespace ringwall::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// TLS phones and UDP phones of one domain; their registrar is the softswitch, or over TLS the
// provider.
const std::string with_registrar = R"(
sbc mysbc
 sbe
  tls certificate border.pem
  tls private-key border.key
  tls trust-anchors anchors.pem
  subscriber alice@example.com
   password not-what-the-registrar-knows
  adjacency sip phones
   security trusted-encrypted
   sip-calls-in insecure
   sip-calls-out any
   inherit profile preset-access
   domain example.com
   signaling-address ipv4 192.0.2.1
   registration target adjacency softswitch
   attach
  adjacency sip desks
   security untrusted
   inherit profile preset-access
   domain example.com
   signaling-address ipv4 192.0.2.6
   registration target adjacency softswitch
   attach
  adjacency sip softswitch
   security trusted-unencrypted
   signaling-address ipv4 192.0.2.2
   remote-address ipv4 192.0.2.20 255.255.255.255
   signaling-peer 192.0.2.20
   preferred-transport tcp
   attach
  adjacency sip outside
   security untrusted
   signaling-address ipv4 192.0.2.3
   remote-address ipv4 192.0.2.30 255.255.255.255
   signaling-peer 192.0.2.30
   attach
)";

class BehindUs : public SmallLab {
protected:
    explicit BehindUs(const std::string& configuration = with_registrar,
                      const std::string& domain_of_dave = "example.com")
        : SmallLab(configuration),
          dave(net, ip("192.0.2.61"), sip::Transport::Udp, {ip("192.0.2.6"), 5060},
               {"dave", domain_of_dave, "rosebud"}, 105) {
        make_registrar(softswitch);
    }
    void make_registrar(Phone& server) {
        server.answered_by_test = [&](sip::transaction::ServerId id,
                                      const sip::MessagePtr& request) {
            return request->method() == sip::Method::Register && answer(server, id, *request);
        };
    }
    // As a registrar that knows every user's password, and grants what it is asked for.
    bool answer(Phone& server, sip::transaction::ServerId id, const sip::Message& request) {
        if (refusal != 0) {
            server.shard().respond(id, sip::reply(request, refusal, "t").build());
            return true;
        }
        if (request.header(sip::HeaderName::Authorization) == nullptr) {
            auto challenge = sip::reply(request, 401, "t");
            challenge.header(sip::HeaderName::WwwAuthenticate,
                             "Digest realm=\"switch\", nonce=\"abc\", algorithm=MD5");
            server.shard().respond(id, challenge.build());
            return true;
        }
        auto response = sip::reply(request, 200, "t");
        if (std::ranges::any_of(request.contacts().list,
                                [](const auto& each) { return each.expires != 0U; })) {
            response.copy(sip::HeaderName::Contact, request);
            response.header(sip::HeaderName::Contact, "<sip:elsewhere@198.51.100.9>;expires=9");
        }
        response.header(sip::HeaderName::AuthenticationInfo, "nextnonce=\"def\"");
        server.shard().respond(id, response.build());
        return true;
    }
    void register_phone(Phone& phone) {
        phone.register_now();
        ASSERT_TRUE(run_until([&] { return phone.is_registered(); }));
        net.run_for(1s);
    }
    // By which the registrar calls the phone that registered last.
    std::string address_behind() const { return address_behind(softswitch); }
    static std::string address_behind(const Phone& server) {
        const auto request = server.last_request("REGISTER");
        return std::string(request->contacts().list.front().address.uri.text);
    }
    std::size_t bindings() { return border.sbc().location().binding_count(); }
    std::size_t registers() const { return softswitch.count("REGISTER"); }
    static std::string contact_of(const sip::MessagePtr& response) {
        return std::string(response->header(sip::HeaderName::Contact)->value);
    }

    int refusal = 0;  // what the registrar answers instead
    Phone dave;
};

TEST_F(BehindUs, ARegisterGoesOnAndItsChallengeComesBack) {
    register_phone(alice);
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(401, 200));
    EXPECT_THAT(std::string(alice.responses().front()->bytes()), HasSubstr("realm=\"switch\""));
    ASSERT_EQ(registers(), 2U);
    const auto request = softswitch.last_request("REGISTER");
    const std::string bytes(request->bytes());
    EXPECT_EQ(request->request_uri_text(), "sip:example.com");
    EXPECT_THAT(bytes, AllOf(HasSubstr("username=\"alice\""), HasSubstr("expires=3600"),
                             HasSubstr("To: <sip:alice@example.com>")));
    EXPECT_THAT(bytes, Not(HasSubstr("192.0.2.11"))) << "nothing of where the phone is";
    EXPECT_THAT(address_behind(), HasSubstr("@192.0.2.2"));
    // The phone hears of its own contact alone, and of the next nonce.
    const auto answer = alice.last_response("REGISTER");
    EXPECT_EQ(answer->values(sip::HeaderName::Contact).size(), 1U);
    EXPECT_THAT(contact_of(answer), alice.contact() + ";expires=3568");
    EXPECT_NE(answer->header(sip::HeaderName::AuthenticationInfo), nullptr);
    EXPECT_EQ(bindings(), 1U);
    // A REGISTER is one dialogue of transactions there too.
    EXPECT_EQ(request->call_id(), softswitch.requests().front()->call_id());
}

TEST_F(BehindUs, ItsRefusalIsKeptAndItsFirstChallengeIsNone) {
    register_phone(alice);
    EXPECT_TRUE(border.refusals().empty());
    refusal = 403;
    alice.unregister();
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("REGISTER").back(), 403);
    const auto refused = border.refusals();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused[0].method, "REGISTER");
    EXPECT_EQ(refused[0].status, 403);
    EXPECT_EQ(refused[0].from_adjacency, "phones");
    EXPECT_EQ(refused[0].to_adjacency, "softswitch");
    ASSERT_EQ(refused[0].decisions.targets().size(), 1U);
    EXPECT_EQ(refused[0].decisions.targets()[0].event, sbc::policy::Event::RelayedRegistration);
    EXPECT_EQ(refused[0].decisions.targets()[0].finding, sbc::policy::Finding::Sent);
    EXPECT_EQ(border.sbc().counters().value("registrations", "403"), 1U);
    // What it says of itself is not ours to say.
    refusal = 503;
    alice.unregister();
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("REGISTER").back(), 500);
    EXPECT_EQ(border.refusals().size(), 2U);
}

TEST_F(BehindUs, WrongCredentialsAreKeptAndAnOldNonceIsNot) {
    std::string stale;
    softswitch.answered_by_test = [&](sip::transaction::ServerId id,
                                      const sip::MessagePtr& request) {
        auto challenge = sip::reply(*request, 401, "t");
        challenge.header(sip::HeaderName::WwwAuthenticate,
                         "Digest realm=\"switch\", nonce=\"abc\", algorithm=MD5" + stale);
        softswitch.shard().respond(id, challenge.build());
        return true;
    };
    stale = ", stale=true";
    alice.register_now();
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(401, 401));
    EXPECT_TRUE(border.refusals().empty());
    stale.clear();
    alice.register_now();
    net.run_for(1s);
    const auto refused = border.refusals();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused[0].status, 401);
    EXPECT_EQ(refused[0].reason, "wrong credentials, says the registrar");
    EXPECT_EQ(bindings(), 0U);
}

// Nobody is there to ask.
TEST_F(BehindUs, ARegistrarThatIsNotThereIsKept) {
    softswitch.node().leave();
    alice.register_now();
    net.run_for(40s);
    EXPECT_EQ(bindings(), 0U);
    const auto refused = border.refusals();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused[0].status, alice.statuses("REGISTER").back());
    EXPECT_EQ(refused[0].to_adjacency, "softswitch");
}

TEST_F(BehindUs, ExplainKnowsWhoIsRegisteredJustNow) {
    const auto explain = [&] {
        return border.worker(0).explain(
            {border.index_of("phones"), "alice@example.com", "sip:bob@example.com"});
    };
    EXPECT_EQ(explain().status, 403);
    register_phone(alice);
    const sbc::Explanation what = explain();
    EXPECT_EQ(what.end, sbc::Explanation::End::Called);
    ASSERT_EQ(what.attempts.size(), 1U);
    EXPECT_EQ(what.attempts[0].adjacency, border.index_of("softswitch"));
}

TEST_F(BehindUs, OverUdpThePhoneComesOftenAndTheRegistrarHearsOfItSeldom) {
    register_phone(dave);
    EXPECT_THAT(contact_of(dave.last_response("REGISTER")), dave.contact() + ";expires=30");
    ASSERT_EQ(registers(), 2U);
    const std::string address = address_behind();
    for (int i = 0; i < 71; ++i) {  // for half an hour
        dave.register_now();
        net.run_for(25s);
        EXPECT_EQ(bindings(), 1U);
    }
    EXPECT_EQ(registers(), 2U) << "all of it was answered here";
    EXPECT_EQ(dave.last_response("REGISTER")->status(), 200);
    for (int i = 0; i < 4; ++i) {
        dave.register_now();
        net.run_for(25s);
    }
    EXPECT_EQ(registers(), 4U) << "once more, with its challenge";
    EXPECT_EQ(bindings(), 1U);
    EXPECT_EQ(address_behind(), address) << "it is the same contact there";
    EXPECT_EQ(border.sbc().counters().value("relayed_registrations", "kept-alive"), 74U);
    // Whoever keeps silent is gone here long before it is gone there.
    net.run_for(31s);
    EXPECT_EQ(bindings(), 0U);
}

TEST_F(BehindUs, OnlyASignOfLifeIsAnsweredHere) {
    register_phone(dave);
    const auto asks = [&](const Phone::Fields& fields) {
        const std::size_t before = registers();
        dave.send("REGISTER", "sip:example.com", fields);
        net.run_for(1s);
        return registers() > before;
    };
    const std::string call_id(dave.last_response("REGISTER")->call_id());
    const Phone::Fields same{{"Call-ID", call_id}, {"Contact", dave.contact()}};
    EXPECT_FALSE(asks(same));
    // From elsewhere, as whoever heard of it might.
    Phone eve(net, ip("192.0.2.62"), sip::Transport::Udp, {ip("192.0.2.6"), 5060},
              {"dave", "example.com", "?"}, 106);
    const std::size_t before = registers();
    eve.send("REGISTER", "sip:example.com",
             {{"Call-ID", call_id}, {"CSeq", "99 REGISTER"}, {"Contact", dave.contact()}});
    net.run_for(1s);
    EXPECT_GT(registers(), before);
    EXPECT_TRUE(asks({{"Contact", dave.contact()}})) << "another Call-ID: it began anew";
    EXPECT_TRUE(asks({{"Call-ID", call_id}, {"Contact", "<sip:dave@192.0.2.61:7070>"}}));
    EXPECT_TRUE(asks({{"Call-ID", call_id}})) << "what is bound is the registrar's to say";
}

TEST_F(BehindUs, TheRegistrarCallsThePhoneOverItsConnection) {
    register_phone(alice);
    softswitch.invite(address_behind());
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call() && !alice.acks().empty(); }));
    const auto invite = alice.last_request("INVITE");
    EXPECT_EQ(invite->request_uri_text(), "sip:alice@192.0.2.11:5060;transport=tls");
    softswitch.bye();
    net.run_for(1s);
    EXPECT_EQ(alice.count("BYE"), 1U);
}

TEST_F(BehindUs, SoDoesItsMessage) {
    register_phone(dave);
    softswitch.send("MESSAGE", address_behind(), {{"Content-Type", "text/plain"}}, "hello");
    net.run_for(1s);
    EXPECT_EQ(dave.count("MESSAGE"), 1U);
}

TEST_F(BehindUs, APhoneCallsByItsRegistrar) {
    register_phone(alice);
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call(); }));
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 200)) << "it is known by its connection";
    EXPECT_EQ(softswitch.last_request("INVITE")->request_uri_text(), "sip:bob@example.com");
    alice.bye();
    net.run_for(1s);
}

// It has no password here that it could be asked for, and a challenge of another is not passed.
TEST_F(BehindUs, WhoHasNoRegistrationOnItsConnectionCallsNobody) {
    alice.invite("sip:bob@example.com");
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(403));
    register_phone(dave);
    const std::size_t before = sent_to(softswitch);
    dave.invite("sip:bob@example.com");
    net.run_for(1s);
    EXPECT_THAT(dave.statuses("INVITE"), ElementsAre(403)) << "a UDP socket is no connection";
    register_phone(bob);
    const std::size_t with_bob = sent_to(softswitch);
    bob.send("MESSAGE", "sip:carol@example.com", {{"From", "<sip:alice@example.com>;tag=1"}});
    net.run_for(1s);
    EXPECT_THAT(bob.statuses("MESSAGE"), ElementsAre(403)) << "another's name";
    EXPECT_GT(with_bob, before);
    EXPECT_EQ(sent_to(softswitch), with_bob) << "nothing was sent";
    bob.send("MESSAGE", "sip:carol@example.com", {});
    net.run_for(1s);
    EXPECT_GT(sent_to(softswitch), with_bob) << "its own passes";
}

TEST_F(BehindUs, UnregisteringPassesAndTakesTheBindingAway) {
    register_phone(alice);
    alice.unregister();
    net.run_for(1s);
    EXPECT_THAT(std::string(softswitch.last_request("REGISTER")->bytes()), HasSubstr("expires=0"));
    EXPECT_EQ(bindings(), 0U);
    register_phone(bob);
    bob.send("REGISTER", "sip:example.com", {{"Contact", "*"}, {"Expires", "0"}});
    net.run_for(1s);
    EXPECT_TRUE(softswitch.last_request("REGISTER")->contacts().is_star);
    EXPECT_EQ(bindings(), 0U);
}

TEST_F(BehindUs, ARefusalTakesTheBindingAwayFromWhoHadIt) {
    register_phone(alice);
    refusal = 403;
    // Whoever does not know her password does not end her registration.
    Phone eve(net, ip("192.0.2.13"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
              {"alice", "example.com", "looking-glass"});
    eve.register_now();
    net.run_for(1s);
    EXPECT_THAT(eve.statuses("REGISTER"), ElementsAre(403));
    EXPECT_EQ(bindings(), 1U);

    net.run_for(2000s);
    alice.register_now();
    net.run_for(1s);
    EXPECT_EQ(alice.last_response("REGISTER")->status(), 403);
    EXPECT_EQ(bindings(), 0U);
}

TEST_F(BehindUs, WhenItsConnectionIsGoneTheRegistrarHearsSo) {
    register_phone(alice);
    const std::string address = address_behind();
    alice.node().cut();
    net.run_for(1s);
    EXPECT_EQ(bindings(), 0U);
    const std::size_t before = sent_to(alice);
    softswitch.invite(address);
    net.run_for(1s);
    EXPECT_THAT(softswitch.statuses("INVITE"), ElementsAre(100, 430)) << "RFC 5626 §5.3.1";
    softswitch.send("MESSAGE", address, {});
    net.run_for(1s);
    EXPECT_THAT(softswitch.statuses("MESSAGE"), ElementsAre(430));
    EXPECT_EQ(sent_to(alice), before);
}

TEST_F(BehindUs, ItMayCallByTheAddressOfRecordToo) {
    softswitch.invite("sip:alice@example.com");
    net.run_for(1s);
    EXPECT_THAT(softswitch.statuses("INVITE"), ElementsAre(100, 480)) << "who exists, it knows";
    register_phone(alice);
    softswitch.invite("sip:alice@example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call(); }, 5s));
    softswitch.bye();
    net.run_for(1s);
}

TEST_F(BehindUs, NobodyButTheRegistrarCallsByThatAddress) {
    register_phone(alice);
    std::string address = address_behind();
    const std::size_t before = sent_to(alice);
    outside.invite(address.substr(0, address.find('@')) + "@192.0.2.3");
    bob.invite(address);
    net.run_for(1s);
    EXPECT_THAT(outside.statuses("INVITE"), ElementsAre(404));
    EXPECT_EQ(sent_to(alice), before);
    softswitch.send("MESSAGE", address, {});
    net.run_for(1s);
    EXPECT_GT(sent_to(alice), before);
}

TEST_F(BehindUs, WhatItGrantedGoesWhenAnotherIsTheRegistrar) {
    register_phone(alice);
    std::string ours = with_registrar;
    for (std::size_t at = 0; (at = ours.find("   registration target")) != std::string::npos;) {
        ours.erase(at, ours.find('\n', at) + 1 - at);
    }
    border.publish(ours);
    net.run_for(1s);
    EXPECT_EQ(bindings(), 0U);
    const std::size_t before = registers();
    alice.register_now();
    net.run_for(1s);
    EXPECT_EQ(registers(), before);
    EXPECT_THAT(std::string(alice.last_response("REGISTER")->bytes()),
                HasSubstr("realm=\"example.com\""))
        << "its own question";
}

TEST_F(BehindUs, WhatItGrantedGoesWhenItIsElsewhere) {
    register_phone(alice);
    border.publish(configured(with_registrar, "softswitch", {"signaling-peer-port 5070"}));
    net.run_for(1s);
    EXPECT_EQ(bindings(), 0U);
}

struct TwoRegistrars : BehindUs {
    static std::string of_two_domains() {
        std::string out =
            configured(with_registrar, "desks", {"registration target adjacency outside"});
        const std::string domain = "domain example.com";
        out.replace(out.find(domain, out.find("adjacency sip desks")), domain.size(),
                    "domain desks.example");
        return out;
    }
    TwoRegistrars() : BehindUs(of_two_domains(), "desks.example") { make_registrar(outside); }
};
TEST_F(TwoRegistrars, CallTheirOwnPhonesAlone) {
    register_phone(alice);
    register_phone(dave);
    const std::string hers = address_behind(softswitch);
    const std::string his = address_behind(outside);
    const std::size_t before = sent_to(alice);
    outside.invite(hers.substr(0, hers.find('@')) + his.substr(his.find('@')));
    net.run_for(1s);
    EXPECT_THAT(outside.statuses("INVITE"), ElementsAre(100, 480));
    EXPECT_EQ(sent_to(alice), before);
    // Nor one that might call him by its security.
    const std::size_t before_him = sent_to(dave);
    softswitch.invite(his.substr(0, his.find('@')) + hers.substr(hers.find('@')));
    net.run_for(1s);
    EXPECT_THAT(softswitch.statuses("INVITE"), ElementsAre(100, 430));
    EXPECT_EQ(sent_to(dave), before_him);
    outside.invite(his);
    ASSERT_TRUE(run_until([&] { return outside.is_in_call(); }, 5s));
    outside.bye();
    net.run_for(1s);
    softswitch.send("MESSAGE", hers, {});
    net.run_for(1s);
    EXPECT_GT(sent_to(alice), before);
}

TEST_F(BehindUs, WithoutAnAnswerThereIsNone) {
    softswitch.node().cut();
    softswitch.answered_by_test = [](sip::transaction::ServerId, const sip::MessagePtr&) {
        return true;
    };
    alice.register_now();
    net.run_for(40s);
    EXPECT_EQ(bindings(), 0U);
    EXPECT_FALSE(alice.is_registered());
}

// ---- what a phone asks of who calls it ----------------------------------------------------------

class ChallengesBehind : public BehindUs {
protected:
    explicit ChallengesBehind(const std::string& configuration = with_registrar)
        : BehindUs(configuration) {
        alice.answered_by_test = [this](sip::transaction::ServerId id,
                                        const sip::MessagePtr& request) {
            if (request->header(sip::HeaderName::Authorization) != nullptr) {
                return false;
            }
            auto challenge = sip::reply(*request, 401, "t");
            challenge.header(sip::HeaderName::WwwAuthenticate,
                             "Digest realm=\"example.com\", nonce=\"n\", algorithm=MD5");
            alice.shard().respond(id, challenge.build());
            return true;
        };
    }
    void notify() {
        softswitch.send("NOTIFY", address_behind(),
                        {{"Event", "message-summary"},
                         {"Subscription-State", "active"},
                         {"Contact", softswitch.contact()}});
        net.run_for(1s);
    }
};

TEST_F(ChallengesBehind, TheCallerHears480AndNotThat) {
    register_phone(alice);
    softswitch.invite(address_behind());
    net.run_for(1s);
    EXPECT_THAT(softswitch.statuses("INVITE"), ElementsAre(100, 480));
    EXPECT_EQ(softswitch.last_response("INVITE")->header(sip::HeaderName::WwwAuthenticate),
              nullptr);
    notify();
    EXPECT_THAT(softswitch.statuses("NOTIFY"), ElementsAre(480));
    // Nor is it answered with what we know of a subscriber of that name.
    EXPECT_EQ(alice.count("INVITE"), 1U);
    EXPECT_EQ(alice.count("NOTIFY"), 1U);
}

struct ChallengesPass : ChallengesBehind {
    ChallengesPass()
        : ChallengesBehind(configured(with_registrar, "phones", {"registration challenges pass"})) {
    }
};
TEST_F(ChallengesPass, WhereThatIsWantedTheRegistrarIsAskedAndAnswers) {
    register_phone(alice);
    softswitch.invite(address_behind());
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call(); }, 5s));
    EXPECT_THAT(softswitch.statuses("INVITE"), ElementsAre(100, 401, 100, 200));
    EXPECT_THAT(std::string(alice.last_request("INVITE")->bytes()),
                HasSubstr("Authorization: Digest username=\"switch\", realm=\"example.com\""));
    softswitch.bye();
    net.run_for(1s);
    notify();
    EXPECT_THAT(softswitch.statuses("NOTIFY"), ElementsAre(401, 200));
    // What others say to prove themselves does not go to her, and hers does not go to them.
    EXPECT_EQ(border.sbc().counters().value("challenges", "answered"), 0U);
}

// ---- SIPS ---------------------------------------------------------------------------------------

class SipsBehind : public BehindUs {
protected:
    explicit SipsBehind(const std::vector<std::string>& softswitch_lines = {})
        : BehindUs(configured(with_registrar, "softswitch", softswitch_lines)) {}
    void register_sips(Phone& phone) {
        phone.set_scheme("sips");
        phone.register_now();
        net.run_for(2s);
    }
    std::string answer_to(Phone& phone) {
        return std::string(phone.last_response("REGISTER")->bytes());
    }
};

TEST_F(SipsBehind, OverATrustedLinkTheAddressOfRecordStaysSips) {
    register_sips(alice);
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(401, 200));
    const auto request = softswitch.last_request("REGISTER");
    EXPECT_EQ(request->request_uri_text(), "sips:example.com");
    EXPECT_THAT(address_behind(), HasSubstr("sips:rw-"));
    softswitch.set_scheme("sips");
    softswitch.invite(address_behind());
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call(); }));
    EXPECT_THAT(std::string(alice.last_request("INVITE")->request_uri_text()),
                HasSubstr("sips:alice@"));
    softswitch.bye();
    net.run_for(1s);
}

TEST_F(SipsBehind, ItNeedsASipsContact) {
    alice.contact_scheme = "sip";
    register_sips(alice);
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(400));
    EXPECT_EQ(registers(), 0U);
}

TEST_F(SipsBehind, OfAnUntrustedPhoneItIsRefused) {
    register_sips(dave);
    EXPECT_THAT(dave.statuses("REGISTER"), ElementsAre(403));
    EXPECT_EQ(registers(), 0U);
}

struct ToSipBehind : SipsBehind {
    ToSipBehind() : SipsBehind({"sips-conversion to-sip"}) {}
};
TEST_F(ToSipBehind, ASipsRegistrationNeverReachesARegistrarOfSip) {
    const std::size_t before = sent_to(softswitch);
    register_sips(alice);
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(480));
    EXPECT_THAT(answer_to(alice), HasSubstr("380"));
    EXPECT_EQ(sent_to(softswitch), before);
    register_phone(bob);  // whose address-of-record is sip
    EXPECT_GT(sent_to(softswitch), before);
}

struct UntrustedBehind : SipsBehind {
    UntrustedBehind() : SipsBehind({"security untrusted"}) {}
};
TEST_F(UntrustedBehind, NorOneThatIsNotTrusted) {
    const std::size_t before = sent_to(softswitch);
    register_sips(alice);
    EXPECT_THAT(alice.statuses("REGISTER"), ElementsAre(480));
    EXPECT_THAT(answer_to(alice), HasSubstr("380"));
    EXPECT_EQ(sent_to(softswitch), before);
    register_phone(bob);
    EXPECT_GT(sent_to(softswitch), before);
}

}  // namespace
}  // namespace ringwall::test
