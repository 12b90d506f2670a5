#include "media/recorder.h"

#include "base/log.h"

namespace ringwall::media {

namespace {
// Ten seconds for a disk to recover; then what it cannot take is lost.
constexpr unsigned max_waiting = 20;
}  // namespace

Recorder::Recorder(WavWriter writer, unsigned sample_rate, Background& background)
    : output_(std::make_shared<Output>(std::move(writer))),
      sample_rate_(sample_rate),
      background_(background) {}

Recorder::~Recorder() {
    write_block();
    // The last reference goes in the background, and with it the file is closed there.
    background_.post([output = std::move(output_)] {});
}

void Recorder::add(SamplesView sent, unsigned sent_rate, SamplesView heard, unsigned heard_rate) {
    const SamplesView left = left_.frame(sent, sent_rate, sample_rate_);
    const SamplesView right = right_.frame(heard, heard_rate, sample_rate_);
    for (std::size_t i = 0; i < left.size(); ++i) {
        block_.push_back(left[i]);
        block_.push_back(right[i]);
    }
    if (block_.size() >= sample_rate_) write_block();
}

void Recorder::Output::write(SamplesView block) {
    if (!writer.write(block) && !std::exchange(is_incomplete, true)) {
        log::warning(
            "recording.incomplete",
            {{"file", writer.path()}, {"reason", "it cannot be written; is the disk full?"}});
    }
}

void Recorder::write_block() {
    if (output_->blocks_waiting.load(std::memory_order_relaxed) >= max_waiting) {
        block_.clear();
        return;
    }
    output_->blocks_waiting.fetch_add(1, std::memory_order_relaxed);
    background_.post([output = output_, block = std::exchange(block_, {})] {
        output->write(block);
        output->blocks_waiting.fetch_sub(1, std::memory_order_relaxed);
    });
}

}  // namespace ringwall::media
