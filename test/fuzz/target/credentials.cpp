// Authorization: what was read, written and read again is the same; nothing proves a password that
// its writer cannot know.
#include "base/check.h"
#include "fuzz/target.h"
#include "sip/auth/digest.h"
#include "sip/auth/nonce_mint.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    const auto credentials = sip::auth::parse_credentials(octets);
    const auto protection = sip::auth::parse_protection(octets);
    if (!credentials) {
        return;
    }
    CHECK(protection && protection->realm == credentials->realm &&
          protection->nonce == credentials->nonce);
    const std::string text = to_string(*credentials);
    const auto again = sip::auth::parse_credentials(text);
    CHECK(again && to_string(*again) == text);
    CHECK(again->username == credentials->username && again->realm == credentials->realm);
    CHECK(again->nonce == credentials->nonce && again->uri == credentials->uri);
    CHECK(again->response == credentials->response && again->opaque == credentials->opaque);
    CHECK(again->cnonce == credentials->cnonce && again->nc == credentials->nc);
    CHECK(again->algorithm == credentials->algorithm && again->qop == credentials->qop);

    const sip::auth::HashedPassword password(credentials->username, credentials->realm,
                                             Secret("x9!kQ27_never in a corpus"));
    CHECK(!sip::auth::verify(*credentials, password, "REGISTER"));

    SeededRandom random(1);
    const sip::auth::NonceMint mint(random);
    CHECK(mint.check(credentials->nonce, credentials->realm, IpAddress::v4(192, 0, 2, 1),
                     WallTime(1h))
              .verdict == sip::auth::NonceMint::Verdict::Forged);
}

}  // namespace ringwall::fuzz
