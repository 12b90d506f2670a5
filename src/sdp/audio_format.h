// The formats of an audio stream that a phone knows, as a=rtpmap names them (RFC 3551 §6, RFC 7587
// §7, RFC 4733 §7.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sdp/session_description.h"

namespace ringwall::sdp {

enum class AudioCodec : std::uint8_t { Pcmu, Pcma, G722, Opus };

std::string_view encoding_of(AudioCodec codec);           // "opus/48000/2"
std::string_view format_parameters_of(AudioCodec codec);  // of a=fmtp, or empty
std::optional<std::uint8_t> static_payload_type_of(AudioCodec codec);

struct AudioFormat {
    std::uint8_t payload_type = 0;
    std::optional<AudioCodec> codec;  // none: telephone-event of 8000 Hz
    bool operator==(const AudioFormat&) const = default;
};
// The known ones of an m= line, in its order, each payload type once.
std::vector<AudioFormat> audio_formats_of(const Media& media);

// How long a packet to the far end is: what a=ptime asks for and a=maxptime allows, as far as the
// codec can; else `ours`.
Duration packet_time_to_send(const Media& media, AudioCodec codec, Duration ours);

}  // namespace ringwall::sdp
