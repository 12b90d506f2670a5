#include "media/concealment.h"

#include <cstdint>

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
    const std::size_t before = out.size();
    out.resize(before + count);
    plc_fillin(&state_->plc, out.data() + before, static_cast<int>(count));
}

}  // namespace ringwall::media
