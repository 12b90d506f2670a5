// How loud a tone is in a sound: the share of its energy at one frequency (Goertzel).
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include "media/codec.h"

namespace ringwall::media {

// 1 for nothing but this tone, about 0 without it.
inline double share_of(double hertz, SamplesView sound, unsigned rate) {
    double before = 0;
    double last = 0;
    double energy = 0;
    const double factor = 2 * std::cos(2 * std::numbers::pi * hertz / rate);
    for (const std::int16_t sample : sound) {
        const double next = sample + factor * last - before;
        before = last;
        last = next;
        energy += static_cast<double>(sample) * sample;
    }
    if (energy < 1) return 0;
    const double power = last * last + before * before - factor * last * before;
    return 2 * power / (energy * static_cast<double>(sound.size()));
}

inline double level_of(SamplesView sound) {
    double energy = 0;
    for (const std::int16_t sample : sound) energy += static_cast<double>(sample) * sample;
    return std::sqrt(energy / static_cast<double>(std::max<std::size_t>(sound.size(), 1)));
}

}  // namespace ringwall::media
