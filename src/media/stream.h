// One audio stream of one call, as a machine: packets and time in, packets and sound out.
//
//   on_rtp -> SRTP -> reception -> playout -> hear() -> a frame for whoever listens
//   speak() <- a frame of whoever speaks; -> codec or key -> RTP -> SRTP -> Wire
//
// Pure but for the randomness that it is given: no socket, clock or thread.
#pragma once

#include <deque>

#include "base/random.h"
#include "media/digit_sender.h"
#include "media/playout.h"
#include "media/port.h"
#include "media/reception.h"
#include "media/srtp_receiver.h"
#include "media/tone_digits.h"

namespace ringwall::media {

// Where a stream's packets go.
class Wire {
public:
    virtual ~Wire() = default;
    virtual void send_rtp(OctetsView packet, const Endpoint& remote) = 0;
    virtual void send_rtcp(OctetsView packet, const Endpoint& remote) = 0;
};

class Stream {
public:
    // Both outlive it.
    Stream(const StreamOptions& options, Random& random, Wire& wire);

    // The error is a sentence; then nothing has changed.
    Result<void, std::string> set(const StreamSpec& spec, Now now);
    bool is_started() const { return spec_.has_value(); }

    // The packet is deciphered in place.
    void on_rtp(Octets& packet, const Endpoint& from, TimePoint arrival);
    void on_rtcp(Octets& packet, const Endpoint& from, TimePoint arrival);

    // Once every 20 ms each.
    const Samples& hear(TimePoint now);
    unsigned heard_rate() const { return playout_.sample_rate(); }
    // `frame` has 20 ms at spoken_rate().
    void speak(SamplesView frame, TimePoint now);
    unsigned spoken_rate() const { return rates_.samples; }
    // What was sent with the last frame: silence where it was held back.
    SamplesView spoken() const { return spoken_; }

    void send_digit(char digit, Duration length) { digits_out_.queue(digit, length); }
    // Keys that were heard since the last call.
    std::vector<Digit> take_digits() { return std::exchange(digits_in_, {}); }

    StreamStatistics statistics(TimePoint now) const;
    // Says goodbye.
    void close(TimePoint now);

private:
    bool may_send() const;
    bool may_hear() const;
    void set_keys(const StreamSpec& spec);
    void begin_sender();
    bool open(Octets& packet, const Endpoint& from, TimePoint now, SrtpPurpose purpose);

    bool speak_digit(TimePoint now);
    void send_sound();
    void send_packet(std::uint8_t payload_type, std::uint32_t timestamp, bool has_marker);
    void send_report(TimePoint now, bool is_goodbye);
    void schedule_report(TimePoint now, double share);
    void on_report(const ReportBlock& block, TimePoint arrival);
    std::uint64_t ntp_at(TimePoint now) const;

    Random& random_;
    Wire& wire_;
    std::optional<StreamSpec> spec_;
    std::string canonical_name_;
    Duration wall_offset_{};  // wall clock less monotonic clock, at the start

    // out
    CodecRates rates_;
    std::unique_ptr<Encoder> encoder_;
    std::uint32_t ssrc_ = 0;
    bool has_collided_ = false;    // it was the peer's too, once
    std::uint64_t index_ = 0;      // rollover counter and sequence number of the next packet
    std::uint64_t timestamp_ = 0;  // of the next sample
    std::uint32_t rtcp_index_ = 0;
    bool is_pausing_ = true;  // the next packet with sound begins a talkspurt
    Samples collected_;       // less than a packet
    Samples spoken_;
    Octets payload_, packet_;
    DigitSender digits_out_;
    std::uint32_t event_timestamp_ = 0;
    std::unique_ptr<SrtpTransform> rtp_seal_, rtcp_seal_;
    std::uint32_t packets_of_ssrc_ = 0, octets_of_ssrc_ = 0;
    std::uint64_t packets_at_report_ = 0;

    // in
    std::unique_ptr<SrtpReceiver> receiver_;
    std::unique_ptr<SrtpReceiver> receiver_before_;  // the key before, for what is under way
    std::optional<TimePoint> heard_by_new_key_;      // the first time
    Playout playout_;
    Reception reception_;
    EventReceiver events_;
    ToneDigits tones_;
    bool has_events_ = false;  // one came: then a tone is no other key
    std::vector<Digit> digits_in_;
    Samples heard_;

    std::optional<TimePoint> started_;
    TimePoint next_report_;
    StreamStatistics statistics_;
};

}  // namespace ringwall::media
