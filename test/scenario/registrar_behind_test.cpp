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
    EXPECT_EQ(alice.last_response("INVITE")->reason(), "Register Over This Connection First");
    register_phone(dave);
    const std::size_t before = sent_to(softswitch);
    dave.invite("sip:bob@example.com");
    net.run_for(1s);
    EXPECT_THAT(dave.statuses("INVITE"), ElementsAre(403)) << "a UDP socket is no connection";
    EXPECT_EQ(dave.last_response("INVITE")->reason(), "Calls Need TCP Or TLS Here");
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

// Its REGISTER is not remembered for ever: it was once, and whoever came and went cost memory.
TEST_F(BehindUs, WhoIsGoneBeforeTheRegistrarAnswersIsForgotten) {
    std::optional<std::pair<sip::transaction::ServerId, sip::MessagePtr>> held;
    softswitch.answered_by_test = [&](sip::transaction::ServerId id,
                                      const sip::MessagePtr& request) {
        if (request->header(sip::HeaderName::Authorization) != nullptr) {
            held.emplace(id, request);
            return true;
        }
        return answer(softswitch, id, *request);
    };
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return held.has_value(); }));
    alice.node().cut();
    answer(softswitch, held->first, *held->second);
    net.run_for(100s);
    EXPECT_EQ(bindings(), 0U);
    EXPECT_EQ(border.sbc().counters().value("relayed_registrations", "connection-gone"), 1U);
    EXPECT_EQ(border.sbc().shard().transactions().server_count(), 0U);
}

// RFC 3261 §10.3 step 7, also of what is not bound any more.
TEST_F(BehindUs, ALateYesDoesNotBindWhatANewerRequestHasTakenAway) {
    std::optional<std::pair<sip::transaction::ServerId, sip::MessagePtr>> held;
    softswitch.answered_by_test = [&](sip::transaction::ServerId id,
                                      const sip::MessagePtr& request) {
        if (request->method() == sip::Method::Register && request->cseq().number == 11) {
            held.emplace(id, request);
            return true;
        }
        return accept_register(softswitch, id, request);
    };
    const auto ask = [&](const std::string& cseq, const std::string& expires) {
        dave.send("REGISTER", "sip:example.com",
                  {{"Call-ID", "one-order"},
                   {"CSeq", cseq + " REGISTER"},
                   {"Contact", dave.contact() + ";expires=" + expires}});
        net.run_for(1s);
    };
    ask("11", "3600");
    ask("12", "0");
    ASSERT_TRUE(held);
    EXPECT_THAT(dave.statuses("REGISTER"), ElementsAre(200));
    accept_register(softswitch, held->first, held->second);
    net.run_for(1s);
    EXPECT_EQ(bindings(), 0U);
    EXPECT_THAT(dave.statuses("REGISTER"), ElementsAre(200, 500));
    const std::size_t before = sent_to(dave);
    softswitch.invite(address_behind());
    net.run_for(1s);
    EXPECT_EQ(sent_to(dave), before) << "nor is it called";
    ask("13", "3600");
    EXPECT_EQ(bindings(), 1U);
}

// Nobody has proven anything yet who has one under way.
TEST_F(BehindUs, ASourceHasSoManyUnderWayAndOthersGoOn) {
    constexpr std::size_t most = 1000;
    softswitch.answered_by_test = [](sip::transaction::ServerId, const sip::MessagePtr& request) {
        return request->method() == sip::Method::Register;
    };
    for (std::size_t i = 0; i < most + 5; ++i) {
        alice.send("REGISTER", "sip:example.com",
                   {{"Call-ID", "c" + std::to_string(i)}, {"Contact", alice.contact()}});
    }
    net.run_for(100ms);
    EXPECT_EQ(registers(), most) << "nothing of the others was sent on";
    ASSERT_THAT(alice.statuses("REGISTER"), ElementsAre(503, 503, 503, 503, 503));
    ASSERT_NE(alice.last_response("REGISTER")->header(sip::HeaderName::RetryAfter), nullptr);
    EXPECT_EQ(border.sbc().counters().value("relayed_registrations", "too-many-of-source"), 5U);
    // Others are not kept from it.
    make_registrar(softswitch);
    register_phone(bob);
    register_phone(dave);
    // Nor the source, once they are over.
    net.run_for(40s);
    register_phone(alice);
}

