// The services of RFC 5359, each as a conversation through the border controller with the messages
// that the document prints. docs/flows.md says what is not here, and why.
#include "scenario/flows.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ServiceFlows : public Flows {
protected:
    // Bob has his call with Alice parked, or music played to her, by the server.
    void refer_server_to_alice() {
        refer(
            bob, "sip:park@server.example.com", server,
            {{"Refer-To", "<sip:a8342043f@atlanta.example.com;gr?" + replaces_header(*bobs) + ">"},
             {"Referred-By", "<sip:bob@biloxi.example.com>"}});
        notify(server, flow_message("rfc5359/073"), "SIP/2.0 100 Trying\r\n");
        const Target to = target(server);
        take_over(server, flow_message("rfc5359/075"), to.uri, to.replaces);
        ASSERT_TRUE(server.is_in_call());
        servers = *server.dialog();
        EXPECT_EQ(alice.last_request("INVITE")->body(), server.offer);
        EXPECT_EQ(alice.last_request("INVITE")->to_tag(), alices->local_tag());
        EXPECT_EQ(bob.count("BYE"), 1U);
        notify(server, flow_message("rfc5359/080"), "SIP/2.0 200 OK\r\n");
        EXPECT_EQ(bob.last_request("NOTIFY")->body(), "SIP/2.0 200 OK\r\n");
        EXPECT_EQ(border.sbc().calls(), 1U);
    }
    // What the proxy of Biloxi says of a call while it looks for Bob.
    void forwarded(int status, const std::string& tag, const std::string& body = {}) {
        bob.say(status, tag, {{"Contact", bob.contact()}}, body);
        net.run_for(1s);
    }

    std::optional<sip::Dialog> servers;  // the server's, of its call with Alice
};

// §2.2
TEST_F(ServiceFlows, ConsultationHold) {
    bob.offer = flow_message("rfc5359/031").body;
    alice_calls_bob("rfc5359/027");
    EXPECT_EQ(bob.last_request("INVITE")->body(), flow_message("rfc5359/027").body);
    EXPECT_EQ(alice.last_response("INVITE")->body(), flow_message("rfc5359/031").body);
    reinvite(bob, flow_message("rfc5359/035"), alice, flow_message("rfc5359/037"));
    EXPECT_THAT(alice.last_request("INVITE")->body(), HasSubstr("a=sendonly"));
    bobs = *bob.dialog();
    carol.offer = flow_message("rfc5359/046").body;
    call(bob, flow_message("rfc5359/041"));
    ASSERT_TRUE(bob.is_in_call());
    EXPECT_EQ(carol.last_request("INVITE")->body(), flow_message("rfc5359/041").body);
    EXPECT_EQ(bob.last_response("INVITE")->body(), carol.offer);
    bob.bye();
    net.run_for(1s);
    EXPECT_EQ(carol.count("BYE"), 1U);
    bob.resume(*bobs);
    reinvite(bob, flow_message("rfc5359/054"), alice, flow_message("rfc5359/057"));
    EXPECT_EQ(alice.acks().size(), 2U);
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
}

// §2.3: the server takes Bob's place, and he comes back to hers.
TEST_F(ServiceFlows, MusicOnHold) {
    alice_calls_bob("rfc5359/064");
    reinvite(bob, flow_message("rfc5359/068"), alice, flow_message("rfc5359/069"));
    bobs = *bob.dialog();
    refer_server_to_alice();
    take_over(bob, flow_message("rfc5359/082"), "sip:a8342043f@atlanta.example.com;gr",
              replaces_of(*servers));
    ASSERT_TRUE(bob.is_in_call());
    EXPECT_EQ(alice.last_request("INVITE")->body(), flow_message("rfc5359/082").body);
    EXPECT_EQ(server.count("BYE"), 1U);
    bob.bye();
    net.run_for(1s);
    EXPECT_EQ(alice.count("BYE"), 1U);
}

