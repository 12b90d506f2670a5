#include "sip/auth/digest.h"

#include <array>
#include <cstdio>

#include "base/text.h"

namespace ringwall::sip::auth {
namespace {

// RFC 7616 §3.4.1; without qop as in RFC 2069.
std::string response_of(const Credentials& c, const Account& account, std::string_view method) {
    const std::string ha1 = hash_hex(
        c.algorithm, {account.username, ":", c.realm, ":", account.password.reveal()});  // A1
    const std::string ha2 = hash_hex(c.algorithm, {method, ":", c.uri});
    if (!c.qop_auth) {
        return hash_hex(c.algorithm, {ha1, ":", c.nonce, ":", ha2});
    }
    return hash_hex(c.algorithm,
                    {ha1, ":", c.nonce, ":", c.nc, ":", c.cnonce, ":", "auth", ":", ha2});
}

}  // namespace

std::string_view to_string(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::Md5:
            return "MD5";
        case Algorithm::Sha256:
            return "SHA-256";
    }
    return "?";
}

Credentials answer(const Challenge& challenge, const Account& account, std::string_view method,
                   std::string_view uri, std::uint32_t nonce_count, Random& random) {
    Credentials c;
    c.username = account.username;
    c.realm = challenge.realm;
    c.nonce = challenge.nonce;
    c.uri = uri;
    c.opaque = challenge.opaque;
    c.algorithm = challenge.algorithm;
    c.qop_auth = challenge.qop_auth;
    if (c.qop_auth) {
        std::array<char, 9> count{};
        std::snprintf(count.data(), count.size(), "%08x", static_cast<unsigned>(nonce_count));
        c.nc = count.data();
        c.cnonce = random.token(22);
    }
    c.response = response_of(c, account, method);
    return c;
}

bool verify(const Credentials& credentials, const Account& account, std::string_view method) {
    return equal_in_constant_time(lower(credentials.response),
                                  response_of(credentials, account, method));
}

}  // namespace ringwall::sip::auth
