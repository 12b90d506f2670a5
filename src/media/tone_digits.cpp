#include "media/tone_digits.h"

#include <cstdint>

#include "base/check.h"

// These headers want <cstdint> before them.
#include <spandsp/telephony.h>
// and this order
#include <spandsp/logging.h>
#include <spandsp/super_tone_rx.h>
// then
#include <spandsp/dtmf.h>

namespace ringwall::media {

namespace {
constexpr unsigned rate = 8000;  // all that it knows
}

struct ToneDigits::State {
    State() {
        CHECK(receiver != nullptr);
        dtmf_rx_set_realtime_callback(receiver, on_tone, this);
    }
    ~State() { dtmf_rx_free(receiver); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    // `code` is the key that is down now, 0 none.
    static void on_tone(void* user, int code, int, int) {
        State& it = *static_cast<State*>(user);
        if (it.pressed != 0) {
            it.digits->push_back({it.pressed, it.elapsed - it.since});
        }
        it.pressed = static_cast<char>(code);
        it.since = it.elapsed;
    }

    dtmf_rx_state_t* receiver = dtmf_rx_init(nullptr, nullptr, nullptr);
    std::vector<Digit>* digits = nullptr;  // while it hears
    char pressed = 0;
    Duration elapsed{}, since{};
};

ToneDigits::ToneDigits() : state_(std::make_unique<State>()) {}
ToneDigits::~ToneDigits() = default;

void ToneDigits::hear(SamplesView frame, unsigned sample_rate, std::vector<Digit>& digits) {
    const SamplesView sound = resampler_.frame(frame, sample_rate, rate);
    state_->digits = &digits;
    dtmf_rx(state_->receiver, sound.data(), static_cast<int>(sound.size()));
    state_->digits = nullptr;
    state_->elapsed += frame_time;
}

}  // namespace ringwall::media
