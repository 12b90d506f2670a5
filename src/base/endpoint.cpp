#include "base/endpoint.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace ringwall {
namespace {

// Four numbers up to 255, without a leading zero, as inet_pton has them.
std::optional<IpAddress> parse_v4(std::string_view text) {
    IpAddress address;
    const char* at = text.data();
    const char* const end = at + text.size();
    for (std::size_t i = 0; i < 4; ++i) {
        if (i > 0) {
            if (at == end || *at != '.') {
                return std::nullopt;
            }
            ++at;
        }
        const bool has_leading_zero = end - at > 1 && at[0] == '0' && at[1] != '.';
        const auto [next, error] = std::from_chars(at, end, address.bytes[i]);
        if (error != std::errc() || has_leading_zero) {
            return std::nullopt;
        }
        at = next;
    }
    return at == end ? std::optional(address) : std::nullopt;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
        text = text.substr(1, text.size() - 2);
        if (text.find(':') == std::string_view::npos) {
            return std::nullopt;
        }
    }
    if (text.find(':') == std::string_view::npos) {
        return parse_v4(text);
    }
    std::array<char, INET6_ADDRSTRLEN + 1> terminated{};
    if (text.empty() || text.size() >= terminated.size()) {
        return std::nullopt;
    }
    std::copy(text.begin(), text.end(), terminated.begin());
    IpAddress address;
    address.family = Family::V6;
    if (inet_pton(AF_INET6, terminated.data(), address.bytes.data()) == 1) {
        return address;
    }
    return std::nullopt;
}

IpAddress IpAddress::v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    IpAddress address;
    address.bytes = {a, b, c, d};
    return address;
}

std::string IpAddress::to_string() const {
    if (family == Family::V4) {  // in every Via, Contact and log line: not by way of printf
        std::array<char, INET_ADDRSTRLEN> digits{};
        char* end = digits.data();
        for (std::size_t i = 0; i < 4; ++i) {
            if (i > 0) {
                *end++ = '.';
            }
            end = std::to_chars(end, digits.data() + digits.size(), bytes[i]).ptr;
        }
        return {digits.data(), end};
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
    return text.data();
}

bool IpAddress::is_unspecified() const {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t octet) { return octet == 0; });
}

bool IpAddress::is_broadcast_or_multicast() const {
    if (family == Family::V6) {
        return bytes[0] == 0xff;
    }
    return bytes[0] >= 224;  // 224/4, 240/4 and 255.255.255.255
}

bool Network::contains(const IpAddress& other) const {
    if (other.family != address.family) {
        return false;
    }
    const std::size_t whole = prefix_length / 8;
    if (!std::equal(address.bytes.begin(),
                    address.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                    other.bytes.begin())) {
        return false;
    }
    const unsigned rest = prefix_length % 8;
    if (rest == 0) {
        return true;
    }
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
    return (address.bytes[whole] & mask) == (other.bytes[whole] & mask);
}

std::string Endpoint::to_string() const {
    const std::string host = address.to_string();
    if (address.family == IpAddress::Family::V6) {
        return "[" + host + "]:" + std::to_string(port);
    }
    return host + ":" + std::to_string(port);
}

}  // namespace ringwall

std::size_t std::hash<ringwall::Endpoint>::operator()(
    const ringwall::Endpoint& endpoint) const noexcept {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, endpoint.address.bytes.data(), 8);
    std::memcpy(&low, endpoint.address.bytes.data() + 8, 8);
    std::uint64_t mixed = (high * 0x9e3779b97f4a7c15ULL) ^ (low + endpoint.port);
    mixed ^= mixed >> 29;
    return mixed * 0xbf58476d1ce4e5b9ULL;
}
