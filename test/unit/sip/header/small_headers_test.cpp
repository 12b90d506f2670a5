// Warning, Reason, Retry-After and quoted strings.
#include <gtest/gtest.h>

#include "sip/header/quoted_string.h"
#include "sip/header/reason.h"
#include "sip/header/retry_after.h"
#include "sip/header/warning.h"

namespace ringwall::sip {
namespace {

TEST(QuotedString, IsUndoneByUnquote) {
    for (const char* text : {"", "plain", "a \"b\" \\ c", "\\", "\"", "\xd0\xb1"}) {
        EXPECT_EQ(unquote(quote(text)), text);
    }
    EXPECT_EQ(quote("a\"b"), "\"a\\\"b\"");
    EXPECT_EQ(unquote("token"), "token");
    EXPECT_EQ(unquote("\""), "\"");
}

TEST(Warning, IsReadAndWritten) {
    const std::string value =
        warning_value(warning_sips_not_allowed, "sbc.example.com", "SIPS Not Allowed");
    EXPECT_EQ(value, "380 sbc.example.com \"SIPS Not Allowed\"");
    const auto warning = parse_warning(value);
    ASSERT_TRUE(warning);
    EXPECT_EQ(warning->code, 380);
    EXPECT_EQ(warning->agent, "sbc.example.com");
    EXPECT_EQ(warning->text, "\"SIPS Not Allowed\"");
}

TEST(Warning, HasThreeDigits) {
    for (const char* text : {"", "1", "1812 overture \"In Progress\"", "38 h \"x\"", "380 h x",
                             "380 h", "380 h \"x", "380 h \"x\" y", "380h \"x\"", "099 h \"x\""}) {
        EXPECT_FALSE(parse_warning(text)) << text;
    }
}

TEST(Reason, IsReadAndWritten) {
    const auto reason = parse_reason("Q.850 ;cause=16;text=\"Terminated; done\"");
    ASSERT_TRUE(reason);
    EXPECT_EQ(reason->protocol, "Q.850");
    EXPECT_EQ(reason->cause, 16);
    EXPECT_EQ(reason->text, "\"Terminated; done\"");
    EXPECT_EQ(reason_value("SIP", 200, "Call completed elsewhere"),
              "SIP;cause=200;text=\"Call completed elsewhere\"");
    EXPECT_EQ(parse_reason("SIP")->cause, std::nullopt);
    for (const char* text :
         {"", ";cause=1", "SIP;cause=x", "SIP;cause=999999", "SIP;;", "SIP cause=1"}) {
        EXPECT_FALSE(parse_reason(text)) << text;
    }
}

TEST(RetryAfter, PassesOverWhatFollowsTheSeconds) {
    EXPECT_EQ(parse_retry_after("18000;duration=3600"), 18000U);
    EXPECT_EQ(parse_retry_after("120 (I'm in a meeting)"), 120U);
    EXPECT_EQ(parse_retry_after("0"), 0U);
    for (const char* text : {"", "x", "-1", "949302838503028349304023988", "4294967296"}) {
        EXPECT_FALSE(parse_retry_after(text)) << text;
    }
}

}  // namespace
}  // namespace ringwall::sip
