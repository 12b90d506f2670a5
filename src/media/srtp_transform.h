// What SRTP does to a packet whose index is known (RFC 3711 §3.3, §3.4; RFC 7714 §8, §9):
// counter mode and HMAC-SHA1, or GCM, of OpenSSL. One direction, of RTP or of RTCP.
//
//   SRTP   | header | encrypted payload | tag |
//   SRTCP  | 8 octets | encrypted | E, index | tag |         counter mode
//   SRTCP  | 8 octets | encrypted | tag | E, index |         GCM
#pragma once

#include <openssl/evp.h>

#include <memory>

#include "media/octets.h"
#include "media/srtp_keys.h"

namespace ringwall::media {

class SrtpTransform {
public:
    SrtpTransform(const SuiteParameters& suite, const SessionKeys& keys);

    // `index` is the rollover counter and the sequence number, 48 bits.
    void seal_rtp(std::size_t header_length, std::uint64_t index, Octets& packet);
    // False: the packet is not what its sender sealed. It is then not to be looked at again.
    [[nodiscard]] bool open_rtp(std::size_t header_length, std::uint64_t index, Octets& packet);

    // `index` has 31 bits.
    void seal_rtcp(std::uint32_t index, Octets& packet);
    // Takes off the index; encrypted or, RFC 3711 §3.4, authenticated only.
    [[nodiscard]] bool open_rtcp(Octets& packet);
    // The index that a sealed packet names. None: too short.
    std::optional<std::uint32_t> rtcp_index(OctetsView packet) const;

private:
    struct FreeCipher {
        void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
    };
    struct FreeMac {
        void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
    };
    using Iv = std::array<std::uint8_t, 16>;
    using Tag = std::array<std::uint8_t, 20>;

    Iv iv_of(std::uint32_t ssrc, std::uint64_t index) const;
    void apply_counter_mode(const Iv& iv, std::span<std::uint8_t> octets);
    Tag authenticate(OctetsView octets, std::optional<std::uint32_t> rollover);
    void gcm_seal(const Iv& iv, OctetsView clear, OctetsView more, std::span<std::uint8_t> octets,
                  std::uint8_t* tag);
    bool gcm_open(const Iv& iv, OctetsView clear, OctetsView more, std::span<std::uint8_t> octets,
                  OctetsView tag);

    SuiteParameters suite_;
    KeyOctets<14> salt_;
    std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> cipher_;  // OpenSSL wipes it
    std::unique_ptr<EVP_MAC_CTX, FreeMac> mac_;
};

}  // namespace ringwall::media
