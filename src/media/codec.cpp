#include "media/codec.h"

#include <algorithm>

#include "media/g711.h"
#include "media/g722.h"
#include "media/opus.h"

namespace ringwall::media {

CodecRates rates_of(Codec codec) {
    switch (codec) {
        case Codec::Pcmu:
        case Codec::Pcma:
            return {8000, 8000};
        case Codec::G722:
            return {8000, 16000};
        case Codec::Opus:
            return {48000, 48000};
    }
    return {};
}

Duration packet_time_of(Codec codec, Duration wanted) {
    const Duration whole = std::clamp<Duration>(wanted / 10ms * 10ms, 10ms, 60ms);
    // RFC 6716 §2.1.4: a frame of Opus has 10, 20, 40 or 60 ms.
    if (codec != Codec::Opus || whole <= 20ms) return whole;
    return whole < 40ms ? 20ms : whole < 60ms ? 40ms : 60ms;
}

std::unique_ptr<Encoder> make_encoder(Codec codec) {
    switch (codec) {
        case Codec::Pcmu:
        case Codec::Pcma:
            return std::make_unique<G711Encoder>(codec);
        case Codec::G722:
            return std::make_unique<G722Encoder>();
        case Codec::Opus:
            return std::make_unique<OpusVoiceEncoder>();
    }
    return nullptr;
}

std::unique_ptr<Decoder> make_decoder(Codec codec) {
    switch (codec) {
        case Codec::Pcmu:
        case Codec::Pcma:
            return std::make_unique<G711Decoder>(codec);
        case Codec::G722:
            return std::make_unique<G722Decoder>();
        case Codec::Opus:
            return std::make_unique<OpusVoiceDecoder>();
    }
    return nullptr;
}

}  // namespace ringwall::media
