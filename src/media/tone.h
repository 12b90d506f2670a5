// Sine tones: a sum of some, continuous from frame to frame.
#pragma once

#include "media/codec.h"

namespace ringwall::media {

// Full scale of a sine is 3.14 dBm0 in G.711 (ITU-T G.711 §5).
inline constexpr double full_scale_dbm0 = 3.14;

class Oscillator {
public:
    Oscillator(double hertz, double decibel_full_scale);
    // Adds itself, limited.
    void add_to(std::span<std::int16_t> samples, unsigned sample_rate);

private:
    double hertz_;
    double amplitude_;
    double phase_ = 0;  // of a turn
};

// Adds one sound to another, limited.
void add_sound(SamplesView from, std::span<std::int16_t> to);

}  // namespace ringwall::media
