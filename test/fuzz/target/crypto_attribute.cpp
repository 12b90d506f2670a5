// a=crypto (RFC 4568): written again from what was read, it reads the same.
#include "sdp/crypto_attribute.h"

#include <string>

#include "base/check.h"
#include "fuzz/target.h"

namespace ringwall::fuzz {
namespace {

std::string base64(std::string_view octets) {
    static constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0;
    unsigned count = 0;
    for (const char c : octets) {
        bits = (bits << 8U | static_cast<unsigned char>(c)) & 0xffffU;
        for (count += 8; count >= 6; count -= 6) {
            out.push_back(digits[bits >> (count - 6) & 63U]);
        }
    }
    if (count > 0) {
        out.push_back(digits[bits << (6 - count) & 63U]);
    }
    return out.append((4 - out.size() % 4) % 4, '=');
}

std::string written(const sdp::CryptoAttribute& attribute) {
    std::string text = std::to_string(attribute.tag) + " " + attribute.suite_text + " ";
    for (const sdp::CryptoKey& key : attribute.keys) {
        text.append(text.ends_with(' ') ? "inline:" : ";inline:");
        text.append(attribute.suite == sdp::CryptoSuite::Other ? "x"
                                                               : base64(key.key_and_salt.reveal()));
        if (key.lifetime) {
            text.append("|").append(std::to_string(*key.lifetime));
        }
        if (!key.mki.empty()) {
            text.append("|").append(key.mki).append(":").append(std::to_string(key.mki_length));
        }
    }
    for (const std::string& parameter : attribute.session_parameters) {
        text.append(" ").append(parameter);
    }
    return text;
}

}  // namespace

void run(std::string_view octets) {
    const auto attribute = sdp::parse_crypto_attribute(octets);
    if (!attribute) {
        CHECK(!to_string(attribute.error()).empty());
        return;
    }
    CHECK(!attribute->keys.empty() && !attribute->suite_text.empty());
    const std::string text = written(*attribute);
    const auto again = sdp::parse_crypto_attribute(text);
    CHECK(again && written(*again) == text);
    CHECK(again->protects_media() == attribute->protects_media());
    CHECK(again->keys.size() == attribute->keys.size());
    for (std::size_t i = 0; i < again->keys.size(); ++i) {
        const sdp::CryptoKey& a = attribute->keys[i];
        const sdp::CryptoKey& b = again->keys[i];
        CHECK(a.lifetime == b.lifetime && a.mki == b.mki && a.mki_length == b.mki_length);
        CHECK(attribute->suite == sdp::CryptoSuite::Other ||
              a.key_and_salt.reveal() == b.key_and_salt.reveal());
        CHECK(attribute->suite == sdp::CryptoSuite::Other ||
              a.key_and_salt.reveal().size() == key_and_salt_length(attribute->suite));
    }
}

}  // namespace ringwall::fuzz
