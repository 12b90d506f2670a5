#include "base/keyed_hash.h"

#include <bit>
#include <cstring>

#include "base/random.h"

namespace ringwall {
namespace {

static_assert(std::endian::native == std::endian::little);  // octets are read as they lie

struct State {
    std::uint64_t a, b, c, d;

    void turn(unsigned rounds) {
        for (unsigned i = 0; i < rounds; ++i) {
            a += b;
            c += d;
            b = std::rotl(b, 13) ^ a;
            d = std::rotl(d, 16) ^ c;
            a = std::rotl(a, 32);
            c += b;
            a += d;
            b = std::rotl(b, 17) ^ c;
            d = std::rotl(d, 21) ^ a;
            c = std::rotl(c, 32);
        }
    }
    void take(std::uint64_t word) {
        d ^= word;
        turn(2);
        a ^= word;
    }
};

}  // namespace

HashKey HashKey::make(Random& random) {
    HashKey key;
    key.low = random.number();
    key.high = random.number();
    return key;
}

std::uint64_t keyed_hash(const HashKey& key, std::string_view text) {
    State state{key.low ^ 0x736f6d6570736575U, key.high ^ 0x646f72616e646f6dU,
                key.low ^ 0x6c7967656e657261U, key.high ^ 0x7465646279746573U};
    std::uint64_t last = std::uint64_t{text.size()} << 56;
    for (; text.size() >= 8; text.remove_prefix(8)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data(), 8);
        state.take(word);
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        last |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
    }
    state.take(last);
    state.c ^= 0xff;
    state.turn(4);
    return state.a ^ state.b ^ state.c ^ state.d;
}

}  // namespace ringwall