// §2.6: the dialog is named in a message, of which we know nothing, and Carol calls in its place.
class AnybodyForBob : public Flows {
protected:
    AnybodyForBob() : Flows("biloxi") {}
};

TEST_F(AnybodyForBob, TransferByInstantMessage) {
    alice_calls_bob("rfc5359/134");
    const std::string text =
        "<sip:a8342043f@atlanta.example.com;gr?" + replaces_header(*bobs) + ">";
    bob.send("MESSAGE", "sip:carol@chicago.example.com", {{"Content-Type", "text/plain"}}, text);
    net.run_for(1s);
    ASSERT_EQ(bob.last_response("MESSAGE")->status(), 200);
    EXPECT_EQ(carol.last_request("MESSAGE")->body(), text);
    take_over(carol, flow_message("rfc5359/140"), "sip:a8342043f@atlanta.example.com;gr",
              replaces_of(*bobs));
    ASSERT_TRUE(carol.is_in_call());
    EXPECT_EQ(alice.last_request("INVITE")->to_tag(), alices->local_tag());
    EXPECT_EQ(bob.count("BYE"), 1U);
    carol.bye();
    net.run_for(1s);
    EXPECT_EQ(alice.count("BYE"), 1U);
}

// §2.7: the proxy beyond forwards; Alice hears of it.
TEST_F(ServiceFlows, CallForwardingUnconditional) {
    bob.on_invite = Phone::OnInvite::Ignore;
    call(alice, flow_message("rfc5359/145"));
    forwarded(181, "9214d");
    forwarded(180, "314159");
    bob.offer = flow_message("rfc5359/151").body;
    bob.answer("314159");
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 181, 180, 200));
    EXPECT_EQ(alice.last_response("INVITE")->body(), bob.offer);
    EXPECT_EQ(bob.acks().size(), 1U);
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
}

// §2.8
TEST_F(ServiceFlows, CallForwardingBusy) {
    bob.on_invite = Phone::OnInvite::Ignore;
    call(alice, flow_message("rfc5359/177"));
    forwarded(181, "9214d");
    forwarded(180, "765432");
    bob.offer = flow_message("rfc5359/168").body;
    bob.answer("765432");
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 181, 180, 200));
    EXPECT_EQ(alice.last_response("INVITE")->body(), bob.offer);
    alice.bye();
    net.run_for(1s);
}

// §2.9: one phone rang in vain, and another is tried; two early dialogs of one call.
TEST_F(ServiceFlows, CallForwardingNoAnswer) {
    bob.on_invite = Phone::OnInvite::Ignore;
    call(alice, flow_message("rfc5359/177"));
    forwarded(180, "3145678");
    net.run_for(20s);
    forwarded(181, "9214d");
    forwarded(180, "765432");
    bob.offer = flow_message("rfc5359/190").body;
    bob.answer("765432");
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 180, 181, 180, 200));
    EXPECT_EQ(bob.acks().size(), 1U);
    EXPECT_EQ(bob.acks().front()->to_tag(), "765432");
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.last_request("BYE")->to_tag(), "765432");
}

// The same, but who answers is asked to forward to: a 302 goes to the caller, who follows it.
TEST_F(ServiceFlows, CallForwardingByRedirection) {
    bob.on_invite = Phone::OnInvite::Redirect;
    bob.redirect_to = "<sip:carol@chicago.example.com>";
    call(alice, flow_message("rfc5359/145"));
    ASSERT_EQ(alice.last_response("INVITE")->status(), 302);
    const auto contacts = alice.last_response("INVITE")->name_addrs(sip::HeaderName::Contact);
    ASSERT_EQ(contacts->size(), 1U);
    alice.invite(std::string(contacts->front().uri.text));
    net.run_for(1s);
    ASSERT_TRUE(alice.is_in_call());
    EXPECT_EQ(carol.count("INVITE"), 1U);
    alice.bye();
    net.run_for(1s);
}

