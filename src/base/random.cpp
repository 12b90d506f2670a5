#include "base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/check.h"

namespace ringwall {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

int hex_value(char c) {
    const auto at = hex_digits.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

void append_token(std::string& out, Random& random, std::size_t length) {
    static constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::array<std::uint8_t, 32> octets{};
    out.resize(out.size() + length);
    char* const end = out.data() + out.size();
    char* at = end - length;
    while (at != end) {
        random.fill(octets);
        for (std::size_t i = 0; i < octets.size() && at != end; ++i) {
            const unsigned value = octets[i] & 63U;
            if (value < alphabet.size()) {  // 62 and 63 are thrown away: no letter is likelier
                *at++ = alphabet[value];
            }
        }
    }
}

}  // namespace

std::uint64_t Random::number() {
    std::array<std::uint8_t, 8> octets{};
    fill(octets);
    std::uint64_t value = 0;
    std::memcpy(&value, octets.data(), octets.size());
    return value;
}

std::string Random::token(std::size_t length) {
    std::string out;
    append_token(out, *this, length);
    return out;
}

// splitmix64
void SeededRandom::fill(std::span<std::uint8_t> out) {
    for (std::size_t at = 0; at < out.size();) {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        z ^= z >> 31;
        for (unsigned i = 0; i < 8 && at < out.size(); ++i, ++at) {
            out[at] = static_cast<std::uint8_t>(z >> (8 * i));
        }
    }
}

void SystemRandom::fill(std::span<std::uint8_t> out) {
    while (!out.empty()) {
        if (used_ == pool_.size()) {
            ssize_t got = 0;
            do {
                got = getrandom(pool_.data(), pool_.size(), 0);
            } while (got < 0 && errno == EINTR);
            CHECK(got == static_cast<ssize_t>(pool_.size()));
            used_ = 0;
        }
        const auto fresh = std::span(pool_).subspan(used_);
        const auto taken = fresh.first(std::min(fresh.size(), out.size()));
        std::ranges::copy(taken, out.begin());
        std::ranges::fill(taken, std::uint8_t{0});  // handed out once
        used_ += taken.size();
        out = out.subspan(taken.size());
    }
}

std::string bucket_token(Bucket bucket, Random& random, std::size_t length) {
    std::string out;
    out.reserve(2 + length);
    out.push_back(hex_digits[bucket.value >> 4]);
    out.push_back(hex_digits[bucket.value & 15]);
    append_token(out, random, length);
    return out;
}

std::optional<Bucket> bucket_of(std::string_view identifier) {
    if (identifier.size() < 2) {
        return std::nullopt;
    }
    const int high = hex_value(identifier[0]);
    const int low = hex_value(identifier[1]);
    if (high < 0 || low < 0 || high * 16 + low >= static_cast<int>(bucket_count)) {
        return std::nullopt;
    }
    return Bucket{static_cast<std::uint8_t>(high * 16 + low)};
}

}  // namespace ringwall
