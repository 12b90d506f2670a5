// What is and was on each adjacency, in numbers: what a scrape of the metrics sees (metrics/page).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/close_reason.h"
#include "engine/shard.h"
#include "sbc/counters.h"
#include "sbc/record/call_statistics.h"
#include "sip/message.h"
#include "sip/method.h"

namespace ringwall::sbc {

// The handshake of a connection came to nothing, or nobody would have what came of it.
constexpr bool is_failed_handshake(CloseReason reason) {
    return reason == CloseReason::TlsOnPlain || reason == CloseReason::PlainOnTls ||
           reason == CloseReason::HandshakeTimeout || reason == CloseReason::HandshakeFailed ||
           reason == CloseReason::IdentityMismatch;
}

// Messages as CISCO-SESS-BORDER-CTRLR-STATS-MIB counts them: requests by method, responses by
// class; repetitions too.
struct MessageCounts {
    static constexpr std::size_t class_count = 6;  // 1xx to 6xx
    struct Way {
        std::array<std::uint64_t, sip::method_count> requests{};
        std::array<std::uint64_t, class_count> responses{};
        bool operator==(const Way&) const = default;
    };
    Way in;
    Way out;

    void add(engine::Direction direction, const sip::Message& message);
    MessageCounts& operator+=(const MessageCounts& other);
    bool operator==(const MessageCounts&) const = default;
};

struct AdjacencyMeasures {
    // Now.
    std::size_t active_calls = 0;  // that came from it
    std::size_t activating_calls = 0;
    std::array<std::size_t, 3> connections{};  // by transport
    // Since the start.
    MessageCounts messages;
    std::array<std::uint64_t, close_reason_count> handshakes_failed{};

    AdjacencyMeasures& operator+=(const AdjacencyMeasures& other);
};

struct Measures {
    Counters counters;
    CallStatistics statistics;
    engine::ShardCounters traffic;
    std::vector<AdjacencyMeasures> adjacencies;  // by index
};

}  // namespace ringwall::sbc