// §2.10: Bob mixes; he tells Alice so, and calls Carol.
TEST_F(ServiceFlows, ThreeWayConferenceThirdPartyIsAdded) {
    alice_calls_bob("rfc5359/064");
    reinvite(bob, flow_message("rfc5359/201"), alice, {});
    bobs = *bob.dialog();
    call(bob, flow_message("rfc5359/204"));
    ASSERT_TRUE(bob.is_in_call());
    EXPECT_EQ(carol.last_request("INVITE")->body(), flow_message("rfc5359/204").body);
    EXPECT_EQ(border.sbc().calls(), 2U);
    bob.bye();
    net.run_for(1s);
    hang_up(bob, *bobs);
    EXPECT_EQ(alice.count("BYE"), 1U);
}

// §2.11: Join is not obeyed: Bob hears of a second call, and no name of Alice's dialog.
TEST_F(ServiceFlows, ThreeWayConferenceByJoinIsASecondCall) {
    alice_calls_bob("rfc5359/064");
    FlowMessage join = flow_message("rfc5359/212");
    ASSERT_NE(join.field("Join"), "");
    join.fields = without(join.fields, "Join");
    join.fields.emplace_back("Join", replaces_of(*alices));
    call(carol, join);
    ASSERT_TRUE(carol.is_in_call());
    EXPECT_EQ(bob.last_request("INVITE")->header("Join"), nullptr);
    EXPECT_THAT(std::string(bob.last_request("INVITE")->bytes()),
                Not(HasSubstr(alices->call_id())));
    EXPECT_EQ(border.sbc().calls(), 2U);
    carol.bye();
    net.run_for(1s);
    hang_up(alice, *alices);
}

// §2.12: one rings in vain, two say no, the fourth answers.
TEST_F(ServiceFlows, FindMe) {
    bob.on_invite = Phone::OnInvite::Ignore;
    call(alice, flow_message("rfc5359/219"));
    forwarded(180, "314159");
    net.run_for(10s);
    forwarded(180, "7137136");
    bob.offer = flow_message("rfc5359/237").body;
    bob.answer("7137136");
    net.run_for(1s);
    ASSERT_TRUE(alice.is_in_call());
    EXPECT_EQ(alice.last_response("INVITE")->body(), bob.offer);
    bob.bye();  // he hangs up there
    net.run_for(1s);
    EXPECT_EQ(alice.count("BYE"), 1U);
}

// §2.13: 403 with an announcement that Alice listens to.
TEST_F(ServiceFlows, IncomingCallScreening) {
    bob.on_invite = Phone::OnInvite::Ignore;
    call(alice, flow_message("rfc5359/248"));
    const FlowMessage refusal = flow_message("rfc5359/252");
    bob.say(403, "ffe254", refusal.fields);
    net.run_for(1s);
    ASSERT_EQ(alice.last_response("INVITE")->status(), 403);
    ASSERT_NE(alice.last_response("INVITE")->header("Error-Info"), nullptr);
    EXPECT_EQ(alice.last_response("INVITE")->header("Error-Info")->value,
              "<sip:screen-fail-term-ann@ms.biloxi.example.com>");
    alice.invite("sip:screen-fail-term-ann@server.example.com");
    net.run_for(1s);
    ASSERT_TRUE(alice.is_in_call());
    server.bye();
    net.run_for(1s);
    EXPECT_EQ(alice.count("BYE"), 1U);
}

// The same: a 305 goes to the caller, as every 3xx.
TEST_F(ServiceFlows, IncomingCallScreeningByUseProxy) {
    bob.on_invite = Phone::OnInvite::Ignore;
    call(alice, flow_message("rfc5359/145"));
    bob.say(305, "342123", {{"Contact", "<sip:ss1.example.com>"}});
    net.run_for(1s);
    EXPECT_EQ(alice.last_response("INVITE")->status(), 305);
    EXPECT_EQ(bob.count("INVITE"), 1U);
}

