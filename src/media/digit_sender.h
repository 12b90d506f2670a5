// The keys that are to be sent, one after another with a pause between them: as events (RFC 4733)
// or as tones in the sound (ITU-T Q.23). Steps once a frame.
#pragma once

#include <deque>

#include "media/telephone_event.h"
#include "media/tone.h"

namespace ringwall::media {

class DigitSender {
public:
    // dBm0, of each of two tones; in events without its sign.
    explicit DigitSender(double level) : level_(level) {}
    void queue(char digit, Duration length);
    bool is_idle() const { return digits_.empty(); }

    // The next frame, by events: what is to be sent in the place of sound, if a key is down.
    struct EventStep {
        TelephoneEvent event;
        bool is_first = false;  // takes its timestamp now, and the marker
    };
    std::optional<EventStep> step_event();
    // The next frame, by tones: true if `frame` holds a tone now.
    bool step_tone(std::span<std::int16_t> frame, unsigned sample_rate);

private:
    void advance();
    double level_;
    std::deque<Digit> digits_;
    Duration elapsed_{};  // of the first
    std::vector<Oscillator> tones_;
};

}  // namespace ringwall::media
