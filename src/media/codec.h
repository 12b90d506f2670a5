// The codecs: octets of a payload from samples and back. One encoder and one decoder for each
// direction of a stream; they keep what they remember of the sound.
#pragma once

#include <memory>

#include "media/octets.h"
#include "media/port.h"

namespace ringwall::media {

// Linear, 16 bits, one channel.
using Samples = std::vector<std::int16_t>;
using SamplesView = std::span<const std::int16_t>;

// What sound is dealt with in: the turn of the media's clock.
inline constexpr Duration frame_time = 20ms;
inline constexpr unsigned frames_per_second = 50;

struct CodecRates {
    unsigned clock = 8000;    // of RTP timestamps
    unsigned samples = 8000;  // of the sound
};
// G.722 has 16 kHz sound and, by an old mistake, an RTP clock of 8 kHz (RFC 3551 §4.5.2).
CodecRates rates_of(Codec codec);
// The nearest packet time, not above `wanted`, that the codec can have.
Duration packet_time_of(Codec codec, Duration wanted);

class Encoder {
public:
    virtual ~Encoder() = default;
    // As many samples as a packet time has. Appends the payload.
    virtual void encode(SamplesView samples, Octets& payload) = 0;
    // The share of packets that the far end loses.
    virtual void expect_loss(double share) { static_cast<void>(share); }
};

class Decoder {
public:
    virtual ~Decoder() = default;
    // In samples. 0: not a payload of this codec.
    virtual std::size_t length(OctetsView payload) const = 0;
    // Each appends so many samples: those of the payload; some in the place of what is lost.
    virtual void decode(OctetsView payload, Samples& out) = 0;
    virtual void conceal(std::size_t count, Samples& out) = 0;
    // As conceal, when the packet behind the gap is there and may have something to say about it.
    virtual void recover(OctetsView next, std::size_t count, Samples& out) {
        static_cast<void>(next);
        conceal(count, out);
    }
};

std::unique_ptr<Encoder> make_encoder(Codec codec);
std::unique_ptr<Decoder> make_decoder(Codec codec);

}  // namespace ringwall::media