// §2.14
TEST_F(ServiceFlows, OutgoingCallScreening) {
    bob.on_invite = Phone::OnInvite::Ignore;
    call(alice, flow_message("rfc5359/145"));
    bob.say(403, "18017", flow_message("rfc5359/263").fields);
    net.run_for(1s);
    ASSERT_EQ(alice.last_response("INVITE")->status(), 403);
    ASSERT_NE(alice.last_response("INVITE")->header("Error-Info"), nullptr);
    EXPECT_EQ(alice.last_response("INVITE")->header("Error-Info")->value,
              "<sip:screen-fail-orig-ann@announcement.example.com>");
}

// §2.15: Carol learns from the server which dialog it is, and takes its place.
TEST_F(ServiceFlows, CallPark) {
    alice_calls_bob("rfc5359/064");
    refer_server_to_alice();
    server.in_dialog_status = 0;
    carol.send("SUBSCRIBE", "sip:park@server.example.com",
               {{"Contact", carol.contact()}, {"Event", "dialog"}, {"Expires", "0"}});
    net.run_for(1s);
    ASSERT_NE(server.last_request("SUBSCRIBE"), nullptr);
    server.respond(200, "3213j", {{"Contact", server.contact()}, {"Expires", "0"}});
    server.in_dialog_status = 200;
    net.run_for(1s);
    referred = *sip::Dialog::of_request(*server.last_request("SUBSCRIBE"), "3213j",
                                        sip::Dialog::State::Confirmed);
    const FlowMessage state = flow_message("rfc5359/283");
    notify(server, state, "<dialog-info>" + replaces_of(*servers) + "</dialog-info>");
    EXPECT_EQ(carol.last_request("NOTIFY")->body(),
              "<dialog-info>" + replaces_of(*servers) + "</dialog-info>");
    take_over(carol, flow_message("rfc5359/285"), "sip:alice@atlanta.example.com",
              replaces_of(*servers));
    ASSERT_TRUE(carol.is_in_call());
    EXPECT_EQ(server.count("BYE"), 1U);
    EXPECT_EQ(alice.count("INVITE"), 2U);
    alice.within(*alices, sip::Method::Bye, {});
    net.run_for(1s);
    EXPECT_EQ(carol.count("BYE"), 1U);
}

// §2.16, as it is: the place of a call that still rings is not to be had.
TEST_F(ServiceFlows, CallPickupIsRefusedAndTheCallRingsOn) {
    bob.on_invite = Phone::OnInvite::Ring;
    call(alice, flow_message("rfc5359/064"));
    const auto ringing =
        sip::Dialog::of_request(*bob.last_request("INVITE"), "cbob", sip::Dialog::State::Early);
    ASSERT_TRUE(ringing);
    bob.in_dialog_status = 0;
    carol.send("SUBSCRIBE", "sip:bob@biloxi.example.com",
               {{"Contact", carol.contact()}, {"Event", "dialog"}, {"Expires", "0"}});
    net.run_for(1s);
    bob.respond(200, "31451098", {{"Contact", bob.contact()}, {"Expires", "0"}});
    net.run_for(1s);
    bob.in_dialog_status = 200;
    referred = *sip::Dialog::of_request(*bob.last_request("SUBSCRIBE"), "31451098",
                                        sip::Dialog::State::Confirmed);
    notify(bob, flow_message("rfc5359/283"), "<dialog-info/>");
    take_over(carol, flow_message("rfc5359/285"), "sip:a8342043f@atlanta.example.com;gr",
              replaces_of(*ringing) + ";early-only");
    EXPECT_EQ(carol.last_response("INVITE")->status(), 481);
    EXPECT_EQ(alice.count("INVITE"), 0U);
    bob.answer();
    net.run_for(1s);
    ASSERT_TRUE(alice.is_in_call());
    alice.bye();
    net.run_for(1s);
}

}  // namespace
}  // namespace ringwall::test
