#include "tls/ticket_keys.h"

#include <gtest/gtest.h>

namespace ringwall::tls {
namespace {

// In the middle of an hour.
constexpr WallTime noon{std::chrono::seconds(1'767'225'600) + std::chrono::minutes(30)};

TicketKeys::Secret secret(std::uint8_t filling) {
    TicketKeys::Secret made{};
    made.fill(filling);
    return made;
}

TEST(TicketKeys, AreTheSameWithinAnHourAndThenOthers) {
    const TicketKeys keys(secret(1));
    const auto now = keys.newest(noon);
    EXPECT_EQ(now.name, keys.newest(noon + std::chrono::minutes(29)).name);
    EXPECT_EQ(now.cipher, keys.newest(noon + std::chrono::minutes(29)).cipher);
    const auto later = keys.newest(noon + std::chrono::minutes(31));
    EXPECT_NE(now.name, later.name);
    EXPECT_NE(now.cipher, later.cipher);
    EXPECT_NE(now.mac, later.mac);
    EXPECT_NE(now.cipher, now.mac);
}

TEST(TicketKeys, OpenForAnHourAfterTheyWereReplaced) {
    const TicketKeys keys(secret(1));
    const auto sealed = keys.newest(noon);
    for (const auto after : {std::chrono::minutes(0), std::chrono::minutes(89)}) {
        const auto found = keys.find(sealed.name, noon + after);
        ASSERT_TRUE(found) << after.count();
        EXPECT_EQ(found->cipher, sealed.cipher);
        EXPECT_EQ(found->mac, sealed.mac);
    }
    EXPECT_FALSE(keys.find(sealed.name, noon + std::chrono::minutes(91)));
    EXPECT_FALSE(keys.find(sealed.name, noon - std::chrono::minutes(60)));  // of the future
}

TEST(TicketKeys, OfAnotherContextAreUnknown) {
    const TicketKeys keys(secret(1));
    const TicketKeys others(secret(2));
    EXPECT_FALSE(keys.find(others.newest(noon).name, noon));
    EXPECT_NE(keys.newest(noon).cipher, others.newest(noon).cipher);
}

}  // namespace
}  // namespace ringwall::tls
