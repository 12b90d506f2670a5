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

}  // namespace
}  // namespace ringwall::sbc::policy
