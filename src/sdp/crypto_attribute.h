// The value of a=crypto: SDES, keys for SRTP in the session description (RFC 4568; RFC 6188 and
// RFC 7714 for the longer suites).
//
//   1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace ringwall::sdp {

enum class CryptoSuite : std::uint8_t {
    AesCm128HmacSha1Tag80,
    AesCm128HmacSha1Tag32,
    F8HmacSha1Tag80,
    AesCm192HmacSha1Tag80,
    AesCm192HmacSha1Tag32,
    AesCm256HmacSha1Tag80,
    AesCm256HmacSha1Tag32,
    AeadAes128Gcm,
    AeadAes256Gcm,
    Other,  // its keys cannot be judged
};
CryptoSuite parse_crypto_suite(std::string_view text);
std::string_view to_string(CryptoSuite suite);  // empty for Other
// Octets of master key and salt together; 0 for Other.
std::size_t key_and_salt_length(CryptoSuite suite);

enum class CryptoFault : std::uint8_t {
    BadTag,
    BadSuite,
    NoKey,
    BadKeyMethod,  // not "inline"
    BadKey,        // not base64, or not as long as the suite wants
    BadLifetime,
    BadMki,
    BadParameter,
};
std::string_view to_string(CryptoFault fault);

struct CryptoKey {
    Secret key_and_salt;                    // octets, decoded; empty for CryptoSuite::Other
    std::optional<std::uint64_t> lifetime;  // packets
    std::string mki;                        // its decimal value, or empty
    std::uint32_t mki_length = 0;           // octets in a packet
};

struct CryptoAttribute {
    std::uint32_t tag = 0;
    CryptoSuite suite = CryptoSuite::Other;
    std::string suite_text;
    std::vector<CryptoKey> keys;
    std::vector<std::string> session_parameters;  // "KDR=1", "UNENCRYPTED_SRTP"

    // RFC 4568 §6.3: with UNENCRYPTED_SRTP, UNENCRYPTED_SRTCP or UNAUTHENTICATED_SRTP it protects
    // nothing or too little.
    bool protects_media() const;
};

// Padding of the key may be there or not: peers differ.
Result<CryptoAttribute, CryptoFault> parse_crypto_attribute(std::string_view value);
// One key, padded, without lifetime, MKI and parameters. Not for CryptoSuite::Other.
std::string write_crypto_attribute(std::uint32_t tag, CryptoSuite suite,
                                   const Secret& key_and_salt);

}  // namespace ringwall::sdp
