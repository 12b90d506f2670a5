#include "media/srtp_transform.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include <algorithm>

#include "base/check.h"

namespace ringwall::media {

namespace {

constexpr std::size_t ssrc_in_rtp = 8;
constexpr std::size_t rtcp_clear_length = 8;  // RFC 3711 §3.4
constexpr std::size_t index_length = 4;
constexpr std::uint32_t encrypted_flag = 0x8000'0000;

const EVP_CIPHER* cipher_of(const SuiteParameters& suite) {
    if (suite.is_aead) return suite.key_length == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
    return suite.key_length == 16 ? EVP_aes_128_ctr() : EVP_aes_256_ctr();
}

// Fetched once: a fetch for each stream would cost as much as a call's first second.
EVP_MAC* hmac() {
    static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    return mac;
}

bool is_equal(OctetsView a, OctetsView b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

SrtpTransform::SrtpTransform(const SuiteParameters& suite, const SessionKeys& keys)
    : suite_(suite), salt_(keys.salt), cipher_(EVP_CIPHER_CTX_new()) {
    CHECK(cipher_ != nullptr &&
          EVP_CipherInit_ex(cipher_.get(), cipher_of(suite), nullptr,
                            keys.cipher_key.octets().data(), nullptr, 1) == 1);
    if (suite.is_aead) return;
    mac_.reset(EVP_MAC_CTX_new(hmac()));
    std::array<char, 5> digest{"SHA1"};
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    const auto key = keys.authentication_key.octets();
    CHECK(mac_ != nullptr &&
          EVP_MAC_init(mac_.get(), key.data(), key.size(), parameters.data()) == 1);
}

// RFC 3711 §4.1.1 for counter mode, 128 bits; RFC 7714 §8.1 and §9.1 for GCM, the first 96.
SrtpTransform::Iv SrtpTransform::iv_of(std::uint32_t ssrc, std::uint64_t index) const {
    Iv iv{};
    const auto salt = salt_.octets();
    std::copy(salt.begin(), salt.end(), iv.begin());
    const std::size_t ssrc_at = suite_.is_aead ? 2 : 4;
    for (std::size_t i = 0; i < 4; ++i) {
        iv[ssrc_at + i] ^= static_cast<std::uint8_t>(ssrc >> (24 - 8 * i));
    }
    for (std::size_t i = 0; i < 6; ++i) {
        iv[ssrc_at + 4 + i] ^= static_cast<std::uint8_t>(index >> (40 - 8 * i));
    }
    return iv;
}

void SrtpTransform::apply_counter_mode(const Iv& iv, std::span<std::uint8_t> octets) {
    int length = 0;
    CHECK(EVP_CipherInit_ex(cipher_.get(), nullptr, nullptr, nullptr, iv.data(), 1) == 1 &&
          EVP_CipherUpdate(cipher_.get(), octets.data(), &length, octets.data(),
                           static_cast<int>(octets.size())) == 1);
}

SrtpTransform::Tag SrtpTransform::authenticate(OctetsView octets,
                                               std::optional<std::uint32_t> rollover) {
    Tag tag{};
    std::size_t length = 0;
    // Without a key: the one that it was made with.
    CHECK(EVP_MAC_init(mac_.get(), nullptr, 0, nullptr) == 1 &&
          EVP_MAC_update(mac_.get(), octets.data(), octets.size()) == 1);
    if (rollover) {
        const std::array<std::uint8_t, 4> counter{
            static_cast<std::uint8_t>(*rollover >> 24), static_cast<std::uint8_t>(*rollover >> 16),
            static_cast<std::uint8_t>(*rollover >> 8), static_cast<std::uint8_t>(*rollover)};
        CHECK(EVP_MAC_update(mac_.get(), counter.data(), counter.size()) == 1);
    }
    CHECK(EVP_MAC_final(mac_.get(), tag.data(), &length, tag.size()) == 1);
    return tag;
}

void SrtpTransform::gcm_seal(const Iv& iv, OctetsView clear, OctetsView more,
                             std::span<std::uint8_t> octets, std::uint8_t* tag) {
    int length = 0;
    EVP_CIPHER_CTX* const context = cipher_.get();
    CHECK(EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, iv.data(), 1) == 1 &&
          EVP_CipherUpdate(context, nullptr, &length, clear.data(),
                           static_cast<int>(clear.size())) == 1);
    CHECK(more.empty() || EVP_CipherUpdate(context, nullptr, &length, more.data(),
                                           static_cast<int>(more.size())) == 1);
    CHECK(octets.empty() || EVP_CipherUpdate(context, octets.data(), &length, octets.data(),
                                             static_cast<int>(octets.size())) == 1);
    CHECK(EVP_CipherFinal_ex(context, tag, &length) == 1 &&
          EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG,
                              static_cast<int>(suite_.rtp_tag_length), tag) == 1);
}

bool SrtpTransform::gcm_open(const Iv& iv, OctetsView clear, OctetsView more,
                             std::span<std::uint8_t> octets, OctetsView tag) {
    int length = 0;
    EVP_CIPHER_CTX* const context = cipher_.get();
    Tag expected{};
    std::copy(tag.begin(), tag.end(), expected.begin());
    CHECK(EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, iv.data(), 0) == 1 &&
          EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()),
                              expected.data()) == 1 &&
          EVP_CipherUpdate(context, nullptr, &length, clear.data(),
                           static_cast<int>(clear.size())) == 1);
    CHECK(more.empty() || EVP_CipherUpdate(context, nullptr, &length, more.data(),
                                           static_cast<int>(more.size())) == 1);
    CHECK(octets.empty() || EVP_CipherUpdate(context, octets.data(), &length, octets.data(),
                                             static_cast<int>(octets.size())) == 1);
    return EVP_CipherFinal_ex(context, expected.data(), &length) == 1;
}

