#include "sip/auth/hash.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace ringwall::sip::auth {
namespace {

// RFC 1321 §A.5 and FIPS 180-2 §B.1.
TEST(Hash, IsOfItsPartsSideBySide) {
    EXPECT_EQ(hash_hex(Algorithm::Md5, {"abc"}), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(hash_hex(Algorithm::Md5, {"a", "", "bc"}), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(hash_hex(Algorithm::Md5, {}), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(hash_hex(Algorithm::Sha256, {"ab", "c"}),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// RFC 4231 §4.3.
TEST(Hash, IsKeyedAsHmac) {
    EXPECT_EQ(hex(HmacSha256("Jefe")("what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Hash, IsComparedWhole) {
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
    EXPECT_FALSE(equal_in_constant_time("", "a"));
}

}  // namespace
}  // namespace ringwall::sip::auth
