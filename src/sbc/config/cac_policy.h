// The admission policy as the running parts see it (`cac-policy-set`): how many calls,
// registrations and of them in a minute there may be, of whom, counted by what.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"

namespace ringwall::sbc {

// What is counted together: all, or all of one account, adjacency or source.
enum class CacScope : std::uint8_t {
    Global,
    SourceAccount,
    DestinationAccount,
    SourceAdjacency,
    DestinationAdjacency,
    SourceAddress,
    Call,  // means nothing for what is limited here, and is refused
};
std::string_view to_string(CacScope scope);  // "src-adjacency"

// What the entries of a table are told apart by. Account and Adjacency: of the caller where a call
// comes in, of who is called where it leaves.
enum class CacMatch : std::uint8_t {
    All,
    Account,
    SourceAccount,
    DestinationAccount,
    Adjacency,
    SourceAdjacency,
    DestinationAdjacency,
    SourceAddress,
};
std::string_view to_string(CacMatch match);  // "src-adjacency"

enum class CacLimit : std::uint8_t {
    MaxNumCalls,
    MaxCallRate,     // in a minute, as all rates
    MaxInCallRate,   // as calls come in
    MaxOutCallRate,  // as they leave
    MaxRegs,
    MaxRegRate,
};
inline constexpr std::size_t cac_limit_count = 6;
std::string_view to_string(CacLimit limit);  // "max-num-calls"
// What it says, for people.
std::string_view sentence(CacLimit limit);
inline bool is_rate(CacLimit limit) {
    return limit != CacLimit::MaxNumCalls && limit != CacLimit::MaxRegs;
}

struct CacEntry {
    unsigned number = 0;
    // What it matches, as the table says; none of them: all.
    std::string match = {};                                 // as it was written
    std::optional<std::uint32_t> adjacency = std::nullopt;  // AdjacencyIndex
    std::optional<Network> source = std::nullopt;
    std::optional<CacScope> scope = std::nullopt;  // none: that of the way here
    std::array<std::optional<std::uint32_t>, cac_limit_count> limits = {};
    std::optional<std::size_t> next_table = std::nullopt;  // none: cac-complete

    std::optional<std::uint32_t> limit(CacLimit which) const {
        return limits.at(static_cast<std::size_t>(which));
    }
};

struct CacTable {
    std::string name = {};
    bool is_policy_set = false;  // all entries apply; else the first that matches
    CacMatch match = CacMatch::All;
    std::vector<CacEntry> entries = {};  // by number
};

struct CacPolicySet {
    unsigned number = 0;
    std::size_t first_table = 0;
    CacScope first_scope = CacScope::Global;
    std::vector<CacTable> tables = {};  // no way through them comes back to where it was
};

}  // namespace ringwall::sbc
