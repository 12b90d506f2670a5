// Strong ids: a number that is only ever the id of one kind of thing.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace ringwall {

template <class Tag>
struct Id {
    std::uint64_t value = 0;  // 0: none
    explicit operator bool() const { return value != 0; }
    auto operator<=>(const Id&) const = default;
};

// A stream connection, or the pair of a UDP socket with all its peers. Never reused while the
// process runs.
using FlowId = Id<struct FlowTag>;

// The share of the identifiers of a call that names its owner (ARCHITECTURE.md, decision 3).
inline constexpr unsigned bucket_count = 64;
struct Bucket {
    std::uint8_t value = 0;  // below bucket_count
    auto operator<=>(const Bucket&) const = default;
};

}  // namespace ringwall

template <class Tag>
struct std::hash<ringwall::Id<Tag>> {
    std::size_t operator()(const ringwall::Id<Tag>& id) const noexcept {
        return std::hash<std::uint64_t>{}(id.value);
    }
};
