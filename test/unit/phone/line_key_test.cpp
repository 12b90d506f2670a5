#include "phone/line_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::phone {
namespace {

using ::testing::HasSubstr;

TEST(LineKey, WatchesCallsAndPicksUp) {
    const auto key = parse_extended_function("fnc=blf+sd+cp; sub=201@$PROXY; nme=Alice");
    ASSERT_TRUE(key) << key.error();
    EXPECT_TRUE(key->watches && key->dials && key->picks_up);
    EXPECT_EQ(key->address, "201@$PROXY");
    EXPECT_EQ(key->name, "Alice");
    EXPECT_EQ(key->line, 0U);
}

// usr is the line; sub may be a list of the server's.
TEST(LineKey, IsOfOneLine) {
    const auto key = parse_extended_function("fnc=blf;sub=list7@$PROXY;usr=202@$PROXY;vid=2");
    ASSERT_TRUE(key) << key.error();
    EXPECT_FALSE(key->dials || key->picks_up);
    EXPECT_EQ(key->address, "202@$PROXY");
    EXPECT_EQ(key->name, "202");
    EXPECT_EQ(key->line, 2U);
}

TEST(LineKey, SaysWhatIsWrong) {
    const auto fault = [](const char* value) { return parse_extended_function(value).error(); };
    EXPECT_THAT(fault("fnc=prk;sub=1@x"), HasSubstr("\"prk\""));
    EXPECT_THAT(fault("fnc=blf;who=1@x"), HasSubstr("\"who\""));
    EXPECT_THAT(fault("fnc=blf;sub=1@x;vid=zero"), HasSubstr("vid"));
    EXPECT_THAT(fault("fnc=blf"), HasSubstr("it is like"));
    EXPECT_THAT(fault("fnc=cp;sub=1@x"), HasSubstr("it is like"));
}

}  // namespace
}  // namespace ringwall::phone
