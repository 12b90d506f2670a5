#include "sip/header/name_addr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::sip {
namespace {

TEST(NameAddr, HasItsParts) {
    const auto value =
        parse_name_addr("\"J Rosenberg \\\\\\\"\"  <sip:jdrosen@example.com;lr> ; tag = 98asjd8;x");
    ASSERT_TRUE(value);
    EXPECT_EQ(value->display_name, "\"J Rosenberg \\\\\\\"\"");
    EXPECT_EQ(value->uri.text, "sip:jdrosen@example.com;lr");
    EXPECT_TRUE(value->uri.parameters.has("lr"));
    EXPECT_EQ(value->tag(), "98asjd8");
    EXPECT_TRUE(value->parameters.has("x"));
    EXPECT_FALSE(value->parameters.has("lr"));
}

// RFC 3261 §20.10: without <> the parameters belong to the header field.
TEST(NameAddr, WithoutBracketsGivesItsParametersToTheHeader) {
    const auto value = parse_name_addr("sip:+19725552222@gw1.example.net;unknownparam;tag=1");
    ASSERT_TRUE(value);
    EXPECT_EQ(value->uri.text, "sip:+19725552222@gw1.example.net");
    EXPECT_FALSE(value->uri.parameters.has("unknownparam"));
    EXPECT_TRUE(value->parameters.has("unknownparam"));
    EXPECT_EQ(value->tag(), "1");
    EXPECT_EQ(value->display_name, "");
}

TEST(NameAddr, AcceptsDisplayNamesOfTokensAndQuotedStrings) {
    for (const char* text : {"<sip:a@b>", "caller<sip:a@b>", "A. G. Bell <sip:a@b>",
                             "\"\" <sip:a@b>", "\"a, <b>; c\"<sip:a@b>", "\"\xd0\xb1\" <sip:a@b>",
                             "token1~` token2'+_ token3*%!.- <sip:a@b>"}) {
        const auto value = parse_name_addr(text);
        ASSERT_TRUE(value) << text;
        EXPECT_EQ(value->uri.text, "sip:a@b");
    }
}

TEST(NameAddr, RefusesWhatNeedsGuessing) {
    for (const char* text : {"",
                             " ",
                             "Bell, Alexander <sip:a@b>",
                             "\"Mr. J. User <sip:a@b>",
                             "\"x\" sip:a@b",
                             "< sip:a@b >",
                             "<sip:a@b",
                             "<>",
                             "sip:a@b>",
                             "<sip:a@b> x",
                             "<sip:a@b>;",
                             "<sip:a@b>;;x",
                             "<sip:a@b>;x=",
                             "<sip:a@b>;=y",
                             "<sip:a@b>;x=\"y",
                             "<sip:a@b>, <sip:c@d>",
                             "sip:a@b?Route=%3Csip:c%3E",
                             "sip:a@b,sip:c@d",
                             "sip:a b@c",
                             "alice",
                             "alice@b"}) {
        EXPECT_FALSE(parse_name_addr(text)) << text;
    }
}

TEST(NameAddr, OfAnUnknownSchemeIsRead) {
    EXPECT_EQ(parse_name_addr("isbn:2983792873")->uri.scheme, Scheme::Other);
    EXPECT_EQ(parse_name_addr("<http://www.example.com>;tag=3")->tag(), "3");
    EXPECT_EQ(parse_name_addr("<tel:+1201;ext=2>")->uri.scheme, Scheme::Tel);
}

// A '%' in a token escapes nothing: only URIs have escapes.
TEST(NameAddr, ParametersOfAHeaderAreNotEscaped) {
    const auto value = parse_name_addr("<sip:a@b>;t%61g=x");
    ASSERT_TRUE(value);
    EXPECT_EQ(value->tag(), std::nullopt);
    EXPECT_EQ(value->parameters.find("t%61g"), "x");
}

TEST(NameAddr, ParametersWithQuotedValuesHideTheirContent) {
    const auto value = parse_name_addr("<sip:a@b>;x=\"a;tag=evil\";tag=good");
    ASSERT_TRUE(value);
    EXPECT_EQ(value->tag(), "good");
    EXPECT_EQ(value->parameters.find("x"), "\"a;tag=evil\"");
}

TEST(NameAddr, ListIsSplitAtCommasOutsideQuotesAndBrackets) {
    const auto list = parse_name_addr_list("\"a,b\" <sip:x,y@h>;p=\"1,2\" ,<sip:c@d>, sip:e@f;q=1");
    ASSERT_TRUE(list);
    ASSERT_EQ(list->size(), 3U);
    EXPECT_EQ((*list)[0].uri.user, "x,y");
    EXPECT_EQ((*list)[1].uri.text, "sip:c@d");
    EXPECT_EQ((*list)[2].parameters.find("q"), "1");
}

TEST(NameAddr, ListHasNoEmptyValuesAndALimit) {
    for (const char* text : {"", ",", "<sip:a@b>,", ",<sip:a@b>", "<sip:a@b>,,<sip:c@d>"}) {
        EXPECT_FALSE(parse_name_addr_list(text)) << text;
    }
    std::string many = "<sip:a@b>";
    for (int i = 1; i < 64; ++i) {
        many += ",<sip:a@b>";
    }
    EXPECT_TRUE(parse_name_addr_list(many));
    const auto too_many = parse_name_addr_list(many + ",<sip:a@b>");
    ASSERT_FALSE(too_many);
    EXPECT_EQ(too_many.error().fault, ParseFault::TooLarge);
}

}  // namespace
}  // namespace ringwall::sip
