// The table of the connections that we opened, or use as ours.
#include "sbc/connections.h"

#include <gtest/gtest.h>

namespace ringwall::sbc {
namespace {

const OpenedConnections::Key one{0, {*IpAddress::parse("192.0.2.9"), 5061}};
const OpenedConnections::Key other{0, {*IpAddress::parse("192.0.2.9"), 5071}};

TEST(OpenedConnections, AreOpenedOnce) {
    OpenedConnections table;
    EXPECT_EQ(table.find_or_open(one, [] { return FlowId{7}; }), FlowId{7});
    EXPECT_EQ(table.find_or_open(one, [] { return FlowId{8}; }), FlowId{7});
}

TEST(OpenedConnections, OneThatServesSeveralTargetsIsGoneForAllOfThem) {
    OpenedConnections table;
    table.find_or_open(one, [] { return FlowId{7}; });
    table.find_or_open(other, [] { return FlowId{7}; });
    table.drop(FlowId{7});
    EXPECT_EQ(table.find_or_open(one, [] { return FlowId{8}; }), FlowId{8});
    EXPECT_EQ(table.find_or_open(other, [] { return FlowId{9}; }), FlowId{9});
}

}  // namespace
}  // namespace ringwall::sbc
