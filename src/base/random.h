// Randomness as a parameter: seeded in tests, the system's in production.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/id.h"

namespace ringwall {

class Random {
public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::uint8_t> out) = 0;

    std::uint64_t number();
    // `length` letters and digits (about 5.95 bits each): tags, branches, Call-IDs.
    std::string token(std::size_t length);
};

// The same numbers for the same seed. For tests and simulations only: not secret.
class SeededRandom : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
    void fill(std::span<std::uint8_t> out) override;

private:
    std::uint64_t state_;
};

// getrandom(2), fetched a block at a time. One for each worker: not for sharing.
class SystemRandom : public Random {
public:
    void fill(std::span<std::uint8_t> out) override;

private:
    std::array<std::uint8_t, 1024> pool_{};
    std::size_t used_ = 1024;
};

// An identifier of ours that names its owner: the bucket in two hexadecimal digits, then random.
// Unguessable with length >= 20.
std::string bucket_token(Bucket bucket, Random& random, std::size_t length);
// The bucket of an identifier that bucket_token may have made; none for anything else.
std::optional<Bucket> bucket_of(std::string_view identifier);

}  // namespace ringwall
