#include "sdp/crypto_attribute.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace ringwall::sdp {
namespace {

struct SuiteRow {
    std::string_view text;
    CryptoSuite suite;
    std::size_t length;  // of master key and salt
};

// RFC 4568 §6.2, RFC 6188 §4, RFC 7714 §14.2.
constexpr std::array suite_rows{
    SuiteRow{"AES_CM_128_HMAC_SHA1_80", CryptoSuite::AesCm128HmacSha1Tag80, 30},
    SuiteRow{"AES_CM_128_HMAC_SHA1_32", CryptoSuite::AesCm128HmacSha1Tag32, 30},
    SuiteRow{"F8_128_HMAC_SHA1_80", CryptoSuite::F8HmacSha1Tag80, 30},
    SuiteRow{"AES_192_CM_HMAC_SHA1_80", CryptoSuite::AesCm192HmacSha1Tag80, 38},
    SuiteRow{"AES_192_CM_HMAC_SHA1_32", CryptoSuite::AesCm192HmacSha1Tag32, 38},
    SuiteRow{"AES_256_CM_HMAC_SHA1_80", CryptoSuite::AesCm256HmacSha1Tag80, 46},
    SuiteRow{"AES_256_CM_HMAC_SHA1_32", CryptoSuite::AesCm256HmacSha1Tag32, 46},
    SuiteRow{"AEAD_AES_128_GCM", CryptoSuite::AeadAes128Gcm, 28},
    SuiteRow{"AEAD_AES_256_GCM", CryptoSuite::AeadAes256Gcm, 44},
};

constexpr int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (is_digit(c)) {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// The padding may be missing, but not be wrong; bits beyond the last octet must be zero.
std::optional<std::string> decode_base64(std::string_view text) {
    const std::size_t whole = text.size();
    while (text.ends_with('=')) {
        text.remove_suffix(1);
    }
    const std::size_t padding = whole - text.size();
    if (text.size() % 4 == 1 || (padding != 0 && (padding > 2 || whole % 4 != 0))) {
        return std::nullopt;
    }
    std::string out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const int value = base64_value(c);
        if (value < 0) {
            return std::nullopt;
        }
        bits = (bits << 6U | static_cast<std::uint32_t>(value)) & 0xff'ffffU;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out.push_back(static_cast<char>(bits >> count & 0xffU));
        }
    }
    if ((bits & ((1U << count) - 1U)) != 0) {
        return std::nullopt;
    }
    return out;
}