TEST_F(BehindUs, AnAnswerThatCannotBeReadGrantsNothing) {
    const auto answers = [&](const std::string& contact_of_token) {
        softswitch.answered_by_test = [this, contact_of_token](sip::transaction::ServerId id,
                                                               const sip::MessagePtr& request) {
            if (request->method() != sip::Method::Register) {
                return false;
            }
            std::string value = contact_of_token;
            if (const auto at = value.find("TOKEN"); at != std::string::npos) {
                value.replace(at, 5, request->contacts().list.front().address.uri.user);
            }
            auto response = sip::reply(*request, 200, "t");
            response.header(sip::HeaderName::Contact, value);
            softswitch.shard().respond(id, response.build());
            return true;
        };
        alice.register_now();
        net.run_for(1s);
        return alice.last_response("REGISTER")->status();
    };
    for (const char* const value :
         {"*", "<sip:TOKEN@192.0.2.2", "<sip:TOKEN@192.0.2.2>;expires=-1",
          "<sip:TOKEN@192.0.2.2>;expires=4294967296", "<sip:TOKEN@192.0.2.2>;expires=soon"}) {
        EXPECT_EQ(answers(value), 502) << value;
        EXPECT_EQ(bindings(), 0U) << value;
    }
    EXPECT_EQ(border.sbc().counters().value("relayed_registrations", "unreadable"), 5U);
    EXPECT_EQ(answers("<sip:TOKEN@192.0.2.2>;expires=60"), 200);
    EXPECT_EQ(bindings(), 1U);
}

// What proves the phone to somebody else stays here.
TEST_F(BehindUs, OnlyWhatProvesThePhoneToThatRegistrarGoesThere) {
    register_phone(alice);
    const std::string to_others =
        R"(Digest username="alice", realm="elsewhere", nonce="n", uri="sip:x", response="0")";
    const std::string to_it =
        R"(Digest username="alice", realm="switch", nonce="n", uri="sip:x", response="1")";
    alice.send("REGISTER", "sip:example.com",
               {{"Contact", alice.contact()},
                {"Authorization", to_others},
                {"Authorization", to_it},
                {"Proxy-Authorization", to_others},
                {"Authorization", "Basic YWxpY2U6d29uZGVybGFuZA=="}});
    net.run_for(1s);
    const std::string bytes(softswitch.last_request("REGISTER")->bytes());
    EXPECT_THAT(bytes, AllOf(HasSubstr("realm=\"switch\""), Not(HasSubstr("elsewhere")),
                             Not(HasSubstr("Basic"))));
}

// A phone over a connection is told a long time, but may be told one that is shorter than the
// registrar's: that one is asked by its own clock.
struct ShortHere : BehindUs {
    ShortHere()
        : BehindUs(configured(
              with_registrar, "phones",
              {"registration incoming timer 300", "registration outgoing timer 3600"})) {}
};
TEST_F(ShortHere, OverTlsTooTheRegistrarIsAskedByItsOwnClock) {
    register_phone(alice);
    EXPECT_THAT(contact_of(alice.last_response("REGISTER")), alice.contact() + ";expires=300");
    ASSERT_EQ(registers(), 2U);
    for (int i = 0; i < 7; ++i) {
        net.run_for(250s);
        alice.register_now();
        net.run_for(1s);
        EXPECT_THAT(contact_of(alice.last_response("REGISTER")), alice.contact() + ";expires=300");
    }
    EXPECT_EQ(registers(), 2U) << "all of it was answered here";
    net.run_for(250s);
    alice.register_now();
    net.run_for(1s);
    EXPECT_EQ(registers(), 4U) << "half of its hour is over";
    net.run_for(250s);
    alice.register_now();
    net.run_for(1s);
    EXPECT_EQ(registers(), 4U) << "it has another";
}

// ---- who exists ---------------------------------------------------------------------------------

class StrangersBehind : public BehindUs {
protected:
    StrangersBehind() { softswitch.on_invite = Phone::OnInvite::Ignore; }
    // What the caller hears last when the registrar answers so.
    std::string hears(Phone& caller, int status) {
        caller.invite("sip:somebody@example.com");
        net.run_for(500ms);
        softswitch.say(status, "t", {{"X-Why", "it knows"}, {"Retry-After", "9"}});
        net.run_for(1s);
        const std::string bytes(caller.last_response("INVITE")->bytes());
        EXPECT_EQ(bytes.find("X-Why") != std::string::npos,
                  bytes.find("Retry-After") != std::string::npos);
        return bytes.substr(0, bytes.find("\r\n")) +
               (bytes.find("X-Why") != std::string::npos ? " and why" : "");
    }
    static constexpr const char* nobody = "SIP/2.0 480 Temporarily Unavailable";
};

