// The metrics as Prometheus reads them, in its text form 0.0.4. Labels are names of adjacencies,
// and words of closed lists of ours: nothing that a peer writes makes a label, or a series more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sbc/config/snapshot.h"
#include "sbc/measures.h"
#include "sbc/outages.h"

namespace ringwall::sbc::metrics {

struct Input {
    const Snapshot& snapshot;
    const Measures& measures;
    const Outages& outages;
    std::vector<std::size_t> registrations = {};  // by adjacency
    std::size_t workers = 0;
    std::size_t alarms = 0;  // that are up
    // Changes that the store was told and has not written; and whether they have waited too long.
    std::uint64_t store_unwritten = 0;
    bool is_store_lagging = false;
    std::string_view version = {};
};

std::string page(const Input& input);

}  // namespace ringwall::sbc::metrics
