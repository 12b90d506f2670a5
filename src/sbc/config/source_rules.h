// How much of what one source may do before it is limited (`blacklist`): for each kind of event a
// bucket, and for how long whoever has emptied it is shut out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/time.h"
#include "base/token_bucket.h"

namespace ringwall::sbc {

enum class SourceEvent : std::uint8_t {
    AuthenticationFailure,  // credentials that prove nothing, for a nonce that this source was
                            // given
    CorruptMessage,         // what cannot be read
    HandshakeFailure,       // of TLS, at our door
    ConnectionRate,         // any connection
    RequestRate,            // any request outside of a call
};
inline constexpr std::size_t source_event_count = 5;
std::string_view to_string(SourceEvent event);  // "authentication-failure"
// For these a source is shut out: whoever did it has shown that it is at that address, where it was
// over a connection. Of the others only what is too much is refused.
inline bool leads_to_ban(SourceEvent event) {
    return event != SourceEvent::ConnectionRate && event != SourceEvent::RequestRate;
}

struct SourceRule {
    TokenBucket::Rate trigger;
    Duration timeout{};
    bool operator==(const SourceRule&) const = default;
};

class SourceRules {
public:
    // None: nothing is limited.
    using Rules = std::array<std::optional<SourceRule>, source_event_count>;

    SourceRules();
    std::optional<SourceRule>& of_all(SourceEvent event);
    std::optional<SourceRule>& of(const IpAddress& address, SourceEvent event);

    // What counts for that source; null: nothing. `is_peer`: it is the signaling-peer's, of which
    // only what is said of its very address counts.
    const SourceRule* find(SourceEvent event, const IpAddress& source, bool is_peer) const;
    const Rules& of_all() const { return of_all_; }
    struct OfAddress {
        IpAddress address = {};
        std::array<bool, source_event_count> is_said{};
        Rules rules = {};
    };
    const std::vector<OfAddress>& of_addresses() const { return of_addresses_; }

private:
    Rules of_all_;
    std::vector<OfAddress> of_addresses_;
};

}  // namespace ringwall::sbc
