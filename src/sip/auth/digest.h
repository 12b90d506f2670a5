// Digest authentication (RFC 3261 §22, RFC 7616, RFC 8760): both halves, pure. MD5, SHA-256 and
// SHA-512-256, qop "auth" and "auth-int" (and none for a peer of RFC 2069 where allowed).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "sip/auth/hash.h"
#include "sip/parse_error.h"

namespace ringwall::sip::auth {

std::string_view to_string(Algorithm algorithm);  // "MD5", "SHA-256", "SHA-512-256"

enum class Qop : std::uint8_t { None, Auth, AuthInt };

struct Challenge {
    std::string realm, nonce, opaque;
    Algorithm algorithm = Algorithm::Md5;
    bool qop_auth = false;
    bool qop_auth_int = false;
    bool stale = false;
    bool userhash = false;  // the server understands hashed user names (RFC 7616 §3.4.4)
};

struct Credentials {
    std::string username, realm, nonce, uri, response, opaque, cnonce, nc;
    Algorithm algorithm = Algorithm::Md5;
    Qop qop = Qop::None;
    bool userhash = false;  // `username` is hash_hex(algorithm, username ":" realm)

    std::uint32_t nonce_count() const;  // 0 without qop
};

// One header value. Anything but a well-formed Digest is Fault::BadCredentials; what we do not
// answer or check too (another algorithm, another qop): RFC 8760 §2.4, ignore it. Quoted strings
// are given without quotes and escapes; unknown parameters are skipped.
Result<Challenge, ParseError> parse_challenge(std::string_view value);
Result<Credentials, ParseError> parse_credentials(std::string_view value);
// What a Digest challenge or proof is for, whatever its algorithm.
struct Protection {
    std::string realm, nonce;
};
Result<Protection, ParseError> parse_protection(std::string_view value);
std::string to_string(const Challenge& challenge);
std::string to_string(const Credentials& credentials);

// What a server has to know of a password: H(username:realm:password) for each algorithm (the
// session value "HA1"). As secret as the password, but for other realms.
class HashedPassword {
public:
    HashedPassword() = default;  // none: nothing proves it
    // An empty password is none.
    HashedPassword(std::string_view username, std::string_view realm, const Secret& password);

    // Of what was kept: one that is empty proves nothing with that algorithm.
    using ByAlgorithm = std::array<Secret, algorithm_count>;
    explicit HashedPassword(ByAlgorithm kept) : by_algorithm_(std::move(kept)) {}

    bool empty() const {
        return std::ranges::all_of(by_algorithm_, [](const Secret& each) { return each.empty(); });
    }
    const Secret& of(Algorithm algorithm) const {
        return by_algorithm_[static_cast<std::size_t>(algorithm)];
    }
    bool operator==(const HashedPassword&) const = default;

private:
    ByAlgorithm by_algorithm_;
};

// What proves who we are: a password, or what is known of it for one realm.
struct Account {
    std::string username;
    Secret password;
    std::string realm = {};      // empty: any
    HashedPassword hashed = {};  // in place of the password, for `realm` and no other
};

// The client's half, for the request with this method, Request-URI and body. `nonce_count` starts
// at 1 for each nonce. Of two kinds of qop "auth" is taken: bodies are changed on the way.
Credentials answer(const Challenge& challenge, const Account& account, std::string_view method,
                   std::string_view uri, std::uint32_t nonce_count, Random& random,
                   std::string_view body = {});

// True when `credentials` prove the password for a request with this method and body. The
// comparison takes the same time for every wrong answer. The caller checks realm, username,
// algorithm, nonce and uri.
bool verify(const Credentials& credentials, const HashedPassword& password, std::string_view method,
            std::string_view body = {});

// The same for one after another: it keeps the contexts of the hashes, and of the last request the
// hash of method and uri, which many phones have in common.
class Verifier {
public:
    bool verify(const Credentials& credentials, const HashedPassword& password,
                std::string_view method, std::string_view body = {});
    std::uint64_t count() const { return count_; }  // of responses that were computed

private:
    struct Kept {
        explicit Kept(Algorithm algorithm) : hash(algorithm) {}
        Hasher hash;
        std::string method, uri;
        HexDigest ha2;  // of these
    };
    std::array<std::optional<Kept>, algorithm_count> by_algorithm_;
    std::uint64_t count_ = 0;
};

}  // namespace ringwall::sip::auth
