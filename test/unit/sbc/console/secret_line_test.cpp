#include "sbc/console/secret_line.h"

#include <gmock/gmock.h>

namespace ringwall::sbc::console {
namespace {

TEST(SecretLine, IsOneThatMayHoldASecret) {
    for (const char* line :
         {"password hidden", "  password hidden", "no password", "passw hidden", "p hidden",
          "Password hidden", "\"password\" hidden", "do password hidden",
          "authentication-realm outbound example.com ringwall hidden",
          "authentication o x y hidden", "a o x y hidden", "password \"not closed"}) {
        EXPECT_TRUE(may_hold_secret(line)) << line;
    }
}

TEST(SecretLine, IsNotAnyOther) {
    for (const char* line : {"", "show calls", "attach", "adjacency sip office",
                             "description \"a b\"", "tls certificate passwords.crt"}) {
        EXPECT_FALSE(may_hold_secret(line)) << line;
    }
}

}  // namespace
}  // namespace ringwall::sbc::console
