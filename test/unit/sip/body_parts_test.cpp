#include "sip/body_parts.h"

#include <gtest/gtest.h>

namespace ringwall::sip {
namespace {

TEST(BodyParts, AreWhatStandsBetweenDelimiters) {
    const auto parts = body_parts(
        "preamble\r\n--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        "hello\r\n--b\r\n\r\nno header\r\n--b--\r\n");
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_EQ(parts[0].content, "preamble\r\n");
    EXPECT_EQ(parts[1].content_type, "text/plain");
    EXPECT_EQ(parts[1].transfer_encoding, "8bit");
    EXPECT_FALSE(parts[1].is_ambiguous);
    EXPECT_EQ(parts[1].content, "hello\r\n");
    EXPECT_EQ(parts[2].content_type, "");
    EXPECT_EQ(parts[2].content, "no header\r\n");
    EXPECT_TRUE(body_parts("").empty());
}

TEST(BodyParts, HaveHeadersAsSomePeersReadThem) {
    const auto parts = body_parts(
        "--b\nc : application/\n sdp\n\nv=0\n"           // folded, compact, LF alone
        "--b\rContent-Type: a/b\r\rCR alone\r"           // CR alone
        "--b\r\nContent-Type: a/b\r\nv=0\r\n"            // no empty line
        "--b\r\nc: a/b\r\nContent-Type: c/d\r\n\r\nx");  // two types
    ASSERT_EQ(parts.size(), 4U);
    EXPECT_EQ(parts[0].content_type, "application/\n sdp");
    EXPECT_EQ(parts[0].content, "v=0\n");
    EXPECT_EQ(parts[1].content, "CR alone\r");
    EXPECT_EQ(parts[2].content_type, "a/b");
    EXPECT_EQ(parts[2].content, "v=0\r\n");
    EXPECT_TRUE(parts[3].is_ambiguous);
}

}  // namespace
}  // namespace ringwall::sip
