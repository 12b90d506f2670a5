#include "media/rtp_packet.h"

namespace ringwall::media {

namespace {

constexpr std::size_t fixed_length = 12;
constexpr std::uint8_t version_2 = 0x80;

// RFC 5761 §4: with the marker bit, these are types of RTCP.
bool is_rtcp_type(std::uint8_t second_octet) {
    return second_octet >= 192 && second_octet <= 223;
}

}  // namespace

std::optional<std::size_t> rtp_header_length(OctetsView packet) {
    if (packet.size() < fixed_length || (packet[0] & 0xc0) != version_2) return std::nullopt;
    if (is_rtcp_type(packet[1])) return std::nullopt;
    std::size_t length = fixed_length + 4 * std::size_t{packet[0] & 0x0fU};
    if ((packet[0] & 0x10) != 0) {
        if (packet.size() < length + 4) return std::nullopt;
        length += 4 + 4 * std::size_t{get_16(packet.subspan(length + 2))};
    }
    if (packet.size() < length) return std::nullopt;
    return length;
}

std::optional<RtpPacket> parse_rtp(OctetsView packet) {
    const auto header_length = rtp_header_length(packet);
    if (!header_length) return std::nullopt;
    std::size_t padding = 0;
    if ((packet[0] & 0x20) != 0) {
        padding = packet.back();
        if (padding == 0 || *header_length + padding > packet.size()) return std::nullopt;
    }
    RtpPacket parsed;
    parsed.header.has_marker = (packet[1] & 0x80) != 0;
    parsed.header.payload_type = packet[1] & 0x7f;
    parsed.header.sequence = get_16(packet.subspan(2));
    parsed.header.timestamp = get_32(packet.subspan(4));
    parsed.header.ssrc = get_32(packet.subspan(8));
    parsed.payload = packet.subspan(*header_length, packet.size() - *header_length - padding);
    return parsed;
}

void begin_rtp(const RtpHeader& header, Octets& out) {
    out.clear();
    out.push_back(version_2);
    out.push_back(
        static_cast<std::uint8_t>((header.has_marker ? 0x80 : 0) | (header.payload_type & 0x7f)));
    put_16(header.sequence, out);
    put_32(header.timestamp, out);
    put_32(header.ssrc, out);
}

}  // namespace ringwall::media
