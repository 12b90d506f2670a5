#include "media/resampler.h"

#include <speex/speex_resampler.h>

#include <algorithm>

#include "base/check.h"

namespace ringwall::media {

namespace {
constexpr int quality = 3;  // SPEEX_RESAMPLER_QUALITY_VOIP, which is a cast of the old style
}

struct Resampler::State {
    State(unsigned from, unsigned to) : speex(speex_resampler_init(1, from, to, quality, nullptr)) {
        CHECK(speex != nullptr);
    }
    ~State() { speex_resampler_destroy(speex); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    SpeexResamplerState* speex;
};

Resampler::Resampler(unsigned from, unsigned to)
    : from_(from), to_(to), state_(from == to ? nullptr : std::make_unique<State>(from, to)) {}
Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;

void Resampler::process(SamplesView sound, Samples& out) {
    if (state_ == nullptr) {
        out.insert(out.end(), sound.begin(), sound.end());
        return;
    }
    while (!sound.empty()) {
        const std::size_t before = out.size();
        auto taken = static_cast<spx_uint32_t>(sound.size());
        auto given = static_cast<spx_uint32_t>(sound.size() * to_ / from_ + 2);
        out.resize(before + given);
        speex_resampler_process_int(state_->speex, 0, sound.data(), &taken, out.data() + before,
                                    &given);
        out.resize(before + given);
        if (taken == 0) return;
        sound = sound.subspan(taken);
    }
}

SamplesView FrameResampler::frame(SamplesView sound, unsigned from, unsigned to) {
    const std::size_t wanted = to / frames_per_second;
    if (!resampler_ || !resampler_->is_for(from, to)) {
        resampler_.emplace(from, to);
        ready_.clear();
    }
    resampler_->process(sound, ready_);
    // The first frame of some rates is a sample short: then it begins with one of silence.
    if (ready_.size() < wanted) ready_.insert(ready_.begin(), wanted - ready_.size(), 0);
    const auto end = ready_.begin() + static_cast<std::ptrdiff_t>(wanted);
    frame_.assign(ready_.begin(), end);
    ready_.erase(ready_.begin(), end);
    return frame_;
}

}  // namespace ringwall::media
