// Samples from one thread to one other, without waiting.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>

#include "media/codec.h"

namespace ringwall::media {

class SampleRing {
public:
    // The writer's: what does not fit is lost.
    void write(SamplesView samples) {
        const std::size_t written = written_.load(std::memory_order_relaxed);
        const std::size_t room = size - (written - read_.load(std::memory_order_acquire));
        const std::size_t count = std::min(room, samples.size());
        for (std::size_t i = 0; i < count; ++i) ring_[(written + i) % size] = samples[i];
        written_.store(written + count, std::memory_order_release);
    }
    // The reader's: how many were there.
    std::size_t read(std::span<std::int16_t> out) {
        const std::size_t begin = read_.load(std::memory_order_relaxed);
        const std::size_t count = std::min(available(), out.size());
        for (std::size_t i = 0; i < count; ++i) out[i] = ring_[(begin + i) % size];
        read_.store(begin + count, std::memory_order_release);
        return count;
    }
    void skip(std::size_t count) { read_.fetch_add(count, std::memory_order_release); }
    std::size_t available() const {
        return written_.load(std::memory_order_acquire) - read_.load(std::memory_order_relaxed);
    }

private:
    static constexpr std::size_t size = 8192;
    std::array<std::int16_t, size> ring_{};
    std::atomic<std::size_t> written_{0};
    std::atomic<std::size_t> read_{0};
};

}  // namespace ringwall::media
