// Sound in the place of lost sound: the last pitch period goes on, and fades within 50 ms (SpanDSP;
// the way of ITU-T G.711 appendix I).
#pragma once

#include <memory>

#include "media/codec.h"

namespace ringwall::media {

class Concealment {
public:
    Concealment();
    ~Concealment();
    Concealment(const Concealment&) = delete;
    Concealment& operator=(const Concealment&) = delete;

    // Everything that has come passes here; after a gap its beginning is blended.
    void hear(std::span<std::int16_t> samples);
    // Appends.
    void fill(std::size_t count, Samples& out);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ringwall::media
