// Between what a line is set to, what is negotiated, and what the media engine is asked for.
#pragma once

#include "media/port.h"
#include "phone/settings.h"
#include "sdp/negotiation.h"

namespace ringwall::phone {

// Which keys a call on this line may or must have. `is_secure_wanted`: Secure Call Setting, or the
// user's word for this call.
//
//   line      Secure Call Option   offered            answered
//   TLS       Optional             SRTP               in kind
//   TLS       Strict               SRTP               SRTP only
//   UDP, TCP  Optional             SRTP if wanted     in kind
//   UDP, TCP  Strict               RTP                RTP only
sdp::SrtpPolicy srtp_policy_of_offer(SecureCallOption option, sip::Transport transport,
                                     bool is_secure_wanted);
sdp::SrtpPolicy srtp_policy_of_answer(SecureCallOption option, sip::Transport transport);

sdp::AudioCodec to_sdp(media::Codec codec);
sdp::LocalAudio local_audio(const PhoneSettings& phone, const LineSettings& line,
                            const Endpoint& rtp);
media::StreamOptions stream_options(const PhoneSettings& phone, const LineSettings& line);
// A name that is free there.
std::string recording_path(const std::string& folder, std::uint64_t call);
// The value of P-RTP-Stat: packets, octets, loss, jitter and delay (ms), duration (s), codecs.
std::string rtp_stat(const media::StreamStatistics& statistics,
                     const std::optional<sdp::AudioStream>& agreed);
media::StreamSpec stream_spec(const sdp::AudioStream& agreed);

}  // namespace ringwall::phone
