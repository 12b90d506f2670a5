#include "sip/dialog/dialog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::sip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Lines = std::vector<std::string>;

MessagePtr with_lines(std::string text, const Lines& more) {
    text += "Via: SIP/2.0/TLS a.example.com;branch=z9hG4bK1\r\n";
    for (const std::string& line : more) {
        text += line + "\r\n";
    }
    Parsed parsed = Message::parse(text + "Content-Length: 0\r\n\r\n", Framing::Stream);
    EXPECT_TRUE(parsed.message && !parsed.fault) << text;
    return parsed.message;
}

MessagePtr request(const Lines& more, const std::string& method = "INVITE", unsigned cseq = 7,
                   const std::string& to_tag = "") {
    Lines lines = {"From: \"Alice A.\" <sip:alice@a.example.com>;tag=from1;x=y",
                   "To: Bob <sip:bob@b.example.com;user=phone>" + to_tag, "Call-ID: call-1",
                   "Max-Forwards: 70", "CSeq: " + std::to_string(cseq) + " " + method};
    lines.insert(lines.end(), more.begin(), more.end());
    return with_lines(method + " sip:bob@b.example.com SIP/2.0\r\n", lines);
}

MessagePtr response(int status, const Lines& more, const std::string& to_tag = ";tag=to1") {
    Lines lines = {"From: \"Alice A.\" <sip:alice@a.example.com>;tag=from1;x=y",
                   "To: Bob <sip:bob@b.example.com;user=phone>" + to_tag, "Call-ID: call-1",
                   "CSeq: 7 INVITE"};
    lines.insert(lines.end(), more.begin(), more.end());
    return with_lines("SIP/2.0 " + std::to_string(status) + " Whatever\r\n", lines);
}

// What a user would add to make a whole request.
MessagePtr finish(MessageBuilder builder) {
    return builder.header(HeaderName::Via, "SIP/2.0/TLS b.example.com;branch=z9hG4bK2").build();
}

const Lines alice = {"Contact: <sip:alice@192.0.2.1:5061;transport=tls>"};
const Lines bob = {"Contact: <sip:bob@192.0.2.2>"};

// RFC 3261 §12.1.1.
TEST(Dialog, OfAUasTakesItsStateFromTheRequest) {
    const auto dialog = Dialog::of_request(
        *request({alice[0], "Record-Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>",
                  "Record-Route: <sip:p3.example.com;lr>"}),
        "local", Dialog::State::Early);
    ASSERT_TRUE(dialog);
    EXPECT_EQ(dialog->state(), Dialog::State::Early);
    EXPECT_EQ(dialog->call_id(), "call-1");
    EXPECT_EQ(dialog->local_tag(), "local");
    EXPECT_EQ(dialog->remote_tag(), "from1");
    EXPECT_EQ(dialog->remote_target(), "sip:alice@192.0.2.1:5061;transport=tls");
    EXPECT_THAT(dialog->route_set(),
                ElementsAre("<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>",
                            "<sip:p3.example.com;lr>"));
    EXPECT_EQ(dialog->local_cseq(), 0U);
}

// RFC 3261 §12.1.2.
TEST(Dialog, OfAUacTakesItsRouteSetFromTheEnd) {
    const auto dialog = Dialog::of_response(
        *request(alice),
        *response(180, {bob[0], "Record-Route: <sip:p2.example.com;lr>,<sip:p1.example.com;lr>"}));
    ASSERT_TRUE(dialog);
    EXPECT_EQ(dialog->state(), Dialog::State::Early);
    EXPECT_EQ(dialog->local_tag(), "from1");
    EXPECT_EQ(dialog->remote_tag(), "to1");
    EXPECT_EQ(dialog->remote_target(), "sip:bob@192.0.2.2");
    EXPECT_THAT(dialog->route_set(),
                ElementsAre("<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"));
    EXPECT_EQ(dialog->local_cseq(), 7U);
}

TEST(Dialog, OfAUacNeedsATagInAProvisionalResponse) {
    EXPECT_FALSE(Dialog::of_response(*request(alice), *response(180, bob, "")));
}

// RFC 3261 §12.1.2: a 2xx of an RFC 2543 peer.
TEST(Dialog, OfAUacBearsA2xxWithoutATag) {
    auto dialog = Dialog::of_response(*request(alice), *response(200, bob, ""));
    ASSERT_TRUE(dialog);
    EXPECT_EQ(finish(dialog->request(Method::Bye, "BYE"))->to_tag(), "");
}

