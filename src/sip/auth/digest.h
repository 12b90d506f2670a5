// Digest authentication (RFC 3261 §22, RFC 7616, RFC 8760): both halves, pure. MD5 and SHA-256,
// qop "auth" (and none for a peer of RFC 2069 where allowed).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "sip/auth/hash.h"
#include "sip/parse_error.h"

namespace ringwall::sip::auth {

std::string_view to_string(Algorithm algorithm);  // "MD5", "SHA-256"

struct Challenge {
    std::string realm, nonce, opaque;
    Algorithm algorithm = Algorithm::Md5;
    bool qop_auth = false;
    bool stale = false;
};

struct Credentials {
    std::string username, realm, nonce, uri, response, opaque, cnonce, nc;
    Algorithm algorithm = Algorithm::Md5;
    bool qop_auth = false;
};

// One header value. Anything but a well-formed Digest is Fault::BadCredentials; what we do not
// answer or check too (another algorithm, qop without "auth", hashed user names): RFC 8760 §2.4,
// ignore it. Quoted strings are given without quotes and escapes; unknown parameters are skipped.
Result<Challenge, ParseError> parse_challenge(std::string_view value);
Result<Credentials, ParseError> parse_credentials(std::string_view value);
std::string to_string(const Challenge& challenge);
std::string to_string(const Credentials& credentials);

struct Account {
    std::string username;
    Secret password;
};

// The client's half: the topmost challenge that we can answer (RFC 8760 §2.4), for the request with
// this method and Request-URI. `nonce_count` starts at 1 for each nonce.
Credentials answer(const Challenge& challenge, const Account& account, std::string_view method,
                   std::string_view uri, std::uint32_t nonce_count, Random& random);

// True when `credentials` prove the password for a request with this method. The comparison takes
// the same time for every wrong answer. The caller checks realm, username, algorithm, nonce and
// uri.
bool verify(const Credentials& credentials, const Account& account, std::string_view method);

// Stateless nonces: time, and a keyed hash over time, realm and source, so that one made here for
// this source can be told from any other without keeping it.
class NonceMint {
public:
    explicit NonceMint(Random& random, Duration lifetime = 300s);

    std::string make(std::string_view realm, const IpAddress& source, WallTime now,
                     Random& random) const;
    enum class Verdict : std::uint8_t { Good, Stale, Forged };
    Verdict check(std::string_view nonce, std::string_view realm, const IpAddress& source,
                  WallTime now) const;

private:
    Secret key_;
    Duration lifetime_;
};

}  // namespace ringwall::sip::auth
