// A sound file as a source: read in the background, played when it is there.
#pragma once

#include <atomic>

#include "media/background.h"
#include "media/resampler.h"
#include "media/sound_source.h"
#include "media/wav_file.h"

namespace ringwall::media {

class FileSource final : public SoundSource {
public:
    FileSource(const File& file, Background& background);
    void read(std::span<std::int16_t> frame, unsigned sample_rate) override;
    bool has_ended() const override { return has_ended_; }
    std::string_view failure() const override;

private:
    struct Loading {
        std::atomic<bool> is_done{false};
        WavSound sound;  // these two are not touched after that
        std::string failure;
    };
    SamplesView next_part();

    std::shared_ptr<Loading> loading_;
    bool is_repeated_;
    bool has_ended_ = false;
    std::size_t played_ = 0;
    std::optional<Resampler> resampler_;
    Samples ready_;
};

}  // namespace ringwall::media
