// What is left to chance, all from one seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "base/random.h"

namespace ringwall::simulation {

class Dice {
public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}

    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_.number() % n); }
    bool chance(std::size_t percent) { return below(100) < percent; }
    template <class T>
    T pick(std::initializer_list<T> of) {
        return of.begin()[below(of.size())];
    }
    template <class T>
    const T& pick(const std::vector<T>& of) {
        return of[below(of.size())];
    }

private:
    SeededRandom random_;
};

}  // namespace ringwall::simulation
