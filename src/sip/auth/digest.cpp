#include "sip/auth/digest.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/text.h"

namespace ringwall::sip::auth {
namespace {

// RFC 7616 §3.4.2.
std::string ha1_of(Algorithm algorithm, std::string_view username, std::string_view realm,
                   const Secret& password) {
    return hash_hex(algorithm, {username, ":", realm, ":", password.reveal()});  // into A1
}

// RFC 7616 §3.4.3.
HexDigest ha2_of(Hasher& hash, const Credentials& c, std::string_view method,
                 std::string_view body) {
    return c.qop == Qop::AuthInt ? hash({method, ":", c.uri, ":", hash({body})})
                                 : hash({method, ":", c.uri});
}

// RFC 7616 §3.4.1; without qop as in RFC 2069.
HexDigest response_of(Hasher& hash, const Credentials& c, std::string_view ha1,
                      std::string_view ha2) {
    if (c.qop == Qop::None) {
        return hash({ha1, ":", c.nonce, ":", ha2});
    }
    const std::string_view qop = c.qop == Qop::AuthInt ? "auth-int" : "auth";
    return hash({ha1, ":", c.nonce, ":", c.nc, ":", c.cnonce, ":", qop, ":", ha2});
}

// In any case. Takes as long whatever the digits are.
bool is_digest(std::string_view text, const HexDigest& digest) {
    const std::size_t length = digest.text().size();
    if (text.size() != length) {
        return false;
    }
    std::array<char, 2 * largest_digest> small{};
    std::ranges::transform(text, small.begin(), to_lower);
    return equal_in_constant_time({small.data(), length}, digest);
}

}  // namespace

std::string_view to_string(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::Md5:
            return "MD5";
        case Algorithm::Sha256:
            return "SHA-256";
        case Algorithm::Sha512t256:
            return "SHA-512-256";
    }
    return "?";
}

std::uint32_t Credentials::nonce_count() const {
    std::uint32_t count = 0;
    std::from_chars(nc.data(), nc.data() + nc.size(), count, 16);
    return count;
}

HashedPassword::HashedPassword(std::string_view username, std::string_view realm,
                               const Secret& password) {
    if (password.empty()) {
        return;
    }
    for (const auto algorithm : {Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512t256}) {
        by_algorithm_[static_cast<std::size_t>(algorithm)] =
            Secret(ha1_of(algorithm, username, realm, password));
    }
}

Credentials answer(const Challenge& challenge, const Account& account, std::string_view method,
                   std::string_view uri, std::uint32_t nonce_count, Random& random,
                   std::string_view body) {
    Credentials c;
    c.userhash = challenge.userhash;
    c.username = c.userhash
                     ? hash_hex(challenge.algorithm, {account.username, ":", challenge.realm})
                     : account.username;
    c.realm = challenge.realm;
    c.nonce = challenge.nonce;
    c.uri = uri;
    c.opaque = challenge.opaque;
    c.algorithm = challenge.algorithm;
    if (challenge.qop_auth || challenge.qop_auth_int) {
        c.qop = challenge.qop_auth ? Qop::Auth : Qop::AuthInt;
        std::array<char, 9> count{};
        std::snprintf(count.data(), count.size(), "%08x", static_cast<unsigned>(nonce_count));
        c.nc = count.data();
        c.cnonce = random.token(22);
    }
    const Secret ha1 =
        account.hashed.empty()
            ? Secret(ha1_of(c.algorithm, account.username, c.realm, account.password))
            : account.hashed.of(c.algorithm);
    Hasher hash(c.algorithm);
    c.response = response_of(hash, c, ha1.reveal(), ha2_of(hash, c, method, body))
                     .text();  // into the response
    return c;
}

bool verify(const Credentials& credentials, const HashedPassword& password, std::string_view method,
            std::string_view body) {
    return Verifier().verify(credentials, password, method, body);
}

bool Verifier::verify(const Credentials& credentials, const HashedPassword& password,
                      std::string_view method, std::string_view body) {
    const Secret& ha1 = password.of(credentials.algorithm);
    if (ha1.empty()) {
        return false;
    }
    ++count_;
    auto& kept = by_algorithm_[static_cast<std::size_t>(credentials.algorithm)];
    if (!kept) {
        kept.emplace(credentials.algorithm);
    }
    HexDigest ha2 = kept->ha2;
    if (credentials.qop == Qop::AuthInt) {
        ha2 = ha2_of(kept->hash, credentials, method, body);
    } else if (kept->uri != credentials.uri || kept->method != method) {
        ha2 = kept->ha2 = ha2_of(kept->hash, credentials, method, body);
        kept->uri = credentials.uri;
        kept->method = method;
    }
    return is_digest(credentials.response, response_of(kept->hash, credentials, ha1.reveal(), ha2));
}

}  // namespace ringwall::sip::auth
