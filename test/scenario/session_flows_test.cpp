// The sessions of RFC 3665 §3, each as a conversation through the border controller with the
// messages that the document prints. Ringwall stands where its proxies do, between two networks.
#include "scenario/flows.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SessionFlows : public Flows {
protected:
    // Bob rings, and says yes as printed.
    void rings_and_answers(const std::string& invite, const std::string& success) {
        const FlowMessage asked = flow_message(invite);
        const FlowMessage answered = flow_message(success);
        if (!answered.body.empty()) {
            bob.offer = answered.body;
        }
        bob.on_invite = Phone::OnInvite::Ring;
        call(alice, asked);
        EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 180));
        bob.answer();
        net.run_for(1s);
        ASSERT_TRUE(alice.is_in_call());
        EXPECT_EQ(bob.last_request("INVITE")->body(), alice.offer);
        EXPECT_EQ(alice.last_response("INVITE")->body(), bob.offer);
        ASSERT_EQ(bob.acks().size(), 1U);
        EXPECT_EQ(bob.last_request("INVITE")->header("Proxy-Authorization"), nullptr);
    }
    void bob_hangs_up() {
        bob.bye();
        net.run_for(1s);
        EXPECT_EQ(alice.count("BYE"), 1U);
        EXPECT_EQ(bob.statuses("BYE"), std::vector{200});
        EXPECT_EQ(border.sbc().calls(), 0U);
    }
    void alice_hears(int status) {
        net.run_for(1s);
        EXPECT_EQ(alice.last_response("INVITE")->status(), status);
        EXPECT_EQ(border.sbc().calls(), 0U);
    }
};

// §3.1
TEST_F(SessionFlows, SuccessfulSessionEstablishment) {
    rings_and_answers("rfc3665/015", "rfc3665/017");
    bob_hangs_up();
}

// §3.2: Bob's proxy stays in the way.
TEST_F(SessionFlows, ThroughTwoProxies) {
    bob.record_route = "<sip:ss2.biloxi.example.com;lr>";
    rings_and_answers("rfc3665/024", "rfc3665/017");
    const auto ack = bob.acks().front();
    ASSERT_NE(ack->header("Route"), nullptr);
    EXPECT_EQ(ack->header("Route")->value, "<sip:ss2.biloxi.example.com;lr>");
    EXPECT_EQ(alice.last_response("INVITE")->header("Record-Route"), nullptr);
    bob_hangs_up();
}

// §3.3: a proxy beyond that wants proof wants it of us. What Alice proves to hers stays there.
TEST_F(SessionFlows, MultipleProxyAuthentication) {
    bob.on_invite = Phone::OnInvite::Ignore;
    call(alice, flow_message("rfc3665/056"));
    EXPECT_EQ(bob.last_request("INVITE")->header("Proxy-Authorization"), nullptr);
    bob.say(407, "838209",
            {{"Proxy-Authenticate",
              "Digest realm=\"biloxi.example.com\", qop=\"auth\", "
              "nonce=\"c1e22c41ae6cbe5ae983a9c8e88d359\", opaque=\"\", stale=FALSE, "
              "algorithm=MD5"}});
    alice_hears(480);
    EXPECT_EQ(alice.last_response("INVITE")->header("Proxy-Authenticate"), nullptr);
}

// §3.5: what the gateway wrote into the description is what Bob hears.
TEST_F(SessionFlows, ThroughAnAlg) {
    rings_and_answers("rfc3665/082", "rfc3665/090");
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
}

// §3.6
TEST_F(SessionFlows, ViaARedirectServer) {
    bob.on_invite = Phone::OnInvite::Redirect;
    bob.redirect_to = "<sip:bob@chicago.example.com;transport=tcp>";
    call(alice, flow_message("rfc3665/015"));
    ASSERT_EQ(alice.last_response("INVITE")->status(), 302);
    const auto contacts = alice.last_response("INVITE")->name_addrs(sip::HeaderName::Contact);
    ASSERT_EQ(contacts->size(), 1U);
    EXPECT_EQ(contacts->front().uri.host, "chicago.example.com");
    carol.offer = flow_message("rfc3665/107").body;
    call(alice, flow_message("rfc3665/102"));
    ASSERT_TRUE(alice.is_in_call());
    EXPECT_EQ(alice.last_response("INVITE")->body(), carol.offer);
    EXPECT_EQ(carol.last_request("INVITE")->request_uri().user, "bob");
    carol.bye();
    net.run_for(1s);
    EXPECT_EQ(alice.count("BYE"), 1U);
}

// §3.7: Bob has another address, and says so.
TEST_F(SessionFlows, SessionWithReinvite) {
    alice_calls_bob("rfc3665/115");
    reinvite(bob, flow_message("rfc3665/123"), alice, flow_message("rfc3665/124"));
    EXPECT_THAT(alice.last_request("INVITE")->body(), HasSubstr("c=IN IP4 192.0.2.100"));
    EXPECT_EQ(alice.acks().size(), 1U);
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
}

// §3.8
TEST_F(SessionFlows, NoAnswer) {
    bob.on_invite = Phone::OnInvite::Ring;
    call(alice, flow_message("rfc3665/128"));
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 180));
    alice.cancel();
    alice_hears(487);
    EXPECT_EQ(alice.last_response("CANCEL")->status(), 200);
    EXPECT_EQ(bob.count("CANCEL"), 1U);
}

// §3.9
TEST_F(SessionFlows, Busy) {
    bob.on_invite = Phone::OnInvite::Reject;
    bob.reject_status = 486;
    call(alice, flow_message("rfc3665/148"));
    alice_hears(486);
}

// §3.10: Bob's proxy says that he does not answer. Where it is silent as well, nobody waits for
// ever.
TEST_F(SessionFlows, NoResponse) {
    bob.on_invite = Phone::OnInvite::Ignore;
    call(alice, flow_message("rfc3665/156"));
    bob.reject(480);
    alice_hears(480);
    call(alice, flow_message("rfc3665/156"));
    net.run_for(40s);
    alice_hears(408);
}

// §3.11
TEST_F(SessionFlows, TemporarilyUnavailable) {
    bob.on_invite = Phone::OnInvite::Ring;
    call(alice, flow_message("rfc3665/165"));
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 180));
    bob.reject(480);
    alice_hears(480);
}

}  // namespace
}  // namespace ringwall::test
