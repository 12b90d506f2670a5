// Conferences: everyone hears all the others and not itself.
#pragma once

#include <vector>

#include "media/resampler.h"

namespace ringwall::media {

// One in a conference: what it says comes in, what the others say goes out.
class Mixer {
public:
    // A turn: hear() for each, then say() for each.
    void begin_turn(unsigned sample_rate);
    class Member;
    void hear(Member& member, SamplesView sound, unsigned rate);
    // Adds what the others said to `frame`.
    void say(Member& member, std::span<std::int16_t> frame, unsigned rate);

    class Member {
        friend class Mixer;
        FrameResampler in_;
        FrameResampler out_;
        Samples own_;
        Samples others_;
    };

private:
    unsigned rate_ = 8000;
    std::vector<std::int32_t> sum_;
};

}  // namespace ringwall::media
