#include "sdp/audio_format.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace ringwall::sdp {
namespace {

struct CodecRow {
    AudioCodec codec;
    std::string_view encoding;
    std::string_view parameters;
    std::optional<std::uint8_t> static_payload_type;
};
// G.722 is sampled at 16 kHz, yet its clock rate is 8000 (RFC 3551 §4.5.2).
constexpr std::array codec_rows{
    CodecRow{AudioCodec::Pcmu, "PCMU/8000", "", 0},
    CodecRow{AudioCodec::Pcma, "PCMA/8000", "", 8},
    CodecRow{AudioCodec::G722, "G722/8000", "", 9},
    CodecRow{AudioCodec::Opus, "opus/48000/2", "useinbandfec=1", std::nullopt},
};
constexpr std::string_view event_encoding = "telephone-event/8000";

const CodecRow& row_of(AudioCodec codec) {
    return *std::ranges::find(codec_rows, codec, &CodecRow::codec);
}

// "101 telephone-event/8000": the encoding, if it is of this payload type. One channel may be said
// or not (RFC 8866 §6.6).
std::optional<std::string_view> encoding_for(std::string_view rtpmap, std::uint64_t payload_type) {
    const std::string_view value = trim(rtpmap);
    const std::size_t blank = value.find_first_of(" \t");
    if (blank == std::string_view::npos ||
        parse_number(value.substr(0, blank), 127) != payload_type) {
        return std::nullopt;
    }
    std::string_view encoding = trim(value.substr(blank));
    if (encoding.ends_with("/1")) {
        encoding.remove_suffix(2);
    }
    return encoding;
}

std::optional<AudioFormat> format_of(const Media& media, std::uint8_t payload_type) {
    for (const Attribute& attribute : media.attributes) {
        if (attribute.name != "rtpmap") {
            continue;
        }
        const auto encoding = encoding_for(attribute.value, payload_type);
        if (!encoding) {
            continue;
        }
        if (equals_ignoring_case(*encoding, event_encoding)) {
            return AudioFormat{payload_type, std::nullopt};
        }
        const auto row = std::ranges::find_if(codec_rows, [&](const CodecRow& each) {
            return equals_ignoring_case(*encoding, each.encoding);
        });
        return row == codec_rows.end() ? std::nullopt
                                       : std::optional(AudioFormat{payload_type, row->codec});
    }
    const auto row =
        std::ranges::find(codec_rows, std::optional(payload_type), &CodecRow::static_payload_type);
    return row == codec_rows.end() ? std::nullopt
                                   : std::optional(AudioFormat{payload_type, row->codec});
}

std::optional<Duration> milliseconds_of(const Media& media, std::string_view name) {
    const Attribute* const attribute = media.find(name);
    const auto number = attribute == nullptr ? std::nullopt : parse_number(attribute->value, 1'000);
    return number ? std::optional<Duration>(std::chrono::milliseconds(*number)) : std::nullopt;
}

bool can_send(AudioCodec codec, Duration packet_time) {
    // RFC 6716 §2.1.4: a frame of Opus has one of few lengths.
    return packet_time == 10ms || packet_time == 20ms || packet_time == 40ms ||
           packet_time == 60ms ||
           (codec != AudioCodec::Opus && (packet_time == 30ms || packet_time == 50ms));
}

}  // namespace

std::string_view encoding_of(AudioCodec codec) {
    return row_of(codec).encoding;
}

std::string_view format_parameters_of(AudioCodec codec) {
    return row_of(codec).parameters;
}

std::optional<std::uint8_t> static_payload_type_of(AudioCodec codec) {
    return row_of(codec).static_payload_type;
}

std::vector<AudioFormat> audio_formats_of(const Media& media) {
    std::vector<AudioFormat> out;
    for (const std::string_view text : media.formats) {
        const auto number = parse_number(text, 127);
        if (!number) {
            continue;
        }
        const auto format = format_of(media, static_cast<std::uint8_t>(*number));
        if (format &&
            std::ranges::find(out, format->payload_type, &AudioFormat::payload_type) == out.end()) {
            out.push_back(*format);
        }
    }
    return out;
}

Duration packet_time_to_send(const Media& media, AudioCodec codec, Duration ours) {
    const auto most = milliseconds_of(media, "maxptime").value_or(Duration::max());
    for (const auto wanted :
         {milliseconds_of(media, "ptime").value_or(ours), ours, Duration(20ms)}) {
        if (wanted <= most && can_send(codec, wanted)) {
            return wanted;
        }
    }
    return most < 20ms ? Duration(10ms) : Duration(20ms);
}

}  // namespace ringwall::sdp
