// The edge between calls and their sound: what a phone asks of its media, and what it is told.
// src/media/engine does it with sockets and a thread of its own; tests record what is asked.
//
// A stream is one audio stream of one call: an RTP and an RTCP socket, a codec each way, keys each
// way or none, a source of sound and a place for what is heard. All calls come from the phone's one
// thread; none blocks for longer than a bind. What a stream has to tell comes by User, on the
// phone's thread, never from within a call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/endpoint.h"
#include "base/id.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "sdp/crypto_attribute.h"

namespace ringwall::media {

using StreamId = Id<struct StreamTag>;

enum class Codec : std::uint8_t { Pcmu, Pcma, G722, Opus };

// Master key and salt of one direction, in octets as CryptoAttribute has them.
struct SrtpKey {
    sdp::CryptoSuite suite = sdp::CryptoSuite::AesCm128HmacSha1Tag80;
    Secret key_and_salt;
    bool operator==(const SrtpKey&) const = default;
};

enum class Direction : std::uint8_t { SendReceive, SendOnly, ReceiveOnly, Inactive };

// What offer and answer have agreed on. A change of any field may come at any time (re-INVITE).
struct StreamSpec {
    Endpoint remote;                      // of RTP
    std::optional<Endpoint> remote_rtcp;  // none: the next port
    Codec codec = Codec::Pcmu;            // what we send
    std::uint8_t payload_type = 0;        // and as which
    struct Receive {
        std::uint8_t payload_type = 0;
        Codec codec = Codec::Pcmu;
        bool operator==(const Receive&) const = default;
    };
    std::vector<Receive> receive;
    std::optional<std::uint8_t> event_to_send;  // RFC 4733 telephone-event, 8000 Hz
    std::optional<std::uint8_t> event_to_receive;
    Duration packet_time = 20ms;
    Direction direction = Direction::SendReceive;
    // Both or neither. With keys no packet leaves in the clear, and none in the clear is heard.
    std::optional<SrtpKey> send_key;
    std::optional<SrtpKey> receive_key;
    bool operator==(const StreamSpec&) const = default;
};

// "Network Jitter Level" and "Jitter Buffer Adjustment" of the phone's parameters.
enum class JitterLevel : std::uint8_t { Low, Medium, High, VeryHigh, ExtremelyHigh };
enum class JitterAdjustment : std::uint8_t { UpAndDown, UpOnly, DownOnly, Disable };

struct StreamOptions {
    std::uint8_t type_of_service = 0xb8;  // the octet of the IP header
    std::uint16_t first_port = 16384;     // RTP on an even port of this range, RTCP on the next
    std::uint16_t last_port = 16538;
    JitterLevel jitter_level = JitterLevel::High;
    JitterAdjustment jitter_adjustment = JitterAdjustment::UpAndDown;
    double key_level = -16;  // of a key that is sent, in dBm0; as a tone each of the two
};

// Where sound comes from.
struct Silence {};
struct Tone {
    unsigned hertz = 440;
    double level = -12.0;  // dB below full scale
};
struct File {
    std::string path;  // WAV, 16 bit, any usual rate, one or two channels
    bool is_repeated = false;
};
struct SoundCard {
    std::string device;  // empty: the default
};
// A sequence of tones as the Regional page describes them is played by name of its script.
struct ToneScript {
    std::string script;  // "350@-19,440@-19;10(*/0/1+2)"
};
using Source = std::variant<Silence, Tone, File, SoundCard, ToneScript>;
// Where it goes: nowhere, or the sound card.
struct Nowhere {};
using Sink = std::variant<Nowhere, SoundCard>;

struct StreamStatistics {
    Duration duration{};
    std::uint64_t packets_sent = 0;
    std::uint64_t octets_sent = 0;  // payload
    std::uint64_t packets_received = 0;
    std::uint64_t octets_received = 0;
    std::uint64_t packets_lost = 0;       // RFC 3550 §6.4.1 cumulative, not below 0
    std::uint64_t packets_late = 0;       // came after their time of playing
    std::uint64_t packets_concealed = 0;  // played without having come
    std::uint64_t packets_refused = 0;   // SRTP: authentication failed or replayed; or in the clear
    Duration jitter{};                   // RFC 3550 §6.4.1
    Duration buffered{};                 // playout delay now
    std::optional<Duration> round_trip;  // from RTCP
    std::optional<double> remote_loss;   // fraction, from the last report about us
    std::optional<Duration> remote_jitter;
};

class User {
public:
    virtual ~User() = default;
    // A key that the far end pressed: 0-9 * # A-D. By RFC 4733; until the first of these comes, by
    // tones as well.
    virtual void on_digit(StreamId stream, char digit, Duration length) = 0;
    // A File source that is not repeated has been played, or a tone.
    virtual void on_source_ended(StreamId stream) = 0;
    // A source or sink that was set cannot be used: a sound card, a file, a tone script. The stream
    // goes on with silence, and is still to be closed.
    virtual void on_failed(StreamId stream, std::string_view sentence) = 0;
};

class Port {
public:
    virtual ~Port() = default;
    // Binds the sockets on `local`. Nothing is sent before start(). The error is a sentence.
    struct Opened {
        StreamId id;
        Endpoint rtp;  // with the port that was chosen; RTCP is the next
    };
    virtual Result<Opened, std::string> open(const IpAddress& local,
                                             const StreamOptions& options) = 0;
    // Starts or changes it. The error is a sentence: keys that do not fit, a codec not built in.
    virtual Result<void, std::string> start(StreamId stream, const StreamSpec& spec) = 0;
    // Whether it can be used, as far as that can be seen at once. The error is a sentence.
    virtual Result<void, std::string> check(const Source& source) const = 0;
    virtual void set_source(StreamId stream, const Source& source) = 0;
    virtual void set_sink(StreamId stream, const Sink& sink) = 0;
    // At the sink, with what the far end says; another in place of the one before. Its end is told
    // as that of a source. An empty script: none.
    virtual void set_tone(StreamId stream, const ToneScript& tone) = 0;
    // RFC 4733 where the far end takes it, else as a tone in the sound. Queued after others.
    virtual void send_digit(StreamId stream, char digit, Duration length) = 0;
    // Every one hears all the others and not itself. Fewer than two: what was mixed with it is
    // alone again. A stream is in one mix at most.
    virtual void mix(const std::vector<StreamId>& streams) = 0;
    // Both directions into one WAV file, left what we send, right what we hear, until the stream
    // is closed or the path is empty. Nothing that is there is overwritten. With an error all is
    // as it was; it is a sentence.
    virtual Result<void, std::string> record(StreamId stream, const std::string& path) = 0;
    virtual StreamStatistics statistics(StreamId stream) const = 0;
    virtual StreamStatistics close(StreamId stream) = 0;
};

}  // namespace ringwall::media
