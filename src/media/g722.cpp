#include "media/g722.h"

#include <cstdint>

#include "base/check.h"

// These headers want <cstdint> before them.
#include <spandsp/telephony.h>
// and this order
#include <spandsp/g722.h>

// What G.722 needs of the rest of SpanDSP, in the place of the archive's own: that one changes a
// register which the compiler of the archive took to be kept, and ends in a crash (Debian 12,
// 0.0.6; the shared library is built otherwise and is not affected). The linker takes this one
// because it comes first. `x` is a ring that begins at `first`.
extern "C" std::int32_t vec_circular_dot_prodi16(const std::int16_t* x, const std::int16_t* y,
                                                 int count, int first) {
    std::int32_t sum = 0;
    for (int i = first; i < count; ++i) sum += std::int32_t{x[i]} * y[i - first];
    for (int i = 0; i < first; ++i) sum += std::int32_t{x[i]} * y[count - first + i];
    return sum;
}

namespace ringwall::media {

namespace {
constexpr int bits_per_second = 64'000;
}

struct G722Encoder::State {
    g722_encode_state_t* g722 = g722_encode_init(nullptr, bits_per_second, 0);
    State() { CHECK(g722 != nullptr); }
    ~State() { g722_encode_free(g722); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
};

struct G722Decoder::State {
    g722_decode_state_t* g722 = g722_decode_init(nullptr, bits_per_second, 0);
    State() { CHECK(g722 != nullptr); }
    ~State() { g722_decode_free(g722); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
};

G722Encoder::G722Encoder() : state_(std::make_unique<State>()) {}
G722Encoder::~G722Encoder() = default;

void G722Encoder::encode(SamplesView samples, Octets& payload) {
    const std::size_t before = payload.size();
    payload.resize(before + samples.size() / 2);
    g722_encode(state_->g722, payload.data() + before, samples.data(),
                static_cast<int>(samples.size()));
}

G722Decoder::G722Decoder() : state_(std::make_unique<State>()) {}
G722Decoder::~G722Decoder() = default;

void G722Decoder::decode(OctetsView payload, Samples& out) {
    const std::size_t before = out.size();
    out.resize(before + length(payload));
    g722_decode(state_->g722, out.data() + before, payload.data(),
                static_cast<int>(payload.size()));
    concealment_.hear(std::span(out).subspan(before));
}

}  // namespace ringwall::media
