// What is and was on each adjacency, in numbers: what a scrape of the metrics sees (metrics/page).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/close_reason.h"
#include "base/time.h"
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

// How long what was handled had waited, as Prometheus counts such: below so many milliseconds each.
struct DelayCounts {
    static constexpr std::array<int, 9> bounds{1, 5, 10, 25, 50, 100, 250, 500, 1000};
    std::array<std::uint64_t, bounds.size() + 1> counts{};  // the last: longer than all
    Duration sum{};

    void add(Duration waited);
    DelayCounts& operator+=(const DelayCounts& other);
};

// Of one worker: whether it turns new work away.
struct WorkerLoad {
    bool is_shedding = false;
    double share = 0;        // of new work that is turned away
    Duration queue_delay{};  // of the last window
    std::uint64_t shed = 0;  // requests, since the start
    std::uint64_t handshakes_shed = 0;
    WallTime since{};  // is_shedding
};

struct Measures {
    Counters counters;
    CallStatistics statistics;
    engine::ShardCounters traffic;
    std::vector<AdjacencyMeasures> adjacencies;  // by index
    DelayCounts delays;
    std::vector<WorkerLoad> workers;
};

}  // namespace ringwall::sbc
