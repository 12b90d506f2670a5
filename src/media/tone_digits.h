// Keys that come as tones in the sound (ITU-T Q.23, as Q.24 has them recognized; SpanDSP).
#pragma once

#include <memory>
#include <vector>

#include "media/resampler.h"
#include "media/telephone_event.h"

namespace ringwall::media {

class ToneDigits {
public:
    ToneDigits();
    ~ToneDigits();
    ToneDigits(const ToneDigits&) = delete;
    ToneDigits& operator=(const ToneDigits&) = delete;

    // 20 ms; appends the keys that were let go.
    void hear(SamplesView frame, unsigned sample_rate, std::vector<Digit>& digits);

private:
    struct State;
    FrameResampler resampler_;
    std::unique_ptr<State> state_;
};

}  // namespace ringwall::media
