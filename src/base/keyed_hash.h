// SipHash-2-4 (Aumasson and Bernstein, 2012): a hash for tables whose keys are chosen by peers. Who
// does not know the key cannot choose texts that fall on each other.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringwall {

class Random;

struct HashKey {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    static HashKey make(Random& random);
};

std::uint64_t keyed_hash(const HashKey& key, std::string_view text);

}  // namespace ringwall
