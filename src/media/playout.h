// The playout of what comes: packets in as the network brings them, sound out in frames of 20 ms.
//
//     packets -> slots, by sequence number -> decoder -> samples -> frames
//
// A packet waits at least max(30 ms, 10 ms and its own length); the level says how long the first
// one waits and how fast a wait that has become too long is cut. The wait grows when a packet is
// not there in time: sound is made up without moving on, so that it is still played when it comes.
// What is lost (a later one is there) is made up, and moves on. Where the sender was silent, the
// next sound waits as long as it should, from its arrival.
//
// Pure: packets and time in, frames out.
#pragma once

#include <array>
#include <optional>

#include "media/codec.h"
#include "media/rtp_packet.h"

namespace ringwall::media {

class Playout {
public:
    Playout(JitterLevel level, JitterAdjustment adjustment);

    void push(const RtpPacket& packet, Codec codec, TimePoint arrival);
    // A packet of the same sender that has no sound: an event, comfort noise.
    void push_soundless(const RtpHeader& header);

    // One frame at sample_rate(), once every 20 ms. Silence, where there is nothing.
    void pull(TimePoint now, Samples& frame);
    unsigned sample_rate() const { return rates_.samples; }

    // How long the latest packets wait.
    Duration delay() const { return delay_; }
    std::uint64_t late() const { return late_; }
    std::uint64_t concealed() const { return concealed_; }

private:
    static constexpr std::size_t slot_count = 128;
    struct Slot {
        bool is_used = false;
        bool has_sound = false;
        std::uint64_t sequence = 0;
        std::int64_t timestamp = 0;
        TimePoint arrival;
        Octets payload;
    };
    enum class Order : std::uint8_t { Fits, Late, Elsewhere };

    void begin(const RtpHeader& header, Codec codec);
    Order place(std::uint16_t sequence, std::uint64_t& extended);
    Slot* slot_of(std::uint64_t sequence);
    const Slot* next_waiting() const;
    void note_wait(const Slot& slot);
    void note_late(std::uint32_t timestamp, TimePoint arrival);

    // Brings more samples. False: nothing is there.
    bool fill(TimePoint now);
    void play(Slot& slot, TimePoint now);
    void begin_talking(const Slot& slot, TimePoint now);
    void use_starved(const Slot& behind);
    void make_up(const Slot& behind);
    void starve(std::size_t count);

    void adapt(TimePoint now);
    void grow();
    void cut(std::size_t wanted, TimePoint now);
    std::size_t best_lag(std::size_t from, std::size_t to) const;

    Duration minimum_wait() const;
    std::size_t samples_in(Duration time) const;
    Duration time_of(std::int64_t clocks) const;
    Duration time_of_samples(std::size_t count) const;

    const JitterLevel level_;
    const JitterAdjustment adjustment_;

    std::unique_ptr<Decoder> decoder_;
    Codec codec_ = Codec::Pcmu;
    CodecRates rates_;
    std::uint32_t ssrc_ = 0;
    std::array<Slot, slot_count> slots_;
    std::size_t waiting_ = 0;   // slots in use
    bool is_begun_ = false;     // a sender is known
    bool is_talking_ = false;   // its timestamps are tied to our clock
    std::uint64_t newest_ = 0;  // extended sequence number of what came
    std::int64_t newest_timestamp_ = 0;
    std::optional<std::uint16_t> after_jump_;
    std::uint64_t next_ = 0;            // to be decoded
    std::int64_t position_ = 0;         // timestamp at the end of `ready_`
    std::int64_t packet_length_ = 160;  // of the last one, in clocks
    Samples ready_;                     // decoded, not yet played
    TimePoint last_pull_;
    std::size_t starved_ = 0;  // samples in a row made up because nothing came
    std::uint64_t starved_packets_ = 0;

    Duration delay_{};
    Duration least_excess_ = Duration::max(), longest_wait_{};  // since last_adapted_
    TimePoint last_adapted_;
    std::size_t to_cut_ = 0;   // samples
    std::size_t to_grow_ = 0;  // samples
    std::uint64_t late_ = 0;
    std::uint64_t concealed_ = 0;
};

}  // namespace ringwall::media
