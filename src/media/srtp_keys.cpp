#include "media/srtp_keys.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "base/check.h"

namespace ringwall::media {

std::optional<SuiteParameters> suite_parameters(sdp::CryptoSuite suite) {
    switch (suite) {
        case sdp::CryptoSuite::AesCm128HmacSha1Tag80:
            return SuiteParameters{false, 16, 14, 10, 10};
        case sdp::CryptoSuite::AesCm128HmacSha1Tag32:
            return SuiteParameters{false, 16, 14, 4, 10};  // RFC 4568 §6.2.2: SRTCP keeps 80 bits
        case sdp::CryptoSuite::AesCm256HmacSha1Tag80:
            return SuiteParameters{false, 32, 14, 10, 10};
        case sdp::CryptoSuite::AesCm256HmacSha1Tag32:
            return SuiteParameters{false, 32, 14, 4, 10};
        case sdp::CryptoSuite::AeadAes128Gcm:
            return SuiteParameters{true, 16, 12, 16, 16};
        case sdp::CryptoSuite::AeadAes256Gcm:
            return SuiteParameters{true, 32, 12, 16, 16};
        case sdp::CryptoSuite::F8HmacSha1Tag80:
        case sdp::CryptoSuite::AesCm192HmacSha1Tag80:
        case sdp::CryptoSuite::AesCm192HmacSha1Tag32:
        case sdp::CryptoSuite::Other:
            return std::nullopt;
    }
    return std::nullopt;
}

void aes_cm_prf(std::span<const std::uint8_t> master_key, std::span<const std::uint8_t> master_salt,
                std::uint8_t label, std::span<std::uint8_t> out) {
    // A salt of 96 bits counts as one of 112 with zeros behind it (RFC 7714 erratum 4938).
    std::array<std::uint8_t, 16> iv{};
    std::copy(master_salt.begin(), master_salt.end(), iv.begin());
    iv[7] ^= label;
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
        EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    const EVP_CIPHER* const cipher =
        master_key.size() == 16 ? EVP_aes_128_ctr() : EVP_aes_256_ctr();
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    int length = 0;
    CHECK(context != nullptr &&
          EVP_EncryptInit_ex(context.get(), cipher, nullptr, master_key.data(), iv.data()) == 1 &&
          EVP_EncryptUpdate(context.get(), out.data(), &length, out.data(),
                            static_cast<int>(out.size())) == 1);
}

SessionKeys derive_session_keys(const SuiteParameters& suite, const Secret& key_and_salt,
                                SrtpPurpose purpose) {
    // The one place that needs the octets of a master key.
    const std::string_view octets = key_and_salt.reveal();
    CHECK(octets.size() == suite.key_length + suite.salt_length);
    const std::span all(reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size());
    const auto key = all.first(suite.key_length);
    const auto salt = all.subspan(suite.key_length);
    // RFC 3711 §4.3.2: labels 0, 1, 2 are for SRTP, 3, 4, 5 for SRTCP.
    const std::uint8_t first = purpose == SrtpPurpose::Rtp ? 0 : 3;

    SessionKeys keys{KeyOctets<32>(suite.key_length), KeyOctets<14>(suite.salt_length),
                     KeyOctets<20>(suite.is_aead ? 0 : 20)};
    aes_cm_prf(key, salt, first, keys.cipher_key.octets());
    aes_cm_prf(key, salt, static_cast<std::uint8_t>(first + 2), keys.salt.octets());
    if (!suite.is_aead) {
        aes_cm_prf(key, salt, static_cast<std::uint8_t>(first + 1),
                   keys.authentication_key.octets());
    }
    return keys;
}

}  // namespace ringwall::media
