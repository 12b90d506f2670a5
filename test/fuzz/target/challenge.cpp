// WWW-Authenticate: what was read, written and read again is the same, and can be answered.
#include "base/check.h"
#include "fuzz/target.h"
#include "sip/auth/digest.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    const auto challenge = sip::auth::parse_challenge(octets);
    const auto protection = sip::auth::parse_protection(octets);
    if (!challenge) {
        return;
    }
    CHECK(protection && protection->realm == challenge->realm &&
          protection->nonce == challenge->nonce);
    const std::string text = to_string(*challenge);
    const auto again = sip::auth::parse_challenge(text);
    CHECK(again && to_string(*again) == text);
    CHECK(again->realm == challenge->realm && again->nonce == challenge->nonce);
    CHECK(again->opaque == challenge->opaque && again->algorithm == challenge->algorithm);
    CHECK(again->qop_auth == challenge->qop_auth &&
          again->qop_auth_int == challenge->qop_auth_int && again->stale == challenge->stale);

    SeededRandom random(1);
    const sip::auth::Account account{"alice", Secret("secret")};
    const auto answer =
        sip::auth::answer(*challenge, account, "INVITE", "sip:bob@example.com", 1, random);
    CHECK(answer.realm == challenge->realm && answer.nonce == challenge->nonce);
    const auto received = sip::auth::parse_credentials(to_string(answer));
    CHECK(received);
    const auto proves = [&](std::string_view password) {
        const sip::auth::HashedPassword known("alice", challenge->realm,
                                              Secret(std::string(password)));
        return sip::auth::verify(*received, known, "INVITE");
    };
    CHECK(proves("secret"));
    CHECK(!proves("secret "));
}

}  // namespace ringwall::fuzz
