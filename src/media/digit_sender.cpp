#include "media/digit_sender.h"

#include <algorithm>
#include <array>

namespace ringwall::media {

namespace {

constexpr unsigned end_packets = 3;  // RFC 4733 §2.5.1.4
constexpr Duration pause = 60ms;
constexpr Duration shortest = 40ms;
constexpr Duration longest = 8s;   // what 16 bits of duration hold
constexpr double most_quiet = 63;  // RFC 4733 §2.3.1

// ITU-T Q.23: rows and columns of the keypad.
constexpr std::array<double, 4> rows{697, 770, 852, 941};
constexpr std::array<double, 4> columns{1209, 1336, 1477, 1633};
constexpr std::string_view keypad = "123A456B789C*0#D";

}  // namespace

void DigitSender::queue(char digit, Duration length) {
    if (!event_code_of(digit)) return;
    // Whole frames.
    const Duration whole = (std::clamp<Duration>(length, shortest, longest) + frame_time - 1us) /
                           frame_time * frame_time;
    digits_.push_back({digit, whole});
}

void DigitSender::advance() {
    digits_.pop_front();
    elapsed_ = {};
    tones_.clear();
}

std::optional<DigitSender::EventStep> DigitSender::step_event() {
    if (digits_.empty()) return std::nullopt;
    const Digit& digit = digits_.front();
    const bool is_first = elapsed_ == Duration{};
    elapsed_ += frame_time;
    if (elapsed_ > digit.length + (end_packets - 1) * frame_time) {
        if (elapsed_ >= digit.length + (end_packets - 1) * frame_time + pause) advance();
        return std::nullopt;
    }
    const Duration down = std::min(elapsed_, digit.length);
    EventStep step;
    step.is_first = is_first;
    step.event.code = *event_code_of(digit.digit);
    step.event.volume = static_cast<std::uint8_t>(std::clamp(-level_, 0.0, most_quiet));
    step.event.is_end = elapsed_ >= digit.length;
    step.event.duration = static_cast<std::uint16_t>(down.count() * event_clock / 1'000'000);
    return step;
}

bool DigitSender::step_tone(std::span<std::int16_t> frame, unsigned sample_rate) {
    if (digits_.empty()) return false;
    const Digit& digit = digits_.front();
    if (elapsed_ == Duration{}) {
        const std::size_t key = keypad.find(digit.digit);
        const double level = level_ - full_scale_dbm0;
        tones_ = {Oscillator(rows[key / 4], level), Oscillator(columns[key % 4], level)};
    }
    elapsed_ += frame_time;
    std::fill(frame.begin(), frame.end(), std::int16_t{0});
    if (elapsed_ <= digit.length) {
        for (Oscillator& tone : tones_) tone.add_to(frame, sample_rate);
    }
    if (elapsed_ >= digit.length + pause) advance();
    return true;
}

}  // namespace ringwall::media
