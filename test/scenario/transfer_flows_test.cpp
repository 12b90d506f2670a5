// The transfers of RFC 5589 as conversations through the border controller, with the messages that
// the document prints. Those of transfers_test are not here again: docs/flows.md has them all.
#include "scenario/flows.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Alice is the transferor, Bob the transferee, Carol the target.
class TransferFlows : public Flows {
protected:
    void consult() {
        alice_calls_bob("rfc5359/064");
        alice.invite_fields = flow_message("rfc5589/015").fields;
        alice.invite_fields = without(std::move(alice.invite_fields), "Require");
        alice.invite_fields = without(std::move(alice.invite_fields), "From");
        alice.invite_fields = without(std::move(alice.invite_fields), "To");
        alice.invite("sip:carol@chicago.example.com");
        net.run_for(1s);
        ASSERT_TRUE(alice.is_in_call());
        to_carol = *alice.dialog();
        carols = *carol.dialog();
    }
    // Within the call with Bob.
    void refer_bob(const std::string& refer_to) {
        bob.in_dialog_status = 0;
        alice.within(*alices, sip::Method::Refer,
                     {{"Contact", alice.contact()}, {"Refer-To", refer_to}});
        net.run_for(1s);
        ASSERT_NE(bob.last_request("REFER"), nullptr);
        bob.respond(202, "", {{"Contact", bob.contact()}});
        bob.in_dialog_status = 200;
        net.run_for(1s);
        ASSERT_EQ(alice.last_response("REFER")->status(), 202);
        referred = *bobs;
    }
    void bob_reports(const std::string& state, const std::string& line) {
        bob.within(*referred, sip::Method::Notify,
                   {{"Contact", bob.contact()},
                    {"Event", "refer"},
                    {"Subscription-State", state},
                    {"Content-Type", "message/sipfrag"}},
                   line + "\r\n");
        net.run_for(1s);
        EXPECT_EQ(alice.last_request("NOTIFY")->body(), line + "\r\n");
        bobs = *referred;
    }
    void bob_calls(const std::string& uri) {
        bob.invite_fields.clear();
        bob.invite(uri);
        net.run_for(1s);
    }

    std::optional<sip::Dialog> to_carol;  // Alice's, of the consultation
    std::optional<sip::Dialog> carols;
};

// §7.1: the transferee is held before.
TEST_F(TransferFlows, WithConsultationHold) {
    alice_calls_bob("rfc5359/064");
    reinvite(alice, flow_message("rfc5359/068"), bob, flow_message("rfc5359/069"));
    alices = *alice.dialog();
    refer_bob("<sip:transfertarget@chicago.example.com>");
    bob_reports("active;expires=60", "SIP/2.0 100 Trying");
    hang_up(alice, *alices);
    bob_calls(target(bob).uri);
    ASSERT_TRUE(bob.is_in_call());
    EXPECT_EQ(carol.last_request("INVITE")->request_uri().user, "transfertarget");
    bob_reports("terminated;reason=noresource", "SIP/2.0 200 OK");
    bob.bye();
    net.run_for(1s);
}

// §7.2: the target calls the transferee, whose own call is replaced.
TEST_F(TransferFlows, ProtectingTheTarget) {
    consult();
    refer(alice, "sip:carol@chicago.example.com", carol,
          {{"Refer-To",
            "<sip:3ld812adkjw@biloxi.example.com;gr=3413kj2ha?" + replaces_header(*alices) + ">"}});
    const Target to = target(carol);
    take_over(carol, flow_message("rfc5589/018"), to.uri, to.replaces);
    ASSERT_EQ(carol.last_response("INVITE")->status(), 200);
    EXPECT_EQ(bob.last_request("INVITE")->to_tag(), bobs->local_tag());
    EXPECT_EQ(alice.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 2U);
    hang_up(alice, *to_carol);
    hang_up(bob, *bobs);
    EXPECT_EQ(carol.count("BYE"), 2U);
}

