// Offer and answer about the one audio stream of a call (RFC 3264; keys: RFC 4568). A machine for
// each dialog, which makes our offers and answers and says what was agreed. It is copied where an
// INVITE forks: every copy judges the answer of one dialog.
//
// What it keeps for the dialog's life: the session id of o= and its version, which counts when the
// description changes (RFC 3264 §8); the place of each m= line; which payload type is which codec;
// our keys, until others are asked for; and that a stream that was SRTP once stays so.
//
// Non-audio, ICE, DTLS fingerprints, groups and the like are passed over.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "sdp/audio_format.h"
#include "sdp/crypto_attribute.h"
#include "sdp/session_description.h"
#include "sdp/writing.h"

namespace ringwall::sdp {

enum class SrtpPolicy : std::uint8_t {
    PlainOnly,  // offers RTP/AVP; keys that come with RTP/AVP are passed over, RTP/SAVP is refused
    Optional,   // offers RTP/AVP with keys, and lives with an answer without; answers in kind
    Required,   // offers RTP/SAVP; nothing in the clear
};

// As peers choose: the first that they know. AES_256_CM stands behind AES_CM_128, because there are
// phones in the field that answer it and then are silent.
inline constexpr std::array default_crypto_suites{
    CryptoSuite::AeadAes256Gcm, CryptoSuite::AeadAes128Gcm, CryptoSuite::AesCm128HmacSha1Tag80,
    CryptoSuite::AesCm256HmacSha1Tag80, CryptoSuite::AesCm128HmacSha1Tag32};

// Ours at the moment of an offer or answer.
struct LocalAudio {
    enum class Order : std::uint8_t { Ours, Theirs };
    enum class AnswerWith : std::uint8_t { OneCodec, AllCodecs };

    Endpoint rtp;                    // RTCP is the next port
    std::vector<AudioCodec> codecs;  // preferred first
    Order order = Order::Ours;       // whose preference decides, in an answer of ours
    AnswerWith answer_with = AnswerWith::OneCodec;
    std::optional<std::uint8_t> event_payload_type = 101;  // none: no telephone-event
    Duration packet_time = 20ms;
    Direction direction = Direction::SendRecv;  // what we want
    SrtpPolicy srtp = SrtpPolicy::Optional;
    std::vector<CryptoSuite> suites{default_crypto_suites.begin(), default_crypto_suites.end()};
};

struct SrtpKey {
    CryptoSuite suite = CryptoSuite::Other;
    Secret key_and_salt;
    bool operator==(const SrtpKey&) const = default;
};

// What was agreed, seen from us.
struct AudioStream {
    Endpoint remote;
    std::optional<Endpoint> remote_rtcp;  // RFC 3605; none: the next port
    AudioCodec codec = AudioCodec::Pcmu;  // what we send
    std::uint8_t payload_type = 0;        // and as which
    struct Receive {
        std::uint8_t payload_type = 0;
        AudioCodec codec = AudioCodec::Pcmu;
        bool operator==(const Receive&) const = default;
    };
    std::vector<Receive> receive;
    std::optional<std::uint8_t> event_to_send;
    std::optional<std::uint8_t> event_to_receive;
    Duration packet_time{};
    Direction direction = Direction::SendRecv;  // ours
    bool is_held = false;  // the far end wants no sound of ours: a=sendonly, a=inactive, 0.0.0.0
    std::optional<SrtpKey> send_key;  // both or neither
    std::optional<SrtpKey> receive_key;
    bool operator==(const AudioStream&) const = default;
};

enum class NegotiationFault : std::uint8_t {
    NoAudio,       // no audio stream in use
    Refused,       // the answer has port 0
    MediaLines,    // the answer has not the m= lines of the offer
    BadProfile,    // neither RTP/AVP, /AVPF, /SAVP nor /SAVPF
    NoAddress,     // none to send to
    NoCodec,       // none in common
    NotSecure,     // in the clear, which is not to be
    NotPlain,      // SRTP, which is not to be
    BadCrypto,     // an a=crypto line is broken, or two have one tag
    NoSuite,       // no a=crypto line that can be used
    NotOffered,    // tag or suite of the answer is not of the offer
    ReflectedKey,  // the far end's key is ours
};
std::string_view to_string(NegotiationFault fault);

class Negotiation {
public:
    explicit Negotiation(Random& random);

    // Our offer. One that comes to nothing (a final failure) leaves what was agreed as it was.
    std::string offer(const LocalAudio& local, Random& random);
    // The answer to that offer. A fault ends the call, or the change that was tried.
    Result<AudioStream, NegotiationFault> judge(const SessionDescription& answer);

    // Their offer and our answer: the first audio stream that can be had, or rather the first that
    // can be had with keys; all others refused.
    // On a fault nothing has changed: 488.
    struct Answer {
        std::string text;
        AudioStream stream;
    };
    Result<Answer, NegotiationFault> answer(const SessionDescription& offer,
                                            const LocalAudio& local, Random& random);

    // The next offer or answer brings new keys of ours.
    void renew_keys() { keys_.clear(); }
    bool is_secure() const { return is_secure_; }

private:
    struct Slot {  // an m= line of the session
        std::string media;
        std::string protocol;
        std::string formats;
    };
    struct Offered {
        LocalAudio local;
        std::vector<AudioFormat> formats;
        std::vector<SrtpKey> keys;  // tag 1 first
    };

    SrtpPolicy policy(const LocalAudio& local) const;
    std::vector<AudioFormat> formats_to_offer(const LocalAudio& local) const;
    std::string describe(const LocalAudio& local, const std::vector<MediaToWrite>& media);
    std::vector<MediaToWrite> with_refused(MediaToWrite own) const;
    void remember_formats(const std::vector<AudioFormat>& formats);

    Result<void, NegotiationFault> judge_formats(const Media& media, AudioStream& stream) const;
    Result<void, NegotiationFault> judge_keys(const Media& media, AudioStream& stream) const;

    struct Chosen;  // of an offer of theirs
    Result<Chosen, NegotiationFault> choose(const Media& media, const LocalAudio& local,
                                            Random& random) const;
    Result<void, NegotiationFault> choose_keys(const Media& media, const LocalAudio& local,
                                               Random& random, Chosen& chosen) const;

    std::uint64_t session_id_;
    std::uint64_t version_ = 0;
    std::string described_;  // our last description, as of o= version 0
    std::vector<Slot> slots_;
    std::size_t own_slot_ = 0;
    std::vector<AudioFormat> formats_;  // payload types in use
    std::vector<SrtpKey> keys_;         // ours, one for each suite
    bool is_secure_ = false;
    Offered offered_;
};

}  // namespace ringwall::sdp