TEST_F(StrangersBehind, HearTheSameOfKnownAndUnknownUsers) {
    for (const int status :
         {302, 401, 403, 404, 410, 480, 484, 485, 486, 488, 500, 503, 600, 603, 604, 606}) {
        const std::size_t before = softswitch.count("INVITE");
        EXPECT_EQ(hears(outside, status), nobody) << status;
        EXPECT_EQ(softswitch.count("INVITE"), before + 1) << status;
    }
}

TEST_F(StrangersBehind, SoItIsWithRequestsOutsideOfCalls) {
    softswitch.in_dialog_status = 0;
    for (const int status : {404, 480, 489, 604}) {
        outside.send("MESSAGE", "sip:somebody@example.com", {{"Content-Type", "text/plain"}}, "x");
        net.run_for(500ms);
        softswitch.respond(status, "t", {{"X-Why", "it knows"}});
        net.run_for(1s);
        const std::string bytes(outside.last_response("MESSAGE")->bytes());
        EXPECT_EQ(bytes.substr(0, bytes.find("\r\n")), nobody) << status;
        EXPECT_THAT(bytes, Not(HasSubstr("X-Why")));
    }
}

// Who rings is there: what it says then, it may hear.
TEST_F(StrangersBehind, AfterItRangWhatTheUserSaysPasses) {
    for (const auto& [status, heard] :
         std::initializer_list<std::pair<int, std::string>>{{486, "SIP/2.0 486 Busy Here and why"},
                                                            {603, "SIP/2.0 603 Decline and why"},
                                                            {404, nobody}}) {
        outside.invite("sip:somebody@example.com");
        net.run_for(500ms);
        softswitch.ring();
        net.run_for(500ms);
        softswitch.say(status, "t", {{"X-Why", "it knows"}});
        net.run_for(1s);
        const std::string bytes(outside.last_response("INVITE")->bytes());
        EXPECT_THAT(bytes, HasSubstr(heard.substr(0, heard.find(" and")))) << status;
    }
    EXPECT_THAT(outside.statuses("INVITE"),
                ElementsAre(100, 180, 486, 100, 180, 603, 100, 180, 480));
}

TEST_F(StrangersBehind, WhoIsTrustedHearsWhy) {
    register_phone(alice);
    EXPECT_EQ(hears(alice, 404), "SIP/2.0 404 Not Found and why");
    EXPECT_EQ(hears(alice, 604), "SIP/2.0 604 Does Not Exist Anywhere and why");
}

// It has proven to that registrar who it is.
TEST_F(StrangersBehind, ItsOwnPhoneHearsThatSomebodyIsBusy) {
    Phone erin(net, ip("192.0.2.62"), sip::Transport::Tcp, {ip("192.0.2.6"), 5060},
               {"erin", "example.com", "?"}, 106);
    register_phone(erin);
    EXPECT_EQ(hears(erin, 486), "SIP/2.0 486 Busy Here and why");
    EXPECT_EQ(hears(erin, 404), nobody);
    EXPECT_EQ(hears(erin, 480), nobody);
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

std::string digest(const std::string& realm, const std::string& nonce) {
    return "Digest username=\"switch\", realm=\"" + realm + "\", nonce=\"" + nonce +
           R"(", uri="sip:x", response="0123456789abcdef0123456789abcdef")";
}
std::size_t credentials_in(const sip::MessagePtr& request) {
    return request->count(sip::HeaderName::Authorization) +
           request->count(sip::HeaderName::ProxyAuthorization);
}

// Only what the very phone has asked for, and of that registrar.
TEST_F(ChallengesPass, NothingElseThatProvesTheRegistrarReachesThePhone) {
    register_phone(bob);
    const std::string to_bob = address_behind();
    register_phone(alice);
    softswitch.invite_fields = {{"Authorization", digest("example.com", "n")},
                                {"Authorization", digest("example.com", "other")},
                                {"Authorization", digest("other", "n")},
                                {"Authorization", "Basic c3dpdGNoOnNlY3JldA=="},
                                {"Proxy-Authorization", digest("example.com", "n")},
                                {"Proxy-Authorization", digest("provider", "x")}};
    // It has asked for nothing yet.
    softswitch.send("MESSAGE", to_bob, softswitch.invite_fields);
    net.run_for(1s);
    ASSERT_EQ(bob.count("MESSAGE"), 1U);
    EXPECT_EQ(credentials_in(bob.last_request("MESSAGE")), 0U);
    softswitch.invite(address_behind());
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call(); }, 5s));
    ASSERT_EQ(alice.count("INVITE"), 2U);
    EXPECT_EQ(credentials_in(alice.requests()[0]), 0U);
    const auto invite = alice.last_request("INVITE");
    EXPECT_EQ(invite->count(sip::HeaderName::ProxyAuthorization), 0U) << "she sent a 401";
    EXPECT_EQ(invite->count(sip::HeaderName::Authorization), 2U) << "the test's, and the answer";
    for (const std::string_view each : {"nonce=\"other\"", "realm=\"other\"", "Basic"}) {
        EXPECT_EQ(invite->bytes().find(each), std::string_view::npos) << each;
    }
    softswitch.bye();
    net.run_for(1s);
    // What she has asked for is nothing to him.
    softswitch.send("MESSAGE", to_bob, softswitch.invite_fields);
    net.run_for(1s);
    EXPECT_EQ(credentials_in(bob.last_request("MESSAGE")), 0U);
}

