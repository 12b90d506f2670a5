// A nonce in text, all in hexadecimal digits: the time in milliseconds (12), a number (16) that
// counts up from a random one, and 128 bits of HMAC-SHA256 over both, the realm and the source.
#include "sip/auth/nonce_mint.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "base/secret.h"
#include "base/text.h"

namespace ringwall::sip::auth {
namespace {

constexpr std::size_t time_length = 12;
constexpr std::size_t number_length = 16;
constexpr std::size_t mac_length = 32;
constexpr std::size_t prefix_length = time_length + number_length;
static_assert(prefix_length + mac_length == NonceMint::nonce_length);

Secret make_key(Random& random) {
    std::array<std::uint8_t, 32> octets{};
    random.fill(octets);
    return Secret(std::string(octets.begin(), octets.end()));
}

// The realm comes last, since it alone has no fixed length.
std::string mac_of(const HmacSha256& hmac, std::string_view prefix, std::string_view realm,
                   const IpAddress& source) {
    std::string text;
    text.reserve(prefix.size() + 1 + source.bytes.size() + realm.size());
    text.append(prefix);
    text.push_back(source.family == IpAddress::Family::V4 ? '4' : '6');
    text.append(source.bytes.begin(), source.bytes.end());
    text.append(realm);
    return hex(std::string_view(hmac(text)).substr(0, mac_length / 2));
}

std::uint64_t number_in(std::string_view digits) {
    std::uint64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
    return number;
}

}  // namespace

NonceMint::NonceMint(Random& random, Duration lifetime)
    : hmac_(make_key(random).reveal()),
      lifetime_(lifetime),
      last_(random.number() / 2) {}  // far from the end

std::string NonceMint::make(std::string_view realm, const IpAddress& source, WallTime now) {
    std::array<char, prefix_length + 1> prefix{};
    const auto since_epoch = static_cast<unsigned long long>(now.time_since_epoch().count());
    std::snprintf(prefix.data(), prefix.size(), "%012llx%016llx", since_epoch & 0xffff'ffff'ffffULL,
                  static_cast<unsigned long long>(++last_));
    std::string nonce(prefix.data(), prefix_length);
    nonce.append(mac_of(hmac_, nonce, realm, source));
    return nonce;
}

std::uint64_t NonceMint::number_of(std::string_view nonce) {
    return number_in(nonce.substr(time_length, number_length));
}

NonceMint::Checked NonceMint::check(std::string_view nonce, std::string_view realm,
                                    const IpAddress& source, WallTime now) const {
    if (nonce.size() != nonce_length) {
        return {};
    }
    const std::string_view prefix = nonce.substr(0, prefix_length);
    if (!equal_in_constant_time(nonce.substr(prefix_length),
                                mac_of(hmac_, prefix, realm, source))) {
        return {};
    }
    Checked checked{.nonce = nonce, .realm = realm, .source = source};
    checked.made = WallTime(std::chrono::milliseconds(
        static_cast<std::int64_t>(number_in(prefix.substr(0, time_length)))));
    checked.number = number_of(nonce);
    return check_age(checked, now);
}

NonceMint::Checked NonceMint::check_age(Checked nonce, WallTime now) const {
    const Duration age = now - nonce.made;
    // A nonce from the future was made before the clock was set back: it would live too long.
    const bool is_alive = age >= Duration::zero() && age <= lifetime_;
    nonce.verdict = is_alive ? Verdict::Good : Verdict::Stale;
    return nonce;
}

}  // namespace ringwall::sip::auth
