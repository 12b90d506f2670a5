#include "sbc/policy/carried.h"

#include <gtest/gtest.h>

namespace ringwall::sbc::policy {
namespace {

// Settled: a phone's challenge in relay mode goes on to that registrar's adjacency only (leaf),
// never to another caller.
TEST(Challenges, OfAPhonePassToTheRegistrarBehindUsAlone) {
    Adjacency phones;
    EXPECT_FALSE(carries_challenges(phones, 1));
    phones.passes_challenges = true;
    EXPECT_FALSE(carries_challenges(phones, 1)) << "there is no registrar";
    phones.registration_target = 1;
    EXPECT_TRUE(carries_challenges(phones, 1));
    EXPECT_FALSE(carries_challenges(phones, 0));
    phones.passes_challenges = false;
    EXPECT_FALSE(carries_challenges(phones, 1));
}

TEST(Challenges, APhonesProofIsForTheRegistrarOfItsDomainOrOneThatAsked) {
    EXPECT_TRUE(is_for_registrar("Example.com", "example.com", false));
    EXPECT_TRUE(is_for_registrar("asterisk", "example.com", true));
    EXPECT_FALSE(is_for_registrar("asterisk", "example.com", false));
}

// Settled: an untrusted caller gets the same answer for known and unknown users.
TEST(WhoExists, IsNotToldToUntrustedCallersByARegistrarBehindUs) {
    Snapshot snapshot;
    constexpr AdjacencyIndex phones = 0, registrar = 1, outside = 2, trunk = 3, desks = 4;
    snapshot.adjacencies.resize(5);
    snapshot.adjacencies[phones].security = Security::TrustedEncrypted;
    snapshot.adjacencies[phones].registration_target = registrar;
    snapshot.adjacencies[registrar].security = Security::TrustedUnencrypted;
    snapshot.adjacencies[outside].security = Security::Untrusted;
    snapshot.adjacencies[trunk].security = Security::Untrusted;
    snapshot.adjacencies[desks].security = Security::Untrusted;
    snapshot.adjacencies[desks].registration_target = registrar;
    for (const int status : {302, 401, 403, 404, 408, 410, 430, 480, 484, 485, 500, 503, 604}) {
        for (const bool has_rung : {false, true}) {
            EXPECT_TRUE(tells_who_exists(snapshot, outside, registrar, status, has_rung)) << status;
            EXPECT_TRUE(tells_who_exists(snapshot, desks, registrar, status, has_rung)) << status;
            EXPECT_FALSE(tells_who_exists(snapshot, phones, registrar, status, has_rung));
            EXPECT_FALSE(tells_who_exists(snapshot, outside, trunk, status, has_rung));
            EXPECT_FALSE(tells_who_exists(snapshot, registrar, phones, status, has_rung));
        }
    }
    for (const int status : {421, 422}) {
        EXPECT_FALSE(tells_who_exists(snapshot, outside, registrar, status, false)) << status;
    }
    for (const int status : {486, 488, 600, 603, 606}) {
        EXPECT_TRUE(tells_who_exists(snapshot, outside, registrar, status, false)) << status;
        EXPECT_FALSE(tells_who_exists(snapshot, outside, registrar, status, true)) << status;
        EXPECT_FALSE(tells_who_exists(snapshot, desks, registrar, status, false)) << status;
    }
}

// docs/decisions/0084.
TEST(WhoExists, IsNotToldToUntrustedCallersByAPhoneThatHasNotRung) {
    Snapshot snapshot;
    constexpr AdjacencyIndex phones = 0, desks = 1, softswitch = 2, outside = 3, behind = 4;
    snapshot.adjacencies.resize(5);
    for (const AdjacencyIndex each : {phones, desks, behind}) {
        snapshot.adjacencies[each].profile = Profile::Access;
    }
    snapshot.adjacencies[phones].security = Security::TrustedEncrypted;
    snapshot.adjacencies[softswitch].security = Security::TrustedUnencrypted;
    snapshot.adjacencies[behind].registration_target = outside;
    for (const int status : {302, 401, 404, 408, 410, 480, 486, 488, 500, 503, 600, 603, 604}) {
        for (const AdjacencyIndex called : {phones, desks}) {
            EXPECT_TRUE(tells_who_exists(snapshot, outside, called, status, false)) << status;
            EXPECT_FALSE(tells_who_exists(snapshot, outside, called, status, true)) << status;
            EXPECT_FALSE(tells_who_exists(snapshot, softswitch, called, status, false)) << status;
            EXPECT_FALSE(tells_who_exists(snapshot, phones, called, status, false)) << status;
        }
        EXPECT_FALSE(tells_who_exists(snapshot, outside, softswitch, status, false)) << status;
        // Their registrar calls them, and knows.
        EXPECT_FALSE(tells_who_exists(snapshot, outside, behind, status, false)) << status;
    }
    for (const int status : {421, 422}) {
        EXPECT_FALSE(tells_who_exists(snapshot, outside, phones, status, false)) << status;
    }
    for (const int status : {302, 486, 488, 600, 603, 606}) {
        EXPECT_FALSE(tells_who_exists(snapshot, desks, desks, status, false)) << status;
    }
    for (const int status : {404, 408, 480, 500, 604}) {
        EXPECT_TRUE(tells_who_exists(snapshot, desks, desks, status, false)) << status;
    }
}

}  // namespace
}  // namespace ringwall::sbc::policy
