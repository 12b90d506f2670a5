// Finds the place of a thing by a hash: pairs of hash and place, side by side, so that a search
// mostly looks at one line of the cache. The things themselves are elsewhere: the caller compares
// them, and gives a hash that nobody can choose who might want to make the table slow.
//
// Open addressing with linear probing. Never more than half full; never smaller than it was.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace ringwall {

class HashIndex {
public:
    // The place with this hash for which `is_it(place)`.
    template <class IsIt>
    std::optional<std::uint32_t> find(std::uint64_t hash, IsIt&& is_it) const {
        if (entries_.empty()) {
            return std::nullopt;
        }
        const auto wanted = static_cast<std::uint32_t>(hash);
        for (std::size_t at = home(wanted); entries_[at].place != none; at = next(at)) {
            if (entries_[at].hash == wanted && is_it(entries_[at].place)) {
                return entries_[at].place;
            }
        }
        return std::nullopt;
    }
    // It must not be there yet.
    void insert(std::uint64_t hash, std::uint32_t place) {
        if ((size_ + 1) * 2 > entries_.size()) {
            grow();
        }
        put({static_cast<std::uint32_t>(hash), place});
        ++size_;
    }
    // It must be there.
    void erase(std::uint64_t hash, std::uint32_t place) {
        std::size_t hole = home(static_cast<std::uint32_t>(hash));
        while (entries_[hole].place != place) {
            hole = next(hole);
        }
        // What stands behind it moves up, unless it would come to stand before its home.
        for (std::size_t at = next(hole); entries_[at].place != none; at = next(at)) {
            if (distance(home(entries_[at].hash), at) >= distance(hole, at)) {
                entries_[hole] = entries_[at];
                hole = at;
            }
        }
        entries_[hole] = {};
        --size_;
    }
    std::size_t size() const { return size_; }

private:
    static constexpr std::uint32_t none = UINT32_MAX;
    static constexpr std::size_t first_size = 16;
    struct Entry {
        std::uint32_t hash = 0;
        std::uint32_t place = none;
    };

    std::size_t home(std::uint32_t hash) const { return hash & (entries_.size() - 1); }
    std::size_t next(std::size_t at) const { return (at + 1) & (entries_.size() - 1); }
    std::size_t distance(std::size_t from, std::size_t to) const {
        return (to - from) & (entries_.size() - 1);
    }
    void put(const Entry& entry) {
        std::size_t at = home(entry.hash);
        while (entries_[at].place != none) {
            at = next(at);
        }
        entries_[at] = entry;
    }
    void grow() {
        const std::vector<Entry> before =
            std::exchange(entries_, std::vector<Entry>(std::max(first_size, entries_.size() * 2)));
        for (const Entry& entry : before) {
            if (entry.place != none) {
                put(entry);
            }
        }
    }

    std::vector<Entry> entries_;  // a power of two of them
    std::size_t size_ = 0;
};

}  // namespace ringwall
