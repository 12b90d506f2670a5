#include "media/mixer.h"

#include <algorithm>

#include "media/tone.h"

namespace ringwall::media {

void Mixer::begin_turn(unsigned sample_rate) {
    rate_ = sample_rate;
    sum_.assign(sample_rate / frames_per_second, 0);
}

void Mixer::hear(Member& member, SamplesView sound, unsigned rate) {
    const SamplesView frame = member.in_.frame(sound, rate, rate_);
    member.own_.assign(frame.begin(), frame.end());
    for (std::size_t i = 0; i < sum_.size(); ++i) sum_[i] += frame[i];
}

void Mixer::say(Member& member, std::span<std::int16_t> frame, unsigned rate) {
    member.others_.resize(sum_.size());
    for (std::size_t i = 0; i < sum_.size(); ++i) {
        member.others_[i] =
            static_cast<std::int16_t>(std::clamp(sum_[i] - member.own_[i], -32'768, 32'767));
    }
    add_sound(member.out_.frame(member.others_, rate_, rate), frame);
}

}  // namespace ringwall::media
