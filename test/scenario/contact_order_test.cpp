// Several contacts of one user (RFC 3261 §16.6), flows of one phone (RFC 5626), and the proxies
// between (RFC 3327).
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Contacts : public SmallLab {
protected:
    Contacts()
        : second(net, ip("192.0.2.14"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
                 {"alice", "example.com", "wonderland"}, 111) {}
    // `after`: behind its Contact.
    void bind(Phone& phone, const std::string& after, const Phone::Fields& more = {}) {
        Phone::Fields fields{{"Contact", phone.contact() + after}};
        fields.insert(fields.end(), more.begin(), more.end());
        const std::size_t before = phone.statuses("REGISTER").size();
        phone.send("REGISTER", "sip:example.com", fields);
        ASSERT_TRUE(run_until([&] { return phone.statuses("REGISTER").size() >= before + 2; }));
        ASSERT_EQ(phone.last_response("REGISTER")->status(), 200);
    }
    void bind_flow(Phone& phone, int number) {
        bind(phone, ";+sip.instance=\"<urn:uuid:1>\";reg-id=" + std::to_string(number),
             {{"Supported", "path, outbound"}});
    }
    // The first so many INVITEs to a phone hear this.
    static void refuse_first(Phone& phone, int count, int status) {
        phone.answered_by_test = [&phone, count, status, seen = 0](
                                     sip::transaction::ServerId id,
                                     const sip::MessagePtr& request) mutable {
            if (request->method() != sip::Method::Invite || seen++ >= count) {
                return false;
            }
            phone.shard().respond(id, sip::reply(*request, status, "t").build());
            return true;
        };
    }
    void call() {
        const std::size_t before = softswitch.statuses("INVITE").size();
        softswitch.invite("sip:alice@example.com");
        run_until(
            [&] {
                const auto now = softswitch.statuses("INVITE");
                return now.size() > before && now.back() >= 200;
            },
            5s);
        net.run_for(1s);
    }
    int answer() const { return softswitch.statuses("INVITE").back(); }
    void hang_up() {
        softswitch.bye();
        net.run_for(1s);
    }
    Phone second;
};

TEST_F(Contacts, OfOneQRingAtOnce) {
    bind(alice, "");
    bind(second, "");
    alice.on_invite = Phone::OnInvite::Ring;
    second.on_invite = Phone::OnInvite::Ring;
    softswitch.invite("sip:alice@example.com");
    net.run_for(1s);
    EXPECT_EQ(alice.count("INVITE"), 1U);
    EXPECT_EQ(second.count("INVITE"), 1U);
    softswitch.cancel();
    net.run_for(1s);
}

TEST_F(Contacts, OfALowerQRingsWhenTheHigherHasFailed) {
    bind(alice, "");
    bind(second, ";q=0.5");
    alice.on_invite = Phone::OnInvite::Ring;
    softswitch.invite("sip:alice@example.com");
    net.run_for(1s);
    EXPECT_EQ(alice.count("INVITE"), 1U);
    EXPECT_EQ(second.count("INVITE"), 0U);
    alice.reject(486);
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call(); }, 5s));
    EXPECT_EQ(second.count("INVITE"), 1U);
    hang_up();
}

TEST_F(Contacts, AfterA6xxOrACancelNobodyElseIsAsked) {
    bind(alice, "");
    bind(second, ";q=0.5");
    refuse_first(alice, 1, 603);
    call();
    EXPECT_EQ(answer(), 603);
    alice.on_invite = Phone::OnInvite::Ring;
    softswitch.invite("sip:alice@example.com");
    net.run_for(1s);
    softswitch.cancel();
    net.run_for(1s);
    EXPECT_EQ(answer(), 487);
    EXPECT_EQ(second.count("INVITE"), 0U);
}

TEST_F(Contacts, AllOfThemHearAMessage) {
    bind(alice, "");
    bind(second, ";q=0.5");
    softswitch.send("MESSAGE", "sip:alice@example.com", {});
    net.run_for(1s);
    EXPECT_EQ(alice.count("MESSAGE") + second.count("MESSAGE"), 2U);
}

// RFC 5626 §7
TEST_F(Contacts, TheFlowsOfAPhoneAreTriedOneAfterAnother) {
    bind_flow(alice, 1);
    alice.reconnect();
    bind_flow(alice, 2);
    EXPECT_EQ(border.sbc().location().binding_count(), 2U);
    call();
    EXPECT_EQ(answer(), 200);
    EXPECT_EQ(alice.count("INVITE"), 1U) << "not forked";
    hang_up();
    refuse_first(alice, 1, 430);
    call();
    EXPECT_EQ(answer(), 200);
    EXPECT_EQ(alice.count("INVITE"), 3U) << "by the other flow";
    hang_up();
    refuse_first(alice, 1, 486);
    call();
    EXPECT_EQ(answer(), 486) << "it has answered";
    EXPECT_EQ(alice.count("INVITE"), 4U);
    refuse_first(alice, 2, 430);
    call();
    EXPECT_EQ(answer(), 430) << "a proxy hears that no flow is left";
    EXPECT_EQ(alice.count("INVITE"), 6U);
}

TEST_F(Contacts, AMessageGoesByOneFlow) {
    bind_flow(alice, 1);
    alice.reconnect();
    bind_flow(alice, 2);
    softswitch.send("MESSAGE", "sip:alice@example.com", {});
    net.run_for(1s);
    EXPECT_EQ(alice.count("MESSAGE"), 1U);
    alice.answered_by_test = [&, seen = 0](sip::transaction::ServerId id,
                                           const sip::MessagePtr& request) mutable {
        if (seen++ > 0) {
            return false;
        }
        alice.shard().respond(id, sip::reply(*request, 430, "t").build());
        return true;
    };
    softswitch.send("MESSAGE", "sip:alice@example.com", {});
    net.run_for(1s);
    EXPECT_EQ(alice.count("MESSAGE"), 3U);
    EXPECT_EQ(softswitch.statuses("MESSAGE").back(), 200);
}

TEST_F(Contacts, TheSameNumberTakesThePlaceOfTheFlowBefore) {
    bind_flow(alice, 1);
    alice.reconnect();
    bind_flow(alice, 1);
    EXPECT_EQ(border.sbc().location().binding_count(), 1U);
    refuse_first(alice, 1, 430);
    call();
    EXPECT_EQ(answer(), 430);
    EXPECT_EQ(alice.count("INVITE"), 1U);
}

// RFC 3327 §5.3
TEST_F(Contacts, WhatGoesToAPhoneBehindProxiesNamesThem) {
    bind(alice, "",
         {{"Supported", "path"}, {"Path", "<sip:p2.example.com;lr>, <sip:p1.example.com;lr>"}});
    EXPECT_THAT(alice.last_response("REGISTER")->values(sip::HeaderName::Path),
                ElementsAre("<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>"));
    call();
    EXPECT_THAT(alice.last_request("INVITE")->values(sip::HeaderName::Route),
                ElementsAre("<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>"));
    hang_up();
    softswitch.send("MESSAGE", "sip:alice@example.com", {});
    net.run_for(1s);
    EXPECT_THAT(alice.last_request("MESSAGE")->values(sip::HeaderName::Route),
                ElementsAre("<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>"));
    // Its proxy's connection is also others': who calls over it proves itself.
    alice.send("MESSAGE", "sip:carol@elsewhere.example", {});
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("MESSAGE").front(), 401);
}

}  // namespace
}  // namespace ringwall::test
