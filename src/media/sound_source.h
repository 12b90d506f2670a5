// Where the sound that is sent comes from.
#pragma once

#include <string_view>

#include "media/tone.h"

namespace ringwall::media {

class SoundSource {
public:
    virtual ~SoundSource() = default;
    // The next 20 ms. `frame` comes silent.
    virtual void read(std::span<std::int16_t> frame, unsigned sample_rate) = 0;
    // Nothing more will come.
    virtual bool has_ended() const { return false; }
    // Why nothing comes of it: a sentence. Empty: nothing is wrong.
    virtual std::string_view failure() const { return {}; }
};

class ToneSource final : public SoundSource {
public:
    explicit ToneSource(const Tone& tone) : oscillator_(tone.hertz, tone.level) {}
    void read(std::span<std::int16_t> frame, unsigned sample_rate) override {
        oscillator_.add_to(frame, sample_rate);
    }

private:
    Oscillator oscillator_;
};

}  // namespace ringwall::media
