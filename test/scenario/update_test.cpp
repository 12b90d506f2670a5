// UPDATE (RFC 3311) before and after the answer, and offers that meet: each end hears 491, or 500
// with Retry-After, as RFC 3311 §5.2 says, and nothing of it reaches the other end.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class Updates : public Trunks {
protected:
    void SetUp() override {
        west.invite_fields = {{"Supported", "100rel"}};
        west.pracks = true;
        east.on_invite = Phone::OnInvite::Ignore;
        west.invite("sip:5001@192.0.2.4");
        net.run_for(100ms);
    }
    void answer() {
        east.answer();
        net.run_for(100ms);
        EXPECT_EQ(west.statuses("INVITE").back(), 200);
    }
    void hang_up() {
        west.bye();
        net.run_for(70s);
        EXPECT_EQ(east.count("BYE"), 1U);
    }
};

TEST_F(Updates, EarlyInEitherDirection) {
    east.ring_reliably(183, east.offer);
    net.run_for(100ms);
    west.in_dialog(sip::Method::Update);
    net.run_for(100ms);
    EXPECT_THAT(west.statuses("UPDATE"), ElementsAre(200));
    EXPECT_EQ(east.last_request("UPDATE")->body(), west.offer);
    EXPECT_EQ(west.last_response("UPDATE")->body(), east.offer);
    east.in_dialog(sip::Method::Update);
    net.run_for(100ms);
    EXPECT_THAT(east.statuses("UPDATE"), ElementsAre(200));
    EXPECT_EQ(west.count("UPDATE"), 1U);
    answer();
    hang_up();
}

TEST_F(Updates, BeforeTheFirstOfferIsAnswered) {
    east.ring_reliably(180);
    net.run_for(100ms);
    west.in_dialog(sip::Method::Update);
    net.run_for(100ms);
    EXPECT_THAT(west.statuses("UPDATE"), ElementsAre(500));
    EXPECT_NE(west.last_response("UPDATE")->header("Retry-After"), nullptr);
    east.in_dialog(sip::Method::Update);
    net.run_for(100ms);
    EXPECT_THAT(east.statuses("UPDATE"), ElementsAre(491));
    EXPECT_EQ(east.count("UPDATE") + west.count("UPDATE"), 0U);
    // Without a description it is nobody's turn, and it passes.
    west.offer = "";
    west.in_dialog(sip::Method::Update);
    net.run_for(100ms);
    EXPECT_THAT(west.statuses("UPDATE"), ElementsAre(500, 200));
    answer();
    hang_up();
}

// A PRACK that describes the session while an offer of the other side waits for its answer.
TEST_F(Updates, APrackWithAnOfferCrossesAnUpdate) {
    east.ring_reliably(183, east.offer);
    net.run_for(100ms);
    west.in_dialog_status = 0;
    east.in_dialog(sip::Method::Update);
    west.pracks = false;
    east.ring_reliably(180);
    net.run_for(100ms);
    const auto ringing = west.last_response("INVITE");
    ASSERT_EQ(ringing->status(), 180);
    west.dialog_fields = {
        {"RAck", std::string(ringing->header("RSeq")->value) + " " +
                     std::to_string(ringing->cseq().number) + " INVITE"},
        {"Content-Type", "application/sdp"},
    };
    west.dialog_body = west.offer;
    west.in_dialog(sip::Method::Prack);
    net.run_for(100ms);
    EXPECT_EQ(west.statuses("PRACK").back(), 491);
    EXPECT_EQ(east.count("PRACK"), 1U);
    west.dialog_body = "";
    west.dialog_fields.pop_back();
    west.in_dialog(sip::Method::Prack);
    net.run_for(100ms);
    EXPECT_EQ(west.statuses("PRACK").back(), 200);
    west.dialog_fields = {};
    answer();
    hang_up();
}

TEST_F(Updates, Glare) {
    answer();
    west.in_dialog(sip::Method::Update);
    east.in_dialog(sip::Method::Update);
    net.run_for(100ms);
    EXPECT_THAT((std::vector<int>{west.statuses("UPDATE").at(0), east.statuses("UPDATE").at(0)}),
                UnorderedElementsAre(200, 491));
    EXPECT_EQ(west.count("UPDATE") + east.count("UPDATE"), 1U);
    west.in_dialog(sip::Method::Update);
    net.run_for(100ms);
    EXPECT_EQ(west.statuses("UPDATE").back(), 200);
    hang_up();
}

TEST_F(Updates, ASecondOneBeforeTheAnswerToTheFirst) {
    answer();
    east.in_dialog_status = 0;
    west.in_dialog(sip::Method::Update);
    net.run_for(100ms);
    west.in_dialog(sip::Method::Update);
    net.run_for(100ms);
    EXPECT_THAT(west.statuses("UPDATE"), ElementsAre(500));
    EXPECT_NE(west.last_response("UPDATE")->header("Retry-After"), nullptr);
    west.reinvite();
    net.run_for(100ms);
    EXPECT_EQ(west.statuses("INVITE").back(), 500);
    east.reinvite();
    net.run_for(100ms);
    EXPECT_EQ(east.statuses("INVITE").back(), 491);
    hang_up();
}

TEST_F(Updates, ARefusedOfferIsForgotten) {
    answer();
    east.in_dialog_status = 488;
    west.in_dialog(sip::Method::Update);
    net.run_for(100ms);
    EXPECT_THAT(west.statuses("UPDATE"), ElementsAre(488));
    east.in_dialog_status = 200;
    east.in_dialog(sip::Method::Update);
    net.run_for(100ms);
    EXPECT_THAT(east.statuses("UPDATE"), ElementsAre(200));
    hang_up();
}

}  // namespace
}  // namespace ringwall::test
