// Both directions of a stream into a WAV file: left what is sent, right what is heard. The media
// thread only fills a block; it is written in the background, every half second.
#pragma once

#include <atomic>

#include "media/background.h"
#include "media/resampler.h"
#include "media/wav_file.h"

namespace ringwall::media {

class Recorder {
public:
    // `background` outlives it.
    Recorder(WavWriter writer, unsigned sample_rate, Background& background);
    ~Recorder();  // what is left is written, and then the file is whole
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    // 20 ms of each.
    void add(SamplesView sent, unsigned sent_rate, SamplesView heard, unsigned heard_rate);

private:
    struct Output {
        explicit Output(WavWriter the_writer) : writer(std::move(the_writer)) {}
        void write(SamplesView block);
        WavWriter writer;            // the background's alone
        bool is_incomplete = false;  // and that was told
        std::atomic<unsigned> blocks_waiting{0};
    };
    void write_block();

    std::shared_ptr<Output> output_;
    unsigned sample_rate_;
    Background& background_;
    FrameResampler left_;
    FrameResampler right_;
    Samples block_;
};

}  // namespace ringwall::media
