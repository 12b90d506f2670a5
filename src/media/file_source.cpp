#include "media/file_source.h"

#include <algorithm>

namespace ringwall::media {

FileSource::FileSource(const File& file, Background& background)
    : loading_(std::make_shared<Loading>()), is_repeated_(file.is_repeated) {
    background.post([loading = loading_, path = file.path] {
        if (auto sound = read_wav(path)) {
            loading->sound = std::move(*sound);
        } else {
            loading->failure = sound.error();
        }
        loading->is_done.store(true, std::memory_order_release);
    });
}

std::string_view FileSource::failure() const {
    if (!loading_->is_done.load(std::memory_order_acquire)) return {};
    return loading_->failure;
}

// 20 ms of the file, or what there is until its end.
SamplesView FileSource::next_part() {
    const Samples& all = loading_->sound.samples;
    if (played_ == all.size() && is_repeated_) played_ = 0;
    const std::size_t count = std::min<std::size_t>(loading_->sound.sample_rate / frames_per_second,
                                                    all.size() - played_);
    const SamplesView part = SamplesView(all).subspan(played_, count);
    played_ += count;
    return part;
}

void FileSource::read(std::span<std::int16_t> frame, unsigned sample_rate) {
    if (!loading_->is_done.load(std::memory_order_acquire) || !loading_->failure.empty()) return;
    if (!resampler_ || !resampler_->is_for(loading_->sound.sample_rate, sample_rate)) {
        resampler_.emplace(loading_->sound.sample_rate, sample_rate);
        ready_.clear();
    }
    while (ready_.size() < frame.size()) {
        const SamplesView part = next_part();
        if (part.empty()) break;
        resampler_->process(part, ready_);
    }
    const std::size_t count = std::min(frame.size(), ready_.size());
    const auto end = ready_.begin() + static_cast<std::ptrdiff_t>(count);
    std::copy(ready_.begin(), end, frame.begin());
    ready_.erase(ready_.begin(), end);
    has_ended_ = count < frame.size();
}

}  // namespace ringwall::media
