#include "phone/call_media.h"

#include <filesystem>

namespace ringwall::phone {
namespace {

media::Codec to_media(sdp::AudioCodec codec) {
    switch (codec) {
        case sdp::AudioCodec::Pcmu:
            return media::Codec::Pcmu;
        case sdp::AudioCodec::Pcma:
            return media::Codec::Pcma;
        case sdp::AudioCodec::G722:
            return media::Codec::G722;
        case sdp::AudioCodec::Opus:
            return media::Codec::Opus;
    }
    return media::Codec::Pcmu;
}

media::Direction to_media(sdp::Direction direction) {
    switch (direction) {
        case sdp::Direction::SendRecv:
            return media::Direction::SendReceive;
        case sdp::Direction::SendOnly:
            return media::Direction::SendOnly;
        case sdp::Direction::RecvOnly:
            return media::Direction::ReceiveOnly;
        case sdp::Direction::Inactive:
            return media::Direction::Inactive;
    }
    return media::Direction::Inactive;
}

std::optional<media::SrtpKey> to_media(const std::optional<sdp::SrtpKey>& key) {
    return key ? std::optional(media::SrtpKey{key->suite, key->key_and_salt}) : std::nullopt;
}

std::string_view name_of(sdp::AudioCodec codec) {
    switch (codec) {
        case sdp::AudioCodec::Pcmu:
            return "G711u";
        case sdp::AudioCodec::Pcma:
            return "G711a";
        case sdp::AudioCodec::G722:
            return "G722";
        case sdp::AudioCodec::Opus:
            return "OPUS";
    }
    return "";
}

}  // namespace

sdp::AudioCodec to_sdp(media::Codec codec) {
    switch (codec) {
        case media::Codec::Pcmu:
            return sdp::AudioCodec::Pcmu;
        case media::Codec::Pcma:
            return sdp::AudioCodec::Pcma;
        case media::Codec::G722:
            return sdp::AudioCodec::G722;
        case media::Codec::Opus:
            return sdp::AudioCodec::Opus;
    }
    return sdp::AudioCodec::Pcmu;
}

sdp::SrtpPolicy srtp_policy_of_offer(SecureCallOption option, sip::Transport transport,
                                     bool is_secure_wanted) {
    const bool is_offered = is_secure_wanted && option != SecureCallOption::Strict;
    return transport == sip::Transport::Tls || is_offered ? sdp::SrtpPolicy::Required
                                                          : sdp::SrtpPolicy::PlainOnly;
}

sdp::SrtpPolicy srtp_policy_of_answer(SecureCallOption option, sip::Transport transport) {
    if (option == SecureCallOption::Optional) {
        return sdp::SrtpPolicy::Optional;
    }
    return transport == sip::Transport::Tls ? sdp::SrtpPolicy::Required
                                            : sdp::SrtpPolicy::PlainOnly;
}

sdp::LocalAudio local_audio(const PhoneSettings& phone, const LineSettings& line,
                            const Endpoint& rtp) {
    sdp::LocalAudio local;
    local.rtp = rtp;
    for (const media::Codec codec : line.codecs) {
        local.codecs.push_back(to_sdp(codec));
        if (line.use_pref_codec_only) {
            break;
        }
    }
    const bool has_events = line.dtmf_tx_method != DtmfTxMethod::InBand &&
                            line.dtmf_tx_method != DtmfTxMethod::Info &&
                            line.dtmf_tx_method != DtmfTxMethod::InBandAndInfo;
    if (has_events && line.dtmf_process_avt) {
        local.event_payload_type = phone.avt_dynamic_payload;
    } else {
        local.event_payload_type.reset();
    }
    local.order =
        line.use_remote_pref_codec ? sdp::LocalAudio::Order::Theirs : sdp::LocalAudio::Order::Ours;
    local.answer_with = line.is_list_all_codecs ? sdp::LocalAudio::AnswerWith::AllCodecs
                                                : sdp::LocalAudio::AnswerWith::OneCodec;
    local.packet_time = phone.rtp_packet_size;
    return local;
}

media::StreamOptions stream_options(const PhoneSettings& phone, const LineSettings& line) {
    return {.type_of_service = line.rtp_tos,
            .first_port = phone.rtp_port_min,
            .last_port = phone.rtp_port_max,
            .jitter_level = line.network_jitter_level,
            .jitter_adjustment = line.jitter_buffer_adjustment,
            .key_level = phone.dtmf_playback_level};
}

// Call numbers begin anew with the phone, and what was recorded before stays.
std::string recording_path(const std::string& folder, std::uint64_t call) {
    const std::string name = folder + "/call-" + std::to_string(call);
    std::string path = name + ".wav";
    std::error_code error;
    for (unsigned i = 2; std::filesystem::exists(path, error) && i < 100'000; ++i) {
        path = name + "-" + std::to_string(i) + ".wav";
    }
    return path;
}

std::string rtp_stat(const media::StreamStatistics& statistics,
                     const std::optional<sdp::AudioStream>& agreed) {
    using std::chrono::duration_cast;
    std::string out;
    const auto add = [&](std::string_view name, const std::string& value) {
        out.append(out.empty() ? "" : ",").append(name).append("=").append(value);
    };
    const auto milliseconds = [](Duration time) {
        return std::to_string(duration_cast<std::chrono::milliseconds>(time).count());
    };
    add("PS", std::to_string(statistics.packets_sent));
    add("OS", std::to_string(statistics.octets_sent));
    add("PR", std::to_string(statistics.packets_received));
    add("OR", std::to_string(statistics.octets_received));
    add("PL", std::to_string(statistics.packets_lost));
    add("JI", milliseconds(statistics.jitter));
    add("LA", milliseconds(statistics.round_trip.value_or(Duration::zero())));
    add("DU", std::to_string(duration_cast<std::chrono::seconds>(statistics.duration).count()));
    if (agreed) {
        add("EN", std::string(name_of(agreed->codec)));
        add("DE", std::string(name_of(agreed->receive.empty() ? agreed->codec
                                                              : agreed->receive.front().codec)));
    }
    return out;
}

media::StreamSpec stream_spec(const sdp::AudioStream& agreed) {
    media::StreamSpec spec;
    spec.remote = agreed.remote;
    spec.remote_rtcp = agreed.remote_rtcp;
    spec.codec = to_media(agreed.codec);
    spec.payload_type = agreed.payload_type;
    for (const auto& each : agreed.receive) {
        spec.receive.push_back({each.payload_type, to_media(each.codec)});
    }
    spec.event_to_send = agreed.event_to_send;
    spec.event_to_receive = agreed.event_to_receive;
    spec.packet_time = agreed.packet_time;
    spec.direction = to_media(agreed.direction);
    spec.send_key = to_media(agreed.send_key);
    spec.receive_key = to_media(agreed.receive_key);
    return spec;
}

}  // namespace ringwall::phone
