// Sound from one rate to another, frame by frame (SpeexDSP). Equal rates: as it is.
#pragma once

#include <optional>

#include "media/codec.h"

namespace ringwall::media {

class Resampler {
public:
    Resampler(unsigned from, unsigned to);
    ~Resampler();
    Resampler(Resampler&&) noexcept;
    Resampler& operator=(Resampler&&) noexcept;

    bool is_for(unsigned from, unsigned to) const { return from == from_ && to == to_; }
    // Appends what comes of `sound`: as long, one sample more or less.
    void process(SamplesView sound, Samples& out);

private:
    struct State;
    unsigned from_;
    unsigned to_;
    std::unique_ptr<State> state_;  // none: equal rates
};

// Frames of 20 ms at a rate that may change from frame to frame, to frames at another that may too.
class FrameResampler {
public:
    // 20 ms at `to`. The view is good until the next call.
    SamplesView frame(SamplesView sound, unsigned from, unsigned to);

private:
    std::optional<Resampler> resampler_;
    Samples ready_;
    Samples frame_;
};

}  // namespace ringwall::media
