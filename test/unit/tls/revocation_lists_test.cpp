#include "tls/revocation_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_pki.h"

namespace ringwall::tls {
namespace {

using namespace test;
using ::testing::ElementsAre;

TEST(RevocationLists, AreOfWhoeverSignedThem) {
    const TestAuthority one("One");
    const TestAuthority two("Two");
    const auto read = [&](const std::string& lists) {
        return read_revocations(one.certificate() + two.certificate(), lists);
    };
    const auto listed = [&](const Revocations& revocations) {
        std::vector<bool> out;
        for (const std::string& anchor : revocations.anchors) {
            out.push_back(revocations.find(anchor) != nullptr);
        }
        return out;
    };
    EXPECT_THAT(listed(read("")), ElementsAre(false, false));
    EXPECT_THAT(listed(read("no list")), ElementsAre(false, false));
    EXPECT_THAT(listed(read(two.revoke({}))), ElementsAre(false, true));
    const Revocations both = read(two.revoke({}) + one.revoke({}));
    EXPECT_THAT(listed(both), ElementsAre(true, true));
    EXPECT_EQ(both.find(both.anchors[0])->issuer, "CN=One");
    EXPECT_EQ(both.pretender, "");
    EXPECT_TRUE(both.has_list_of_anchor());
}

TEST(RevocationLists, OfNobodyWhoIsTrustedAreOfWhomTheyName) {
    const TestAuthority one("One");
    const TestAuthority below = one.below("Below");
    const Revocations of_below = read_revocations(one.certificate(), below.revoke({}));
    EXPECT_FALSE(of_below.has_list_of_anchor());
    EXPECT_EQ(of_below.pretender, "");
    ASSERT_EQ(of_below.lists.size(), 1U);
    EXPECT_EQ(of_below.lists[0].issuer, "CN=Below");
    EXPECT_FALSE(of_below.is_anchor(of_below.lists[0].signer));
    const Revocations of_another =
        read_revocations(one.certificate(), one.revoke({}) + TestAuthority("One").revoke({}));
    EXPECT_TRUE(of_another.has_list_of_anchor());
    EXPECT_EQ(of_another.pretender, "CN=One");
    EXPECT_EQ(of_another.lists.size(), 2U);
}

TEST(RevocationLists, TheNewestOfASignerCounts) {
    const TestAuthority one("One");
    const WallTime end = new_year + std::chrono::days(30);
    const auto list = [&](const std::string& lists) {
        return read_revocations(one.certificate(), lists).lists.at(0);
    };
    const std::string before = one.revoke({}, end, new_year - std::chrono::days(9));
    EXPECT_EQ(list(before).made, new_year - std::chrono::days(9));
    const RevocationList newest = list(one.revoke({}, end, new_year) + before);
    EXPECT_EQ(newest.made, new_year);
    EXPECT_TRUE(newest.counts_at(new_year));
    EXPECT_FALSE(newest.counts_at(new_year - std::chrono::seconds(1)));
    EXPECT_FALSE(newest.counts_at(end));
}

TEST(RevocationLists, TheFirstThatEndsIsNamed) {
    const TestAuthority one("One");
    EXPECT_EQ(next_update(one.revoke({}, new_year + std::chrono::days(40)) + one.revoke({})),
              new_year + std::chrono::days(30));
    EXPECT_EQ(next_update(""), std::nullopt);
}

}  // namespace
}  // namespace ringwall::tls