TEST_F(ChallengesPass, AChallengeThatAsksForThePasswordItselfDoesNotPass) {
    register_phone(alice);
    alice.answered_by_test = [this](sip::transaction::ServerId id, const sip::MessagePtr& request) {
        auto challenge = sip::reply(*request, 401, "t");
        challenge.header(sip::HeaderName::WwwAuthenticate, "Basic realm=\"example.com\"");
        alice.shard().respond(id, challenge.build());
        return true;
    };
    softswitch.invite(address_behind());
    net.run_for(1s);
    EXPECT_THAT(softswitch.statuses("INVITE"), ElementsAre(100, 480));
    notify();
    EXPECT_THAT(softswitch.statuses("NOTIFY"), ElementsAre(480));
}

// RFC 3261 §14: a refusal leaves the call as it is.
TEST_F(ChallengesPass, SoItIsWithinACall) {
    register_phone(alice);
    softswitch.invite(address_behind());
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call(); }, 5s));
    softswitch.dialog_fields = {{"Authorization", digest("example.com", "never asked for")}};
    softswitch.reinvite();
    net.run_for(1s);
    EXPECT_THAT(softswitch.statuses("INVITE"), ElementsAre(100, 401, 100, 200, 100, 401));
    EXPECT_EQ(credentials_in(alice.last_request("INVITE")), 0U);
    softswitch.dialog_fields = {{"Authorization", digest("example.com", "n")}};
    softswitch.reinvite();
    net.run_for(1s);
    EXPECT_EQ(softswitch.last_response("INVITE")->status(), 200);
    EXPECT_THAT(std::string(alice.last_request("INVITE")->bytes()),
                HasSubstr("nonce=\"n\", uri=\"sip:x\""));
    // RFC 3261 §22.1: an ACK cannot be challenged, and bears what its INVITE bore.
    EXPECT_EQ(credentials_in(alice.acks().back()), 1U);
    softswitch.dialog_fields.clear();
    softswitch.bye();
    net.run_for(1s);
    EXPECT_EQ(alice.count("BYE"), 1U);
}

TEST_F(ChallengesPass, AlsoWithinOneThatThePhoneMade) {
    register_phone(alice);
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call(); }));
    net.run_for(1s);
    softswitch.reinvite();
    net.run_for(1s);
    EXPECT_EQ(softswitch.last_response("INVITE")->status(), 401);
    softswitch.dialog_fields = {{"Authorization", digest("example.com", "n")}};
    softswitch.reinvite();
    net.run_for(1s);
    EXPECT_EQ(softswitch.last_response("INVITE")->status(), 200);
    EXPECT_EQ(credentials_in(alice.last_request("INVITE")), 1U);
    softswitch.dialog_fields.clear();
    alice.bye();
    net.run_for(1s);
}

TEST_F(ChallengesBehind, WithinACallTheRegistrarHears480AndTheCallGoesOn) {
    register_phone(alice);
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call(); }));
    net.run_for(1s);
    softswitch.dialog_fields = {{"Authorization", digest("example.com", "n")}};
    softswitch.reinvite();
    net.run_for(1s);
    const auto answer = softswitch.last_response("INVITE");
    EXPECT_EQ(answer->status(), 480);
    EXPECT_EQ(answer->header(sip::HeaderName::WwwAuthenticate), nullptr);
    EXPECT_EQ(credentials_in(alice.last_request("INVITE")), 0U);
    EXPECT_EQ(alice.count("BYE"), 0U);
    softswitch.dialog_fields.clear();
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(softswitch.count("BYE"), 1U) << "it was still there";
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
