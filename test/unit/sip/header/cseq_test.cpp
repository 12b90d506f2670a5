#include "sip/header/cseq.h"

#include <gtest/gtest.h>

namespace ringwall::sip {
namespace {

TEST(CSeq, HasANumberAndAMethod) {
    const auto cseq = parse_cseq("0009  INVITE");
    ASSERT_TRUE(cseq);
    EXPECT_EQ(cseq->number, 9U);
    EXPECT_EQ(cseq->method, Method::Invite);
    EXPECT_EQ(parse_cseq("2147483647 ACK")->number, 2'147'483'647U);
    EXPECT_EQ(parse_cseq("0 BYE")->number, 0U);
}

// RFC 3261 §7.1: methods are case-sensitive.
TEST(CSeq, KeepsTheTextOfAnUnknownMethod) {
    EXPECT_EQ(parse_cseq("1 invite")->method, Method::Unknown);
    EXPECT_EQ(parse_cseq("1 RE%47IST%45R")->method, Method::Unknown);
    EXPECT_EQ(parse_cseq("1 RE%47IST%45R")->method_text, "RE%47IST%45R");
}

TEST(CSeq, RefusesNumbersThatDoNotFit) {
    for (const char* text :
         {"", "1", "1 ", "INVITE", "1INVITE", "-1 INVITE", "+1 INVITE", " 1 INVITE",
          "2147483648 INVITE", "4294967297 INVITE", "36893488147419103232 REGISTER", "1 INVITE x",
          "1 INV,ITE", "1.0 INVITE"}) {
        const auto cseq = parse_cseq(text);
        ASSERT_FALSE(cseq) << text;
        EXPECT_EQ(cseq.error().fault, ParseFault::BadCSeq);
    }
}

}  // namespace
}  // namespace ringwall::sip
