// Keys as events in RTP (RFC 4733 §2.3, §2.5): a packet every 20 ms while the key is down, the last
// one three times.
#pragma once

#include <optional>

#include "media/codec.h"
#include "media/rtp_packet.h"

namespace ringwall::media {

inline constexpr unsigned event_clock = 8000;

struct TelephoneEvent {
    std::uint8_t code = 0;
    bool is_end = false;
    std::uint8_t volume = 10;    // dBm0 without the sign
    std::uint16_t duration = 0;  // in units of the clock
};

std::optional<TelephoneEvent> parse_telephone_event(OctetsView payload);
void append_telephone_event(const TelephoneEvent& event, Octets& payload);

// 0-9 * # A-D (RFC 4733 §3.2); none for anything else.
std::optional<std::uint8_t> event_code_of(char digit);
std::optional<char> digit_of(std::uint8_t event_code);

struct Digit {
    char digit = '0';
    Duration length{};
};

// Makes one key of the packets of an event, however many of them are lost or come twice.
class EventReceiver {
public:
    // The key that is now known to have been let go.
    std::optional<Digit> on_packet(const RtpHeader& header, OctetsView payload, TimePoint arrival);
    // The end may be lost: nothing for 200 ms.
    std::optional<Digit> on_time(TimePoint now);

private:
    std::optional<Digit> finish();
    struct Pressed {
        std::uint32_t timestamp = 0;
        TelephoneEvent event;
        TimePoint heard;
        bool is_told = false;
    };
    std::optional<Pressed> pressed_;
};

}  // namespace ringwall::media
