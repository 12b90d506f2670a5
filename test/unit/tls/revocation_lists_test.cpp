#include "tls/revocation_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_pki.h"

namespace ringwall::tls {
namespace {

using namespace test;

TEST(RevocationLists, AreOfWhoeverSignedThem) {
    const TestAuthority one("One");
    const TestAuthority two("Two");
    const auto listed_by = [&](const std::string& lists) {
        std::vector<std::string> out;
        for (const Authority& each : authorities(one.certificate() + two.certificate(), lists)) {
            if (each.listed) {
                out.push_back(each.name);
            }
        }
        return out;
    };
    EXPECT_THAT(listed_by(""), testing::IsEmpty());
    EXPECT_THAT(listed_by(two.revoke({})), testing::ElementsAre("CN=Two"));
    EXPECT_THAT(listed_by(two.revoke({}) + one.revoke({})),
                testing::ElementsAre("CN=One", "CN=Two"));
    EXPECT_THAT(listed_by(TestAuthority("One").revoke({})), testing::IsEmpty());
    EXPECT_THAT(listed_by("no list"), testing::IsEmpty());
}

TEST(RevocationLists, TheNewestOfAnAuthorityCounts) {
    const TestAuthority one("One");
    const WallTime end = new_year + std::chrono::days(30);
    const auto listed = [&](const std::string& lists) {
        return authorities(one.certificate(), lists).at(0).listed;
    };
    const std::string before = one.revoke({}, end, new_year - std::chrono::days(9));
    EXPECT_EQ(listed(before), new_year - std::chrono::days(9));
    EXPECT_EQ(listed(one.revoke({}, end, new_year) + before), new_year);
}

TEST(RevocationLists, TheFirstThatEndsIsNamed) {
    const TestAuthority one("One");
    EXPECT_EQ(next_update(one.revoke({}, new_year + std::chrono::days(40)) + one.revoke({})),
              new_year + std::chrono::days(30));
    EXPECT_EQ(next_update(""), std::nullopt);
}

}  // namespace
}  // namespace ringwall::tls
