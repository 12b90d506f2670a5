#include "media/telephone_event.h"

#include <algorithm>
#include <string_view>

namespace ringwall::media {

namespace {

constexpr std::string_view digits = "0123456789*#ABCD";
constexpr Duration max_quiet = 200ms;

}  // namespace

std::optional<TelephoneEvent> parse_telephone_event(OctetsView payload) {
    if (payload.size() < 4) return std::nullopt;
    return TelephoneEvent{payload[0], (payload[1] & 0x80) != 0,
                          static_cast<std::uint8_t>(payload[1] & 0x3f), get_16(payload.subspan(2))};
}

void append_telephone_event(const TelephoneEvent& event, Octets& payload) {
    payload.push_back(event.code);
    payload.push_back(static_cast<std::uint8_t>((event.is_end ? 0x80 : 0) | (event.volume & 0x3f)));
    put_16(event.duration, payload);
}

std::optional<std::uint8_t> event_code_of(char digit) {
    const auto at = digits.find(digit);
    if (at == std::string_view::npos) return std::nullopt;
    return static_cast<std::uint8_t>(at);
}

std::optional<char> digit_of(std::uint8_t event_code) {
    if (event_code >= digits.size()) return std::nullopt;
    return digits[event_code];
}

std::optional<Digit> EventReceiver::finish() {
    if (!pressed_ || pressed_->is_told) return std::nullopt;
    pressed_->is_told = true;
    const auto digit = digit_of(pressed_->event.code);
    if (!digit) return std::nullopt;
    return Digit{*digit,
                 Duration(std::int64_t{pressed_->event.duration} * 1'000'000 / event_clock)};
}

std::optional<Digit> EventReceiver::on_packet(const RtpHeader& header, OctetsView payload,
                                              TimePoint arrival) {
    const auto event = parse_telephone_event(payload);
    if (!event) return std::nullopt;
    std::optional<Digit> done;
    if (!pressed_ || pressed_->timestamp != header.timestamp) {
        // An event that is older than the present one comes too late for anything.
        if (pressed_ && static_cast<std::int32_t>(header.timestamp - pressed_->timestamp) < 0) {
            return std::nullopt;
        }
        done = finish();
        pressed_ = Pressed{header.timestamp, *event, arrival, false};
    }
    pressed_->heard = arrival;
    pressed_->event.duration = std::max(pressed_->event.duration, event->duration);
    if (!event->is_end) return done;
    // One call tells of one key; when the key before is told now, this one is with the next packet
    // of its end, or with the time.
    return done ? done : finish();
}

std::optional<Digit> EventReceiver::on_time(TimePoint now) {
    if (!pressed_ || now - pressed_->heard < max_quiet) return std::nullopt;
    return finish();
}

}  // namespace ringwall::media
