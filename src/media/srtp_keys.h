// The keys of SRTP: the master key of a suite, and what is derived from it (RFC 3711 §4.3.1,
// RFC 6188 §3, RFC 7714 §11). The key derivation rate is 0: one derivation for each master key.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "media/port.h"

namespace ringwall::media {

// The octets of a key, wiped when they go.
template <std::size_t Size>
class KeyOctets {
public:
    KeyOctets() = default;
    explicit KeyOctets(std::size_t length) : length_(length) {}
    KeyOctets(const KeyOctets&) = default;
    KeyOctets& operator=(const KeyOctets&) = default;
    ~KeyOctets() {
        for (volatile std::uint8_t& octet : octets_) octet = 0;
    }

    std::span<std::uint8_t> octets() { return {octets_.data(), length_}; }
    std::span<const std::uint8_t> octets() const { return {octets_.data(), length_}; }

private:
    std::array<std::uint8_t, Size> octets_{};
    std::size_t length_ = 0;
};

// What a suite has (RFC 4568 §6.2, RFC 6188 §2.1, RFC 7714 §12), lengths in octets.
struct SuiteParameters {
    bool is_aead = false;
    std::size_t key_length = 0;
    std::size_t salt_length = 0;
    std::size_t rtp_tag_length = 0;
    std::size_t rtcp_tag_length = 0;
};
// None: a suite that this phone does not have.
std::optional<SuiteParameters> suite_parameters(sdp::CryptoSuite suite);

// Session keys of one direction of RTP or of RTCP.
struct SessionKeys {
    KeyOctets<32> cipher_key;
    KeyOctets<14> salt;
    KeyOctets<20> authentication_key;  // not for AEAD
};

enum class SrtpPurpose : std::uint8_t { Rtp, Rtcp };

// `key_and_salt` must be as long as the suite wants.
SessionKeys derive_session_keys(const SuiteParameters& suite, const Secret& key_and_salt,
                                SrtpPurpose purpose);

// The pseudo-random function below it: AES in counter mode, RFC 3711 §4.3.3. For published vectors.
void aes_cm_prf(std::span<const std::uint8_t> master_key, std::span<const std::uint8_t> master_salt,
                std::uint8_t label, std::span<std::uint8_t> out);

}  // namespace ringwall::media