// §7.3, by a REFER outside of the dialog.
TEST_F(TransferFlows, AttendedByAReferOutsideOfTheDialog) {
    consult();
    refer(alice, "sip:bob@biloxi.example.com", bob,
          {{"Refer-To", "<sip:482n4z24kdg@chicago.example.com;gr=8594958?" +
                            replaces_header(*to_carol) + ">"}});
    const Target to = target(bob);
    take_over(bob, flow_message("rfc5589/024"), to.uri, to.replaces);
    ASSERT_TRUE(bob.is_in_call());
    EXPECT_EQ(carol.last_request("INVITE")->to_tag(), carols->local_tag());
    EXPECT_EQ(alice.count("BYE"), 1U);
    hang_up(alice, *alices);
    hang_up(carol, *carols);
    EXPECT_EQ(bob.count("BYE"), 2U);
}

// §7.5: the first attempt fails, the second with another URI gets there.
TEST_F(TransferFlows, AttendedWhereTheFirstUriFails) {
    consult();
    refer_bob("<sip:transfertarget@chicago.example.com?" + replaces_header(*to_carol) +
              "&Require=replaces>");
    EXPECT_THAT(std::string(bob.last_request("REFER")->header("Refer-To")->value),
                HasSubstr("Require=replaces"));
    bob_reports("terminated;reason=noresource", "SIP/2.0 403 Forbidden");
    refer_bob("<sip:transfertarget@client.chicago.example.com?" + replaces_header(*to_carol) + ">");
    const Target to = target(bob);
    take_over(bob, flow_message("rfc5589/035"), to.uri, to.replaces);
    ASSERT_TRUE(bob.is_in_call());
    EXPECT_EQ(alice.count("BYE"), 1U);
    bob_reports("terminated;reason=noresource", "SIP/2.0 200 OK");
    hang_up(alice, *alices);
    hang_up(carol, *carols);
}

// §7.6: she gives up the consultation that still rings, and refers to the target itself.
TEST_F(TransferFlows, SemiAttended) {
    alice_calls_bob("rfc5359/064");
    carol.on_invite = Phone::OnInvite::Ring;
    alice.invite_fields.clear();
    alice.invite("sip:carol@chicago.example.com");
    net.run_for(1s);
    alice.cancel();
    net.run_for(1s);
    EXPECT_EQ(carol.count("CANCEL"), 1U);
    EXPECT_EQ(alice.last_response("INVITE")->status(), 487);
    carol.on_invite = Phone::OnInvite::Answer;
    refer_bob("<sip:carol@chicago.example.com>");
    hang_up(alice, *alices);
    bob_calls(target(bob).uri);
    ASSERT_TRUE(bob.is_in_call());
    bob_reports("terminated;reason=noresource", "SIP/2.0 200 OK");
    bob.bye();
    net.run_for(1s);
}

// §7.7: the transferee knows no Replaces: the consultation ends, and a plain REFER follows.
TEST_F(TransferFlows, FallBackToABasicTransfer) {
    consult();
    refer_bob("<sip:carol@chicago.example.com?" + replaces_header(*to_carol) +
              "&Require=replaces>");
    bob_reports("terminated;reason=noresource", "SIP/2.0 420 Bad Extension");
    EXPECT_EQ(alice.count("BYE"), 0U);
    hang_up(alice, *to_carol);
    EXPECT_EQ(carol.count("BYE"), 1U);
    refer_bob("<sip:carol@chicago.example.com>");
    hang_up(alice, *alices);
    bob_calls(target(bob).uri);
    ASSERT_TRUE(bob.is_in_call());
    bob_reports("terminated;reason=noresource", "SIP/2.0 200 OK");
    bob.bye();
    net.run_for(1s);
}

// §6.1: a REFER that names the call in Target-Dialog, and asks that this is understood.
TEST_F(TransferFlows, AReferThatRequiresTargetDialogIs420) {
    alice_calls_bob("rfc5359/064");
    const FlowMessage printed = flow_message("rfc5589/003");
    Phone::Fields fields = without(without(printed.fields, "From"), "To");
    fields.emplace_back("Contact", alice.contact());
    alice.send("REFER", "sip:bob@biloxi.example.com", fields);
    net.run_for(1s);
    EXPECT_EQ(alice.last_response("REFER")->status(), 420);
    EXPECT_EQ(bob.count("REFER"), 0U);
    hang_up(alice, *alices);
}

}  // namespace
}  // namespace ringwall::test