TEST(Dialog, OfAUacHasTheRequestUriForATargetWithoutContact) {
    const auto dialog = Dialog::of_response(*request(alice), *response(183, {}));
    ASSERT_TRUE(dialog);
    EXPECT_EQ(dialog->remote_target(), "sip:bob@b.example.com");
}

// RFC 3261 §13.2.2.4.
TEST(Dialog, SetsItsRouteSetAnewWithThe2xxAndNeverAgain) {
    auto dialog = Dialog::of_response(
        *request(alice), *response(180, {bob[0], "Record-Route: <sip:p1.example.com;lr>"}));
    ASSERT_TRUE(dialog);
    const auto ok =
        response(200, {"Contact: <sip:bob@192.0.2.3>",
                       "Record-Route: <sip:p3.example.com;lr>,<sip:p2.example.com;lr>"});
    ASSERT_TRUE(dialog->confirm(*ok));
    EXPECT_EQ(dialog->state(), Dialog::State::Confirmed);
    EXPECT_EQ(dialog->remote_target(), "sip:bob@192.0.2.3");
    EXPECT_THAT(dialog->route_set(),
                ElementsAre("<sip:p2.example.com;lr>", "<sip:p3.example.com;lr>"));

    ASSERT_TRUE(dialog->confirm(*response(200, bob)));
    EXPECT_EQ(dialog->remote_target(), "sip:bob@192.0.2.3");
    EXPECT_EQ(dialog->route_set().size(), 2U);
}

TEST(Dialog, StaysAsItIsWhenThe2xxHasABadContact) {
    auto dialog = Dialog::of_response(
        *request(alice), *response(180, {bob[0], "Record-Route: <sip:p1.example.com;lr>"}));
    ASSERT_TRUE(dialog);
    EXPECT_FALSE(dialog->confirm(*response(200, {"Contact: <tel:+123>"})));
    EXPECT_EQ(dialog->state(), Dialog::State::Early);
    EXPECT_EQ(dialog->remote_target(), "sip:bob@192.0.2.2");
    EXPECT_THAT(dialog->route_set(), ElementsAre("<sip:p1.example.com;lr>"));
}

TEST(Dialog, OfAUasIsConfirmedWithItsRouteSetUnchanged) {
    auto dialog = Dialog::of_request(*request({alice[0], "Record-Route: <sip:p1.example.com;lr>"}),
                                     "local", Dialog::State::Early);
    ASSERT_TRUE(dialog);
    dialog->confirm();
    EXPECT_EQ(dialog->state(), Dialog::State::Confirmed);
    EXPECT_THAT(dialog->route_set(), ElementsAre("<sip:p1.example.com;lr>"));
}

// RFC 3261 §12.2.1.1.
TEST(Dialog, SendsToItsTargetThroughLooseRouters) {
    auto dialog = Dialog::of_request(
        *request({alice[0], "Record-Route: <sip:p1.example.com;lr>,<sip:p2.example.com>"}), "local",
        Dialog::State::Confirmed);
    ASSERT_TRUE(dialog);
    const MessagePtr bye = finish(dialog->request(Method::Bye, "BYE"));
    EXPECT_EQ(bye->request_uri_text(), "sip:alice@192.0.2.1:5061;transport=tls");
    EXPECT_THAT(bye->values(HeaderName::Route),
                ElementsAre("<sip:p1.example.com;lr>", "<sip:p2.example.com>"));
    EXPECT_EQ(bye->from().text, "Bob <sip:bob@b.example.com;user=phone>;tag=local");
    EXPECT_EQ(bye->to().text, "\"Alice A.\" <sip:alice@a.example.com>;tag=from1");
    EXPECT_EQ(bye->call_id(), "call-1");
    EXPECT_EQ(bye->cseq().number, 1U);
    EXPECT_EQ(bye->max_forwards(), 70U);
}

