// An IP address with a port, as a value. No sockets here: src/net converts.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ringwall {

struct IpAddress {
    enum class Family : std::uint8_t { V4, V6 };
    Family family = Family::V4;
    std::array<std::uint8_t, 16> bytes{};  // V4 uses the first four

    // "192.0.2.1", "2001:db8::1" or "[2001:db8::1]"; nothing else, no names.
    static std::optional<IpAddress> parse(std::string_view text);
    static IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);
    // Without brackets.
    std::string to_string() const;
    bool is_unspecified() const;
    bool is_broadcast_or_multicast() const;
    bool operator==(const IpAddress&) const = default;
    // The check takes the 0 of the rewritten comparison for a pointer.
    auto operator<=>(const IpAddress&) const = default;  // NOLINT(modernize-use-nullptr)
};

// A range of addresses: the first `prefix_length` bits of `address` count.
struct Network {
    IpAddress address;
    std::uint8_t prefix_length = 0;
    bool contains(const IpAddress& other) const;
    bool operator==(const Network&) const = default;
};

struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;
    // "192.0.2.1:5060", "[2001:db8::1]:5060".
    std::string to_string() const;
    bool operator==(const Endpoint&) const = default;
    auto operator<=>(const Endpoint&) const = default;  // NOLINT(modernize-use-nullptr)
};

// Both are of it.
struct PortRange {
    std::uint16_t first = 0, last = 0;
    bool operator==(const PortRange&) const = default;
};

}  // namespace ringwall

template <>
struct std::hash<ringwall::Endpoint> {
    std::size_t operator()(const ringwall::Endpoint& endpoint) const noexcept;
};
