#include "sip/header/via.h"

#include <gtest/gtest.h>

namespace ringwall::sip {
namespace {

TEST(Via, HasItsParts) {
    const auto via = parse_via("SIP/2.0/TLS host.example.com:5061;branch=z9hG4bKabc;rport");
    ASSERT_TRUE(via);
    EXPECT_EQ(via->transport, Transport::Tls);
    EXPECT_EQ(via->transport_text, "TLS");
    EXPECT_EQ(via->host, "host.example.com");
    EXPECT_EQ(via->port, 5061);
    EXPECT_EQ(via->branch(), "z9hG4bKabc");
    EXPECT_TRUE(via->has_rfc3261_branch());
    EXPECT_TRUE(via->parameters.has("rport"));
    EXPECT_EQ(via->rport(), std::nullopt);
    EXPECT_EQ(via->received(), std::nullopt);
}

// RFC 4475 §3.1.1.1
TEST(Via, MayHaveBlanksAroundEverySeparator) {
    const auto via =
        parse_via("SIP  / 2.0  / TCP     spindle.example.com  :  5060  ; branch  =   z9hG4bK9ikj8");
    ASSERT_TRUE(via);
    EXPECT_EQ(via->transport, Transport::Tcp);
    EXPECT_EQ(via->host, "spindle.example.com");
    EXPECT_EQ(via->port, 5060);
    EXPECT_EQ(via->branch(), "z9hG4bK9ikj8");
}

TEST(Via, MayNameATransportThatWeDoNotSpeak) {
    const auto via = parse_via("SIP/2.0/TLS-SCTP h");
    ASSERT_TRUE(via);
    EXPECT_EQ(via->transport, std::nullopt);
    EXPECT_EQ(via->transport_text, "TLS-SCTP");
}

// RFC 5118 §4.5: "received" of an IPv6 sender with and without brackets.
TEST(Via, ReadsIpv6) {
    for (const char* text :
         {"SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3",
          "SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3"}) {
        const auto via = parse_via(text);
        ASSERT_TRUE(via) << text;
        EXPECT_EQ(via->host, "[2001:db8::9:1]");
        EXPECT_EQ(via->received(), IpAddress::parse("2001:db8::9:255"));
        EXPECT_EQ(via->branch(), "z9hG4bKas3");
    }
}

TEST(Via, OfRfc2543HasNoBranch) {
    const auto via = parse_via("SIP/2.0/UDP iftgw.example.com");
    ASSERT_TRUE(via);
    EXPECT_EQ(via->branch(), "");
    EXPECT_FALSE(via->has_rfc3261_branch());
    EXPECT_FALSE(parse_via("SIP/2.0/UDP h;branch=390skdjuw")->has_rfc3261_branch());
    EXPECT_FALSE(parse_via("SIP/2.0/UDP h;branch=z9hG4bK")->has_rfc3261_branch());
}

TEST(Via, RefusesWhatTheGrammarDoesNotGive) {
    for (const char* text : {"",
                             "SIP/2.0/UDP",
                             "SIP/2.0/UDP ",
                             "SIP/2.0 h",
                             "SIP/7.0/UDP h",
                             "HTTP/2.0/UDP h",
                             "SIP/2.0/ h",
                             "SIP/2.0/UDPh",
                             "SIP/2.0/UDP 192.0.2.15;;,;,,",
                             "SIP/2.0/UDP h;",
                             "SIP/2.0/UDP h:",
                             "SIP/2.0/UDP h:0",
                             "SIP/2.0/UDP h:65536",
                             "SIP/2.0/UDP h:5060x",
                             "SIP/2.0/UDP h branch=x",
                             "SIP/2.0/UDP h;branch=",
                             "SIP/2.0/UDP h;branch=a b",
                             "SIP/2.0/UDP h;branch=\"a",
                             "SIP/2.0/UDP h, SIP/2.0/UDP g",
                             "SIP/2.0/UDP 1.2.3.400",
                             "SIP/2.0/UDP 2001:db8::1",
                             "SIP/2.0/UDP [2001:db8::1",
                             "SIP/2.0/UDP <h>"}) {
        const auto via = parse_via(text);
        ASSERT_FALSE(via) << text;
        EXPECT_EQ(via.error().fault, ParseFault::BadVia) << text;
    }
}

}  // namespace
}  // namespace ringwall::sip