TEST(Dialog, SendsToAStrictRouterWithItsTargetAsTheLastRoute) {
    auto dialog = Dialog::of_request(
        *request({alice[0],
                  "Record-Route: <sip:p1.example.com;method=INVITE;a=b?Subject=x>, P "
                  "<sip:p2.example.com;lr>"}),
        "local", Dialog::State::Confirmed);
    ASSERT_TRUE(dialog);
    const MessagePtr bye = finish(dialog->request(Method::Bye, "BYE"));
    EXPECT_EQ(bye->request_uri_text(), "sip:p1.example.com;a=b");
    EXPECT_THAT(
        bye->values(HeaderName::Route),
        ElementsAre("P <sip:p2.example.com;lr>", "<sip:alice@192.0.2.1:5061;transport=tls>"));
}

TEST(Dialog, SendsToItsTargetWithoutARouteSet) {
    auto dialog =
        Dialog::of_request(*request({"Contact: <sips:a?b@h.example.com;method=BYE;x?Subject=y>"}),
                           "local", Dialog::State::Confirmed);
    ASSERT_TRUE(dialog);
    const MessagePtr bye = finish(dialog->request(Method::Bye, "BYE"));
    EXPECT_EQ(bye->request_uri_text(), "sips:a?b@h.example.com;x");
    EXPECT_THAT(bye->values(HeaderName::Route), IsEmpty());
}

TEST(Dialog, CountsItsRequestsButNotTheAck) {
    auto dialog = Dialog::of_response(*request(alice), *response(200, bob));
    ASSERT_TRUE(dialog);
    EXPECT_EQ(finish(dialog->request(Method::Invite, "INVITE"))->cseq().number, 8U);
    const MessagePtr ack = finish(dialog->ack(8));
    EXPECT_EQ(ack->method(), Method::Ack);
    EXPECT_EQ(ack->cseq().number, 8U);
    EXPECT_EQ(ack->to_tag(), "to1");
    EXPECT_EQ(dialog->local_cseq(), 8U);
    const MessagePtr own = finish(dialog->request(Method::Unknown, "X-OWN"));
    EXPECT_EQ(own->method_text(), "X-OWN");
    EXPECT_EQ(own->cseq().number, 9U);
}

// RFC 3261 §12.2.2.
TEST(Dialog, RefusesACSeqBelowTheLast) {
    auto dialog = Dialog::of_request(*request(alice), "local", Dialog::State::Confirmed);
    ASSERT_TRUE(dialog);
    EXPECT_FALSE(dialog->accept_cseq(*request(alice, "BYE", 6, ";tag=local")));
    EXPECT_TRUE(dialog->accept_cseq(*request(alice, "INFO", 9, ";tag=local")));
    EXPECT_FALSE(dialog->accept_cseq(*request(alice, "INFO", 8, ";tag=local")));

    auto uac = Dialog::of_response(*request(alice), *response(200, bob));
    ASSERT_TRUE(uac);
    EXPECT_TRUE(uac->accept_cseq(*request(alice, "BYE", 0, ";tag=local")));  // the first: any
    EXPECT_TRUE(uac->accept_cseq(*request(alice, "BYE", 3, ";tag=local")));
    EXPECT_FALSE(uac->accept_cseq(*request(alice, "BYE", 2, ";tag=local")));
}

TEST(Dialog, SendsToItsRefreshedTarget) {
    auto dialog = Dialog::of_request(*request(alice), "local", Dialog::State::Confirmed);
    ASSERT_TRUE(dialog);
    dialog->set_remote_target("sip:alice@192.0.2.9");
    EXPECT_EQ(finish(dialog->request(Method::Bye, "BYE"))->request_uri_text(),
              "sip:alice@192.0.2.9");
}

TEST(Dialog, OfAUasNeedsExactlyOneUsableContact) {
    for (const Lines& lines :
         {Lines{}, Lines{"Contact: <tel:+123>"}, Lines{"Contact: <http://example.com>"},
          Lines{"Contact: <sip:a@h.example.com>, <sip:b@h.example.com>"},
          Lines{"Contact: <sip:a@h.example.com>", "m: <sip:b@h.example.com>"}}) {
        const auto dialog = Dialog::of_request(*request(lines), "local", Dialog::State::Early);
        ASSERT_FALSE(dialog);
        EXPECT_EQ(dialog.error().fault, ParseFault::BadContact);
    }
}

TEST(Dialog, RefusesARouteThatIsNoSipUri) {
    EXPECT_FALSE(Dialog::of_request(*request({alice[0], "Record-Route: <http://example.com>"}),
                                    "local", Dialog::State::Early));
}

}  // namespace
}  // namespace ringwall::sip
