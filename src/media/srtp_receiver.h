// The receiving end of SRTP and SRTCP under one master key: which index a packet has (RFC 3711
// §3.3.1), whether it came before (§3.3.2), whether it is genuine. What is known of a sender (an
// SSRC) is only ever changed by a packet that is genuine.
#pragma once

#include "media/srtp_transform.h"

namespace ringwall::media {

enum class SrtpVerdict : std::uint8_t { Genuine, Malformed, Replayed, Forged };

// RFC 3711 §3.3.2: the indices of the last 64 that came.
class ReplayWindow {
public:
    bool is_replayed(std::uint64_t index) const;
    void accept(std::uint64_t index);

private:
    std::uint64_t next_ = 0;  // one above the highest index; 0: none came
    std::uint64_t seen_ = 0;  // bit i: next_ - 1 - i
};

class SrtpReceiver {
public:
    // `key` must fit its suite, which must be one of ours.
    explicit SrtpReceiver(const SrtpKey& key);

    // In place: what is left is the plain packet.
    SrtpVerdict open_rtp(Octets& packet);
    SrtpVerdict open_rtcp(Octets& packet);

    // After re-keying: the rollover counters go on (RFC 3711 §3.3.1), unless the peer began anew.
    void continue_from(const SrtpReceiver& before);

private:
    struct Sender {
        std::uint32_t ssrc = 0;
        std::uint64_t highest = 0;  // index
        ReplayWindow rtp;
        ReplayWindow rtcp;
        bool has_rtp = false;       // `highest` says something
        bool is_inherited = false;  // and is of the key before
        std::uint64_t last_used = 0;
    };

    Sender* find(std::uint32_t ssrc);
    Sender& find_or_add(std::uint32_t ssrc);
    SrtpVerdict open_rtp_at(std::uint32_t ssrc, std::size_t header_length, std::uint64_t index,
                            Octets& packet);

    SrtpTransform rtp_;
    SrtpTransform rtcp_;
    std::vector<Sender> senders_;
    std::uint64_t uses_ = 0;
};

}  // namespace ringwall::media
