// The published vectors: RFC 3711 appendix B, RFC 6188 §7, RFC 7714 §16 and §17.
#include <gmock/gmock.h>

#include <algorithm>

#include "media/srtp_transform.h"
#include "unit/media/hex.h"

namespace ringwall::media {
namespace {

using sdp::CryptoSuite;

template <std::size_t Size>
KeyOctets<Size> octets(std::string_view text) {
    const Octets from = hex(text);
    KeyOctets<Size> to(from.size());
    std::copy(from.begin(), from.end(), to.octets().begin());
    return to;
}

SrtpTransform transform(CryptoSuite suite, std::string_view key, std::string_view salt) {
    return {*suite_parameters(suite),
            SessionKeys{octets<32>(key), octets<14>(salt), KeyOctets<20>(20)}};
}

Octets derived(std::string_view key, std::string_view salt, std::uint8_t label, std::size_t size) {
    Octets out(size);
    aes_cm_prf(hex(key), hex(salt), label, out);
    return out;
}

// A packet of SSRC 0 and index 0 that is all zeros shows the keystream behind its header.
Octets keystream(CryptoSuite suite, std::string_view key, std::size_t size) {
    SrtpTransform sender = transform(suite, key, "f0f1f2f3f4f5f6f7f8f9fafbfcfd");
    Octets packet(12 + size);
    packet[0] = 0x80;
    sender.seal_rtp(12, 0, packet);
    return {packet.begin() + 12, packet.begin() + 12 + static_cast<std::ptrdiff_t>(size)};
}

Octets part(const Octets& of, std::size_t block, std::size_t blocks) {
    const auto begin = of.begin() + static_cast<std::ptrdiff_t>(16 * block);
    return {begin, begin + static_cast<std::ptrdiff_t>(16 * blocks)};
}

// RFC 3711 appendix B.2.
TEST(SrtpVectors, AesCounterModeKeystream) {
    const Octets stream = keystream(CryptoSuite::AesCm128HmacSha1Tag80,
                                    "2b7e151628aed2a6abf7158809cf4f3c", 0xff02 * 16);
    EXPECT_EQ(part(stream, 0, 3), hex("e03ead0935c95e80e166b16dd92b4eb4"
                                      "d23513162b02d0f72a43a2fe4a5f97ab"
                                      "41e95b3bb0a2e8dd477901e4fca894c0"));
    EXPECT_EQ(part(stream, 0xfeff, 3), hex("ec8cdf7398607cb0f2d21675ea9ea1e4"
                                           "362b7c3c6773516318a077d7fc5073ae"
                                           "6a2cc3787889374fbeb4c81b17ba6c44"));
}

// RFC 6188 §7.1.
TEST(SrtpVectors, Aes256CounterModeKeystream) {
    const Octets stream =
        keystream(CryptoSuite::AesCm256HmacSha1Tag80,
                  "57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98", 0xff02 * 16);
    EXPECT_EQ(part(stream, 0, 3), hex("92bdd28a93c3f52511c677d08b5515a4"
                                      "9da71b2378a854f67050756ded165bac"
                                      "63c4868b7096d88421b563b8c94c9a31"));
    EXPECT_EQ(part(stream, 0xfeff, 3), hex("cea518c90fd91ced9cbb18c078a54711"
                                           "3dbc4814f4da5f00a08772b63c6a046d"
                                           "6eb246913062a16891433e97dd01a57f"));
}

// RFC 3711 appendix B.3.
TEST(SrtpVectors, KeyDerivation) {
    const auto key = "e1f97a0d3e018be0d64fa32c06de4139";
    const auto salt = "0ec675ad498afeebb6960b3aabe6";
    EXPECT_EQ(derived(key, salt, 0, 16), hex("c61e7a93744f39ee10734afe3ff7a087"));
    EXPECT_EQ(derived(key, salt, 2, 14), hex("30cbbc08863d8c85d49db34a9ae1"));
    EXPECT_EQ(derived(key, salt, 1, 94),
              hex("cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbce"
                  "e049646c43d9327ad175578ef72270986371c10c9a369ac2f94a8c5fbcdddc25"
                  "6d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2"));
}

// RFC 6188 §7.2.
TEST(SrtpVectors, Aes256KeyDerivation) {
    const auto key = "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6";
    const auto salt = "3b04803de51ee7c96423ab5b78d2";
    EXPECT_EQ(derived(key, salt, 0, 32),
              hex("5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4"));
    EXPECT_EQ(derived(key, salt, 2, 14), hex("fa31791685ca444a9e07c6c64e93"));
    EXPECT_EQ(derived(key, salt, 1, 20), hex("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"));
}

constexpr auto quid_pro_quo = "517569642070726f2071756f";
constexpr auto key_128 = "000102030405060708090a0b0c0d0e0f";
constexpr auto key_256 = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr auto gallia =
    "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074"
    "726573";
constexpr auto mars =
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbe"
    "efdeadbeef";

struct GcmVector {
    CryptoSuite suite;
    std::string_view key;
    std::string_view rtp;
    std::string_view rtcp;
    std::string_view rtcp_not_encrypted;
};

class Gcm : public testing::TestWithParam<GcmVector> {
protected:
    SrtpTransform sealer = transform(GetParam().suite, GetParam().key, quid_pro_quo);
};

// RFC 7714 §16.1 and §16.2.
TEST_P(Gcm, SealsAndOpensRtp) {
    Octets packet = hex(gallia);
    sealer.seal_rtp(12, 0xf17b, packet);
    EXPECT_EQ(packet, hex(GetParam().rtp));
    EXPECT_TRUE(sealer.open_rtp(12, 0xf17b, packet));
    EXPECT_EQ(packet, hex(gallia));
}

// RFC 7714 §17.1 and §17.2.
TEST_P(Gcm, SealsAndOpensRtcp) {
    Octets packet = hex(mars);
    sealer.seal_rtcp(0x5d4, packet);
    EXPECT_EQ(packet, hex(GetParam().rtcp));
    EXPECT_TRUE(sealer.open_rtcp(packet));
    EXPECT_EQ(packet, hex(mars));
}

// RFC 7714 §17.3 and §17.4.
TEST_P(Gcm, OpensRtcpThatIsAuthenticatedOnly) {
    Octets packet = hex(GetParam().rtcp_not_encrypted);
    EXPECT_TRUE(sealer.open_rtcp(packet));
    EXPECT_EQ(packet, hex(mars));
}

INSTANTIATE_TEST_SUITE_P(
    Rfc7714, Gcm,
    testing::Values(
        GcmVector{CryptoSuite::AeadAes128Gcm, key_128,
                  "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a"
                  "51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce",
                  "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda"
                  "4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4",
                  "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeef"
                  "deadbeefdeadbeefdeadbeef841dd9683dd78ec92ae58790125f62b3000005d4"},
        GcmVector{CryptoSuite::AeadAes256Gcm, key_256,
                  "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a02"
                  "76ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13",
                  "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be"
                  "8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4",
                  "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeef"
                  "deadbeefdeadbeefdeadbeef91db4afbfeee5a978fab4393ed2615fe000005d4"}),
    [](const auto& vector) {
        return vector.param.suite == CryptoSuite::AeadAes128Gcm ? "Aes128" : "Aes256";
    });

}  // namespace
}  // namespace ringwall::media
