#include "sip/auth/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <memory>

#include "base/check.h"
#include "base/text.h"

namespace ringwall::sip::auth {
namespace {

using Octets = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string to_text(const Octets& octets, unsigned length) {
    return std::string(octets.begin(), octets.begin() + length);
}

const unsigned char* octets_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string hash_hex(Algorithm algorithm, std::initializer_list<std::string_view> parts) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    CHECK(context != nullptr);
    const EVP_MD* kind = algorithm == Algorithm::Md5 ? EVP_md5() : EVP_sha256();
    CHECK(EVP_DigestInit_ex(context.get(), kind, nullptr) == 1);
    for (const std::string_view part : parts) {
        CHECK(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
    }
    Octets octets{};
    unsigned length = 0;
    CHECK(EVP_DigestFinal_ex(context.get(), octets.data(), &length) == 1);
    return hex(to_text(octets, length));
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
    Octets octets{};
    unsigned length = 0;
    CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets_of(text), text.size(),
               octets.data(), &length) != nullptr);
    return to_text(octets, length);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ringwall::sip::auth
