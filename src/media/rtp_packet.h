// An RTP packet (RFC 3550 §5.1).
#pragma once

#include <optional>

#include "media/octets.h"

namespace ringwall::media {

struct RtpHeader {
    bool has_marker = false;
    std::uint8_t payload_type = 0;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0;
};

struct RtpPacket {
    RtpHeader header;
    OctetsView payload;  // without padding
};

// What stands in the clear of a packet, protected or not: its length with CSRCs and extension.
// None: no RTP packet of version 2, or RTCP.
std::optional<std::size_t> rtp_header_length(OctetsView packet);
std::optional<RtpPacket> parse_rtp(OctetsView packet);
// Begins a packet in `out`: the payload is appended by the caller.
void begin_rtp(const RtpHeader& header, Octets& out);

}  // namespace ringwall::media
