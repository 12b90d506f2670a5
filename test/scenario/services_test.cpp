// The services of RFC 5359 that are no transfers, as they pass through the border controller. Those
// that are, and click to dial: transfers_test. What does not apply: docs/manual-sbc.md.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

class Services : public SmallLab {
protected:
    void SetUp() override { register_phones(); }
};

// §2.1 call hold: and off hold again, from either side.
TEST_F(Services, CallHold) {
    talk();
    const std::string offer = bob.offer;
    bob.offer = offer + "a=sendonly\r\n";
    bob.reinvite();
    net.run_for(1s);
    EXPECT_EQ(bob.statuses("INVITE").back(), 200);
    EXPECT_EQ(alice.last_request("INVITE")->body(), bob.offer);
    bob.offer = offer;
    bob.reinvite();
    net.run_for(1s);
    EXPECT_EQ(alice.last_request("INVITE")->body(), offer);
    EXPECT_EQ(alice.acks().size(), 2U);
    alice.bye();
    net.run_for(1s);
}

// §2.17 automatic redial: she is told when he has hung up, and calls again.
TEST_F(Services, AutomaticRedial) {
    bob.on_invite = Phone::OnInvite::Reject;
    alice.invite("sip:bob@example.com");
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 486);
    bob.in_dialog_status = 0;
    alice.send("SUBSCRIBE", "sip:bob@example.com",
               {{"Contact", alice.contact()}, {"Event", "dialog"}, {"Expires", "60"}});
    net.run_for(1s);
    bob.respond(200, "b1", {{"Contact", bob.contact()}, {"Expires", "60"}});
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("SUBSCRIBE").back(), 200);
    auto bobs = *sip::Dialog::of_request(*bob.last_request("SUBSCRIBE"), "b1",
                                         sip::Dialog::State::Confirmed);
    bob.within(bobs, sip::Method::Notify,
               {{"Contact", bob.contact()},
                {"Event", "dialog"},
                {"Subscription-State", "terminated;reason=noresource"},
                {"Content-Type", "application/dialog-info+xml"}},
               "<dialog-info/>");
    net.run_for(1s);
    ASSERT_NE(alice.last_request("NOTIFY"), nullptr);
    EXPECT_EQ(alice.last_request("NOTIFY")->body(), "<dialog-info/>");
    bob.on_invite = Phone::OnInvite::Answer;
    talk();
    alice.bye();
    net.run_for(1s);
}

}  // namespace
}  // namespace ringwall::test
