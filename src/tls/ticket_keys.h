// The keys that a server context seals its session tickets with (RFC 5077 §4, RFC 8446 §4.6.1): the
// same for all workers, so that a phone that comes back to any of them resumes.
//
// A new key seals every hour, and the one before still opens: a ticket is good for an hour at
// least. All come from one secret and the hour, so nothing changes and nothing need be locked.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.h"

struct ssl_ctx_st;

namespace ringwall::tls {

class TicketKeys {
public:
    static constexpr std::chrono::seconds rotation{3600};
    static constexpr std::size_t name_length = 16;
    using Name = std::array<std::uint8_t, name_length>;

    class Key {
    public:
        Name name{};
        std::array<std::uint8_t, 32> cipher{};
        std::array<std::uint8_t, 32> mac{};
        ~Key();  // leaves nothing in memory
    };

    // `secret` is random, and nobody else's.
    static constexpr std::size_t secret_length = 80;
    using Secret = std::array<std::uint8_t, secret_length>;
    explicit TicketKeys(const Secret& secret) : secret_(secret) {}
    // For one root, name and trust always the same, and for others others.
    static Secret secret_of(std::string_view root, std::string_view name, std::string_view trust);
    ~TicketKeys();
    TicketKeys(const TicketKeys&) = delete;
    TicketKeys& operator=(const TicketKeys&) = delete;

    // The one to seal with.
    Key newest(WallTime now) const;
    // The one with this name, if it may still open; made as `newest` would have.
    std::optional<Key> find(std::span<const std::uint8_t, name_length> name, WallTime now) const;

    // The context's tickets are sealed with these from now on. They must outlive it.
    [[nodiscard]] bool serve(ssl_ctx_st* context) const;

private:
    Key of_period(std::uint64_t period) const;

    Secret secret_;  // its first octets are seen in tickets: they tell it from others
};

}  // namespace ringwall::tls
