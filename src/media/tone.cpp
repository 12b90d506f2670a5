#include "media/tone.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ringwall::media {

namespace {

constexpr double full_scale = 32'767;

std::int16_t limited(int value) {
    return static_cast<std::int16_t>(std::clamp(value, -32'768, 32'767));
}

}  // namespace

Oscillator::Oscillator(double hertz, double decibel_full_scale)
    : hertz_(hertz), amplitude_(full_scale * std::pow(10.0, decibel_full_scale / 20)) {}

void Oscillator::add_to(std::span<std::int16_t> samples, unsigned sample_rate) {
    const double step = hertz_ / sample_rate;
    for (std::int16_t& sample : samples) {
        const double value = amplitude_ * std::sin(2 * std::numbers::pi * phase_);
        sample = limited(sample + static_cast<int>(std::lround(value)));
        phase_ += step;
        if (phase_ >= 1) phase_ -= std::floor(phase_);
    }
}

void add_sound(SamplesView from, std::span<std::int16_t> to) {
    const std::size_t count = std::min(from.size(), to.size());
    for (std::size_t i = 0; i < count; ++i) to[i] = limited(to[i] + from[i]);
}

}  // namespace ringwall::media
