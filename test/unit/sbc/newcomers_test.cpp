// Connections of which nobody knows yet whose they are, and the sources of which one was known.
#include <gtest/gtest.h>

#include "sbc/shared.h"

namespace ringwall::sbc {
namespace {

// In 10.0.0.0/8.
Endpoint endpoint(std::uint32_t number, std::uint16_t port = 1) {
    IpAddress address;
    address.bytes[0] = 10;
    address.bytes[1] = static_cast<std::uint8_t>(number >> 16U);
    address.bytes[2] = static_cast<std::uint8_t>(number >> 8U);
    address.bytes[3] = static_cast<std::uint8_t>(number);
    return {address, port};
}

TEST(Newcomers, WhoWasMadeKnownIsKnownThere) {
    Newcomers newcomers;
    ASSERT_TRUE(newcomers.admit(0, endpoint(1)));
    EXPECT_FALSE(newcomers.has_known(0, endpoint(1).address));
    newcomers.make_known(0, endpoint(1));
    EXPECT_FALSE(newcomers.contains(0, endpoint(1)));
    EXPECT_TRUE(newcomers.has_known(0, endpoint(1).address));
    EXPECT_FALSE(newcomers.has_known(1, endpoint(1).address)) << "at another door";
    EXPECT_FALSE(newcomers.has_known(0, endpoint(2).address));
}

TEST(Newcomers, WhoWasClosedIsNot) {
    Newcomers newcomers;
    ASSERT_TRUE(newcomers.admit(0, endpoint(1)));
    newcomers.remove(0, endpoint(1));
    newcomers.make_known(0, endpoint(1));
    EXPECT_FALSE(newcomers.has_known(0, endpoint(1).address));
    ASSERT_TRUE(newcomers.admit(0, endpoint(1, 2)));
    newcomers.make_known(0, endpoint(1, 3));
    EXPECT_FALSE(newcomers.has_known(0, endpoint(1).address));
    EXPECT_TRUE(newcomers.contains(0, endpoint(1, 2)));
}

TEST(Newcomers, OfTooManyTheOneGoesThatWasMadeKnownLongestAgo) {
    Newcomers newcomers;
    const auto know = [&](std::uint32_t number) {
        ASSERT_TRUE(newcomers.admit(0, endpoint(number)));
        newcomers.make_known(0, endpoint(number));
    };
    for (std::uint32_t i = 0; i < Newcomers::max_known_sources; ++i) know(i);
    know(0);  // again
    know(Newcomers::max_known_sources);
    EXPECT_TRUE(newcomers.has_known(0, endpoint(0).address));
    EXPECT_FALSE(newcomers.has_known(0, endpoint(1).address));
    EXPECT_TRUE(newcomers.has_known(0, endpoint(2).address));
    EXPECT_TRUE(newcomers.has_known(0, endpoint(Newcomers::max_known_sources).address));
}

}  // namespace
}  // namespace ringwall::sbc
