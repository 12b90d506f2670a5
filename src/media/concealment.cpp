#include "media/concealment.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

// These headers want <cstdint> before them.
#include <spandsp/telephony.h>
// and this order
#include <spandsp/plc.h>

namespace ringwall::media {

struct Concealment::State {
    plc_state_t plc{};
};

Concealment::Concealment() : state_(std::make_unique<State>()) {
    plc_init(&state_->plc);
}

Concealment::~Concealment() = default;

void Concealment::hear(std::span<std::int16_t> samples) {
    plc_rx(&state_->plc, samples.data(), static_cast<int>(samples.size()));
}

void Concealment::fill(std::size_t count, Samples& out) {
    // SpanDSP would turn its ring to the beginning by a memcpy of what overlaps.
    plc_state_t& plc = state_->plc;
    std::rotate(std::begin(plc.history), std::begin(plc.history) + plc.buf_ptr,
                std::end(plc.history));
    plc.buf_ptr = 0;
    const std::size_t before = out.size();
    out.resize(before + count);
    plc_fillin(&state_->plc, out.data() + before, static_cast<int>(count));
}

}  // namespace ringwall::media
