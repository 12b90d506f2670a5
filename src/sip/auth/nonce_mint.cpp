// A nonce in text: the time in 12 hexadecimal digits (milliseconds), 12 random letters, and 128
// bits of HMAC-SHA256 over both, the realm and the source.
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "base/text.h"
#include "sip/auth/digest.h"

namespace ringwall::sip::auth {
namespace {

constexpr std::size_t time_length = 12;
constexpr std::size_t random_length = 12;
constexpr std::size_t mac_length = 32;
constexpr std::size_t prefix_length = time_length + random_length;

std::string make_key(Random& random) {
    std::array<std::uint8_t, 32> octets{};
    random.fill(octets);
    return std::string(octets.begin(), octets.end());
}

// The realm comes last, since it alone has no fixed length.
std::string mac_of(const Secret& key, std::string_view prefix, std::string_view realm,
                   const IpAddress& source) {
    std::string text(prefix);
    text.push_back(source.family == IpAddress::Family::V4 ? '4' : '6');
    text.append(source.bytes.begin(), source.bytes.end());
    text.append(realm);
    return hex(hmac_sha256(key.reveal(), text)).substr(0, mac_length);
}

}  // namespace

NonceMint::NonceMint(Random& random, Duration lifetime)
    : key_(make_key(random)), lifetime_(lifetime) {}

std::string NonceMint::make(std::string_view realm, const IpAddress& source, WallTime now,
                            Random& random) const {
    std::array<char, 17> time{};
    const auto since_epoch = static_cast<unsigned long long>(now.time_since_epoch().count());
    std::snprintf(time.data(), time.size(), "%012llx", since_epoch & 0xffff'ffff'ffffULL);
    std::string nonce = time.data() + random.token(random_length);
    nonce.append(mac_of(key_, nonce, realm, source));
    return nonce;
}

NonceMint::Verdict NonceMint::check(std::string_view nonce, std::string_view realm,
                                    const IpAddress& source, WallTime now) const {
    if (nonce.size() != prefix_length + mac_length) {
        return Verdict::Forged;
    }
    const std::string_view prefix = nonce.substr(0, prefix_length);
    if (!equal_in_constant_time(nonce.substr(prefix_length), mac_of(key_, prefix, realm, source))) {
        return Verdict::Forged;
    }
    std::int64_t made = 0;
    std::from_chars(prefix.data(), prefix.data() + time_length, made, 16);
    const Duration age = now - WallTime(std::chrono::milliseconds(made));
    // A nonce from the future was made before the clock was set back: it would live too long.
    return age >= Duration::zero() && age <= lifetime_ ? Verdict::Good : Verdict::Stale;
}

}  // namespace ringwall::sip::auth