void append_base64(std::string_view octets, std::string& out) {
    static constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (; !octets.empty(); octets.remove_prefix(std::min<std::size_t>(octets.size(), 3))) {
        const std::size_t count = std::min<std::size_t>(octets.size(), 3);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            bits = bits << 8U | (i < count ? static_cast<std::uint8_t>(octets[i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            out.push_back(i <= count ? digits[bits >> (18 - 6 * i) & 63U] : '=');
        }
    }
}

// Fields are separated by blanks.
std::string_view take_field(std::string_view& rest) {
    rest = trim(rest);
    const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    const std::string_view field = rest.substr(0, end);
    rest.remove_prefix(end);
    return field;
}

// "2^20" or a number of packets (RFC 4568 §6.1: at most 2^48 for SRTP).
std::optional<std::uint64_t> parse_lifetime(std::string_view text) {
    constexpr std::uint64_t max_power = 48;
    constexpr std::uint64_t max = std::uint64_t{1} << max_power;
    if (text.starts_with("2^")) {
        const auto power = parse_number(text.substr(2), max_power);
        return power ? std::optional(std::uint64_t{1} << *power) : std::nullopt;
    }
    const auto packets = parse_number(text, max);
    return packets && *packets != 0 ? packets : std::nullopt;
}

// "1:4": a decimal value and its length in octets, up to 128.
bool parse_mki(std::string_view text, CryptoKey& key) {
    constexpr std::size_t most_digits = 309;  // of 128 octets
    const std::string_view value = cut(text, ':');
    const auto length = parse_number(text, 128);
    if (value.empty() || value.size() > most_digits || !std::ranges::all_of(value, is_digit) ||
        !length || *length == 0) {
        return false;
    }
    key.mki = value;
    key.mki_length = static_cast<std::uint32_t>(*length);
    return true;
}

// "inline:KEY|2^20|1:4"
Result<CryptoKey, CryptoFault> parse_key(std::string_view text, CryptoSuite suite) {
    const std::string_view method = cut(text, ':');
    if (!equals_ignoring_case(method, "inline")) {
        return fail(CryptoFault::BadKeyMethod);
    }
    CryptoKey key;
    const std::string_view encoded = cut(text, '|');
    if (encoded.empty()) {
        return fail(CryptoFault::NoKey);
    }
    if (suite != CryptoSuite::Other) {
        auto octets = decode_base64(encoded);
        if (!octets || octets->size() != key_and_salt_length(suite)) {
            return fail(CryptoFault::BadKey);
        }
        key.key_and_salt = Secret(std::move(*octets));
    }
    // Lifetime and MKI may each be left out; only the MKI has a colon.
    while (!text.empty()) {
        const std::string_view part = cut(text, '|');
        if (part.find(':') == std::string_view::npos) {
            key.lifetime = key.lifetime ? std::nullopt : parse_lifetime(part);
            if (!key.lifetime || !key.mki.empty()) {
                return fail(CryptoFault::BadLifetime);
            }
        } else if (!key.mki.empty() || !parse_mki(part, key)) {
            return fail(CryptoFault::BadMki);
        }
    }
    return key;
}

// RFC 4568 §6.3; its grammar knows no case (RFC 5234 §2.3). Extensions are free; a leading '-'
// makes them optional.
bool is_session_parameter(std::string_view text) {
    const std::string_view name = cut(text, '=');
    if (equals_ignoring_case(name, "KDR")) {
        return parse_number(text, 24).has_value();
    }
    if (equals_ignoring_case(name, "WSH")) {
        return parse_number(text).value_or(0) >= 64;
    }
    return !name.empty();
}

}  // namespace

CryptoSuite parse_crypto_suite(std::string_view text) {
    const auto row = std::ranges::find(suite_rows, text, &SuiteRow::text);
    return row == suite_rows.end() ? CryptoSuite::Other : row->suite;
}

std::string_view to_string(CryptoSuite suite) {
    const auto row = std::ranges::find(suite_rows, suite, &SuiteRow::suite);
    return row == suite_rows.end() ? std::string_view() : row->text;
}

std::size_t key_and_salt_length(CryptoSuite suite) {
    const auto row = std::ranges::find(suite_rows, suite, &SuiteRow::suite);
    return row == suite_rows.end() ? 0 : row->length;
}

std::string_view to_string(CryptoFault fault) {
    switch (fault) {
        case CryptoFault::BadTag:
            return "bad-tag";
        case CryptoFault::BadSuite:
            return "bad-suite";
        case CryptoFault::NoKey:
            return "no-key";
        case CryptoFault::BadKeyMethod:
            return "bad-key-method";
        case CryptoFault::BadKey:
            return "bad-key";
        case CryptoFault::BadLifetime:
            return "bad-lifetime";
        case CryptoFault::BadMki:
            return "bad-mki";
        case CryptoFault::BadParameter:
            return "bad-parameter";
    }
    return "";
}

bool CryptoAttribute::protects_media() const {
    return suite != CryptoSuite::Other &&
           std::ranges::none_of(session_parameters, [](std::string_view parameter) {
               return equals_ignoring_case(parameter, "UNENCRYPTED_SRTP") ||
                      equals_ignoring_case(parameter, "UNENCRYPTED_SRTCP") ||
                      equals_ignoring_case(parameter, "UNAUTHENTICATED_SRTP");
           });
}

Result<CryptoAttribute, CryptoFault> parse_crypto_attribute(std::string_view value) {
    CryptoAttribute attribute;
    const std::string_view tag = take_field(value);
    const auto number = parse_number(tag, 999'999'999);
    // RFC 4568 §9.1: one to nine digits; "01" would be another spelling of the tag "1".
    if (!number || tag.size() > 9 || (tag.size() > 1 && tag.front() == '0')) {
        return fail(CryptoFault::BadTag);
    }
    attribute.tag = static_cast<std::uint32_t>(*number);
    attribute.suite_text = take_field(value);
    if (attribute.suite_text.empty()) {
        return fail(CryptoFault::BadSuite);
    }
    attribute.suite = parse_crypto_suite(attribute.suite_text);

    std::string_view keys = take_field(value);
    if (keys.empty()) {
        return fail(CryptoFault::NoKey);
    }
    while (!keys.empty()) {
        const bool is_followed = keys.find(';') != std::string_view::npos;
        attribute.keys.push_back(TRY(parse_key(cut(keys, ';'), attribute.suite)));
        if (is_followed && keys.empty()) {
            return fail(CryptoFault::NoKey);
        }
    }
    // RFC 4568 §6.1: several keys are told apart by MKIs of one length.
    const auto unlike = [&](const CryptoKey& key) {
        return key.mki.empty() || key.mki_length != attribute.keys.front().mki_length;
    };
    if (attribute.keys.size() > 1 && std::ranges::any_of(attribute.keys, unlike)) {
        return fail(CryptoFault::BadMki);
    }
    while (true) {
        const std::string_view parameter = take_field(value);
        if (parameter.empty()) {
            return attribute;
        }
        if (!is_session_parameter(parameter)) {
            return fail(CryptoFault::BadParameter);
        }
        attribute.session_parameters.emplace_back(parameter);
    }
}

std::string write_crypto_attribute(std::uint32_t tag, CryptoSuite suite,
                                   const Secret& key_and_salt) {
    CHECK(key_and_salt.reveal().size() == key_and_salt_length(suite) && !key_and_salt.empty());
    std::string out = std::to_string(tag);
    out.append(" ").append(to_string(suite)).append(" inline:");
    append_base64(key_and_salt.reveal(), out);
    return out;
}

}  // namespace ringwall::sdp
