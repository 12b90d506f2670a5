#include "sdp/crypto_attribute.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::sdp {
namespace {

using ::testing::ElementsAre;

std::string fault_of(std::string_view value) {
    const auto crypto = parse_crypto_attribute(value);
    return crypto ? "accepted" : std::string(to_string(crypto.error()));
}

// 40 digits of base64 are 30 octets.
const std::string key30 = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

TEST(CryptoAttribute, ReadsAllFields) {
    const auto crypto =
        parse_crypto_attribute("1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 +
                               "|2^20|1:4;inline:" + key30 + "|2^20|2:4 KDR=1 FEC_ORDER=FEC_SRTP");
    ASSERT_TRUE(crypto) << to_string(crypto.error());
    EXPECT_EQ(crypto->tag, 1U);
    EXPECT_EQ(crypto->suite, CryptoSuite::AesCm128HmacSha1Tag80);
    ASSERT_EQ(crypto->keys.size(), 2U);
    EXPECT_EQ(crypto->keys[0].key_and_salt.reveal(), "YS___semctl () {\t220;}\n}\nunles");
    EXPECT_EQ(crypto->keys[0].lifetime, 1U << 20U);
    EXPECT_EQ(crypto->keys[1].mki, "2");
    EXPECT_EQ(crypto->keys[1].mki_length, 4U);
    EXPECT_THAT(crypto->session_parameters, ElementsAre("KDR=1", "FEC_ORDER=FEC_SRTP"));
    EXPECT_TRUE(crypto->protects_media());
}

TEST(CryptoAttribute, TakesLifetimeOrMkiAlone) {
    const std::string head = "1 AES_CM_128_HMAC_SHA1_32 inline:" + key30;
    const auto mki = parse_crypto_attribute(head + "|1066:4");
    ASSERT_TRUE(mki);
    EXPECT_EQ(mki->keys[0].mki, "1066");
    EXPECT_FALSE(mki->keys[0].lifetime);
    const auto lifetime = parse_crypto_attribute(head + "|1048576");
    ASSERT_TRUE(lifetime);
    EXPECT_EQ(lifetime->keys[0].lifetime, 1048576U);
}

// Peers differ about padding where the length is no multiple of three.
TEST(CryptoAttribute, AcceptsPaddingAndItsAbsence) {
    const std::string gcm128 = std::string(37, 'A') + "A";  // 28 octets
    const std::string gcm256 = std::string(59, 'A');        // 44
    const std::string cm256 = std::string(61, 'A') + "A";   // 46
    EXPECT_EQ(fault_of("1 AEAD_AES_128_GCM inline:" + gcm128), "accepted");
    EXPECT_EQ(fault_of("1 AEAD_AES_128_GCM inline:" + gcm128 + "=="), "accepted");
    EXPECT_EQ(fault_of("1 AEAD_AES_256_GCM inline:" + gcm256), "accepted");
    EXPECT_EQ(fault_of("1 AEAD_AES_256_GCM inline:" + gcm256 + "="), "accepted");
    EXPECT_EQ(fault_of("1 AES_256_CM_HMAC_SHA1_80 inline:" + cm256), "accepted");
    EXPECT_EQ(fault_of("1 AES_256_CM_HMAC_SHA1_80 inline:" + cm256 + "=="), "accepted");
    EXPECT_EQ(fault_of("1 AEAD_AES_128_GCM inline:" + gcm128 + "="), "bad-key");
    EXPECT_EQ(fault_of("1 AEAD_AES_128_GCM inline:" + gcm128 + "===="), "bad-key");
}

TEST(CryptoAttribute, NamesWhatIsBroken) {
    const std::string suite = " AES_CM_128_HMAC_SHA1_80 ";
    const std::string good = "1" + suite + "inline:" + key30;
    EXPECT_EQ(fault_of(good), "accepted");
    EXPECT_EQ(fault_of(""), "bad-tag");
    EXPECT_EQ(fault_of("x" + suite + "inline:" + key30), "bad-tag");
    EXPECT_EQ(fault_of("01" + suite + "inline:" + key30), "bad-tag");
    EXPECT_EQ(fault_of("1234567890" + suite + "inline:" + key30), "bad-tag");
    EXPECT_EQ(fault_of("1"), "bad-suite");
    EXPECT_EQ(fault_of("1" + suite), "no-key");
    EXPECT_EQ(fault_of("1" + suite + "inline:"), "no-key");
    EXPECT_EQ(fault_of(good + ";"), "no-key");
    EXPECT_EQ(fault_of("1" + suite + "mikey:" + key30), "bad-key-method");
    EXPECT_EQ(fault_of("1" + suite + "inline:" + key30 + "AAAA"), "bad-key") << "too long";
    EXPECT_EQ(fault_of("1" + suite + "inline:" + key30.substr(4)), "bad-key") << "too short";
    EXPECT_EQ(fault_of("1" + suite + "inline:" + key30.substr(1) + "*"), "bad-key");
    EXPECT_EQ(fault_of(good + "|2^49"), "bad-lifetime");
    EXPECT_EQ(fault_of(good + "|0"), "bad-lifetime");
    EXPECT_EQ(fault_of(good + "|"), "accepted");
    EXPECT_EQ(fault_of(good + "|x"), "bad-lifetime");
    EXPECT_EQ(fault_of(good + "|2^20|2^20"), "bad-lifetime");
    EXPECT_EQ(fault_of(good + "|1:129"), "bad-mki");
    EXPECT_EQ(fault_of(good + "|x:4"), "bad-mki");
    EXPECT_EQ(fault_of(good + ";inline:" + key30), "bad-mki") << "two keys need their MKIs";
    EXPECT_EQ(fault_of(good + " KDR=25"), "bad-parameter");
    EXPECT_EQ(fault_of(good + " WSH=63"), "bad-parameter");
    EXPECT_EQ(fault_of(good + " kdr=25"), "bad-parameter") << "RFC 5234 §2.3: in any case";
    EXPECT_EQ(fault_of(good + " wsh=63"), "bad-parameter");
    EXPECT_EQ(fault_of(good + " -FUTURE=1"), "accepted");
}

TEST(CryptoAttribute, KnowsWhatProtectsNothing) {
    const auto protects = [](const std::string& value) {
        return parse_crypto_attribute(value).value().protects_media();
    };
    const std::string good = "1 AES_CM_128_HMAC_SHA1_80 inline:" + key30;
    EXPECT_TRUE(protects(good + " KDR=1 WSH=64"));
    for (const char* parameter :
         {"UNENCRYPTED_SRTP", "UNENCRYPTED_SRTCP", "UNAUTHENTICATED_SRTP", "unencrypted_srtp",
          "Unencrypted_SrtcP", "KDR=1 unauthenticated_srtp"}) {
        EXPECT_FALSE(protects(good + " " + parameter)) << parameter;
    }
    EXPECT_FALSE(protects("1 NULL_HMAC_SHA1_80 inline:" + key30));
}

}  // namespace
}  // namespace ringwall::sdp