void SrtpTransform::seal_rtp(std::size_t header_length, std::uint64_t index, Octets& packet) {
    const std::size_t end = packet.size();
    const Iv iv = iv_of(get_32(OctetsView(packet).subspan(ssrc_in_rtp)), index);
    if (suite_.is_aead) {
        packet.resize(end + suite_.rtp_tag_length);
        const std::span all(packet);
        gcm_seal(iv, all.first(header_length), {}, all.subspan(header_length, end - header_length),
                 packet.data() + end);
        return;
    }
    apply_counter_mode(iv, std::span(packet).subspan(header_length));
    const Tag tag = authenticate(packet, static_cast<std::uint32_t>(index >> 16));
    packet.insert(packet.end(), tag.begin(),
                  tag.begin() + static_cast<std::ptrdiff_t>(suite_.rtp_tag_length));
}

bool SrtpTransform::open_rtp(std::size_t header_length, std::uint64_t index, Octets& packet) {
    if (packet.size() < header_length + suite_.rtp_tag_length) return false;
    const std::size_t end = packet.size() - suite_.rtp_tag_length;
    const std::span all(packet);
    const auto tag = all.subspan(end);
    const auto payload = all.subspan(header_length, end - header_length);
    const Iv iv = iv_of(get_32(all.subspan(ssrc_in_rtp)), index);
    if (suite_.is_aead) {
        if (!gcm_open(iv, all.first(header_length), {}, payload, tag)) return false;
    } else {
        const Tag expected = authenticate(all.first(end), static_cast<std::uint32_t>(index >> 16));
        if (!is_equal(tag, OctetsView(expected).first(tag.size()))) return false;
        apply_counter_mode(iv, payload);
    }
    packet.resize(end);
    return true;
}

void SrtpTransform::seal_rtcp(std::uint32_t index, Octets& packet) {
    const std::size_t end = packet.size();
    const Iv iv = iv_of(get_32(OctetsView(packet).subspan(4)), index);
    Octets trailer;
    put_32(index | encrypted_flag, trailer);
    if (suite_.is_aead) {
        packet.resize(end + suite_.rtcp_tag_length);
        const std::span all(packet);
        gcm_seal(iv, all.first(rtcp_clear_length), trailer,
                 all.subspan(rtcp_clear_length, end - rtcp_clear_length), packet.data() + end);
        packet.insert(packet.end(), trailer.begin(), trailer.end());
        return;
    }
    apply_counter_mode(iv, std::span(packet).subspan(rtcp_clear_length));
    packet.insert(packet.end(), trailer.begin(), trailer.end());
    const Tag tag = authenticate(packet, std::nullopt);
    packet.insert(packet.end(), tag.begin(),
                  tag.begin() + static_cast<std::ptrdiff_t>(suite_.rtcp_tag_length));
}

std::optional<std::uint32_t> SrtpTransform::rtcp_index(OctetsView packet) const {
    if (packet.size() < rtcp_clear_length + index_length + suite_.rtcp_tag_length) {
        return std::nullopt;
    }
    const std::size_t behind = suite_.is_aead ? 0 : suite_.rtcp_tag_length;
    return get_32(packet.subspan(packet.size() - behind - index_length)) & ~encrypted_flag;
}

bool SrtpTransform::open_rtcp(Octets& packet) {
    const auto index = rtcp_index(packet);
    if (!index) return false;
    const std::span all(packet);
    const std::size_t end = packet.size() - index_length - suite_.rtcp_tag_length;
    const auto tag = all.subspan(suite_.is_aead ? end : end + index_length, suite_.rtcp_tag_length);
    const auto trailer =
        all.subspan(suite_.is_aead ? end + suite_.rtcp_tag_length : end, index_length);
    const bool is_encrypted = (get_32(trailer) & encrypted_flag) != 0;
    const std::size_t clear = is_encrypted ? rtcp_clear_length : end;
    const auto encrypted = all.subspan(clear, end - clear);
    const Iv iv = iv_of(get_32(all.subspan(4)), *index);
    if (suite_.is_aead) {
        if (!gcm_open(iv, all.first(clear), trailer, encrypted, tag)) return false;
    } else {
        const Tag expected = authenticate(all.first(end + index_length), std::nullopt);
        if (!is_equal(tag, OctetsView(expected).first(tag.size()))) return false;
        apply_counter_mode(iv, encrypted);
    }
    packet.resize(end);
    return true;
}

}  // namespace ringwall::media
