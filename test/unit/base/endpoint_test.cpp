#include "base/endpoint.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace ringwall {
namespace {

TEST(IpAddress, ParsesBothFamiliesWithAndWithoutBrackets) {
    EXPECT_EQ(IpAddress::parse("192.0.2.1"), IpAddress::v4(192, 0, 2, 1));
    const auto v6 = IpAddress::parse("2001:db8::1");
    ASSERT_TRUE(v6);
    EXPECT_EQ(v6->family, IpAddress::Family::V6);
    EXPECT_EQ(IpAddress::parse("[2001:DB8:0:0::1]"), v6);
    EXPECT_EQ(v6->to_string(), "2001:db8::1");
}

TEST(IpAddress, RefusesWhatIsNoLiteral) {
    for (const char* text :
         {"", "host", "192.0.2", "192.0.2.256", "192.0.2.1 ", "[192.0.2.1]", "[2001:db8::1",
          "2001:db8::1]", "2001:db8:::1", "1.2.3.4.5", "fe80::1%eth0"}) {
        EXPECT_FALSE(IpAddress::parse(text)) << text;
    }
    EXPECT_FALSE(IpAddress::parse(std::string(100, '1')));
}

TEST(IpAddress, KnowsAddressesThatNobodyMayBeSentTo) {
    EXPECT_TRUE(IpAddress::parse("0.0.0.0")->is_unspecified());
    EXPECT_TRUE(IpAddress::parse("::")->is_unspecified());
    for (const char* text : {"255.255.255.255", "224.0.0.1", "ff02::1"}) {
        EXPECT_TRUE(IpAddress::parse(text)->is_broadcast_or_multicast()) << text;
    }
    EXPECT_FALSE(IpAddress::parse("223.255.255.255")->is_broadcast_or_multicast());
    EXPECT_FALSE(IpAddress::parse("fe80::1")->is_broadcast_or_multicast());
}

TEST(Network, ContainsByPrefix) {
    const Network network{*IpAddress::parse("192.0.2.128"), 25};
    EXPECT_TRUE(network.contains(*IpAddress::parse("192.0.2.129")));
    EXPECT_FALSE(network.contains(*IpAddress::parse("192.0.2.127")));
    EXPECT_FALSE(network.contains(*IpAddress::parse("2001:db8::1")));
    EXPECT_TRUE((Network{IpAddress{}, 0}.contains(*IpAddress::parse("203.0.113.9"))));
    const Network one{*IpAddress::parse("2001:db8::1"), 128};
    EXPECT_TRUE(one.contains(*IpAddress::parse("2001:db8::1")));
    EXPECT_FALSE(one.contains(*IpAddress::parse("2001:db8::2")));
}

TEST(Endpoint, PrintsIpv6InBracketsAndHashesByValue) {
    const Endpoint v4{IpAddress::v4(192, 0, 2, 1), 5060};
    const Endpoint v6{*IpAddress::parse("2001:db8::1"), 5061};
    EXPECT_EQ(v4.to_string(), "192.0.2.1:5060");
    EXPECT_EQ(v6.to_string(), "[2001:db8::1]:5061");
    const std::unordered_set<Endpoint> set{v4, v6, v4};
    EXPECT_EQ(set.size(), 2U);
}

}  // namespace
}  // namespace ringwall
