// WWW-Authenticate: what was read, written and read again is the same, and can be answered.
#include "base/check.h"
#include "fuzz/target.h"
#include "sip/auth/digest.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    const auto challenge = sip::auth::parse_challenge(octets);
    if (!challenge) {
        return;
    }
    const std::string text = to_string(*challenge);
    const auto again = sip::auth::parse_challenge(text);
    CHECK(again && to_string(*again) == text);
    CHECK(again->realm == challenge->realm && again->nonce == challenge->nonce);
    CHECK(again->opaque == challenge->opaque && again->algorithm == challenge->algorithm);
    CHECK(again->qop_auth == challenge->qop_auth && again->stale == challenge->stale);

    SeededRandom random(1);
    const sip::auth::Account account{"alice", Secret("secret")};
    const auto answer =
        sip::auth::answer(*challenge, account, "INVITE", "sip:bob@example.com", 1, random);
    CHECK(answer.realm == challenge->realm && answer.nonce == challenge->nonce);
    const auto received = sip::auth::parse_credentials(to_string(answer));
    CHECK(received);
    CHECK(sip::auth::verify(*received, account, "INVITE"));
    CHECK(!sip::auth::verify(*received, {"alice", Secret("secret ")}, "INVITE"));
}

}  // namespace ringwall::fuzz
