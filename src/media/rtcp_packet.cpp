#include "media/rtcp_packet.h"

namespace ringwall::media {

namespace {

constexpr std::uint8_t sender_report = 200;
constexpr std::uint8_t receiver_report = 201;
constexpr std::uint8_t source_description = 202;
constexpr std::uint8_t goodbye = 203;
constexpr std::size_t block_length = 24;
constexpr std::size_t sender_info_length = 20;
constexpr std::uint8_t canonical_name_item = 1;
constexpr std::uint64_t from_1900_to_1970 = 2'208'988'800;

ReportBlock parse_block(OctetsView octets) {
    ReportBlock block;
    block.ssrc = get_32(octets);
    block.fraction_lost = octets[4];
    block.cumulative_lost = static_cast<std::int32_t>(get_32(octets.subspan(4)) << 8) >> 8;
    block.highest_sequence = get_32(octets.subspan(8));
    block.jitter = get_32(octets.subspan(12));
    block.last_sender_report = get_32(octets.subspan(16));
    block.delay = get_32(octets.subspan(20));
    return block;
}

// `body` begins behind the SSRC.
bool parse_reports(OctetsView body, std::uint8_t count, Rtcp& out) {
    if (body.size() < count * block_length) return false;
    for (std::uint8_t i = 0; i < count; ++i) {
        out.reports.push_back(parse_block(body.subspan(i * block_length)));
    }
    return true;
}

bool parse_one(std::uint8_t type, std::uint8_t count, OctetsView body, Rtcp& out) {
    if (type == goodbye) {
        out.is_goodbye = true;
        return true;
    }
    if (type != sender_report && type != receiver_report) return true;
    if (body.size() < 4) return false;
    out.ssrc = get_32(body);
    body = body.subspan(4);
    if (type == sender_report) {
        if (body.size() < sender_info_length) return false;
        out.sender =
            SenderInfo{(std::uint64_t{get_32(body)} << 32) | get_32(body.subspan(4)),
                       get_32(body.subspan(8)), get_32(body.subspan(12)), get_32(body.subspan(16))};
        body = body.subspan(sender_info_length);
    }
    return parse_reports(body, count, out);
}

void begin(std::uint8_t type, std::size_t count, std::size_t body_length, Octets& out) {
    out.push_back(static_cast<std::uint8_t>(0x80 | count));
    out.push_back(type);
    put_16(static_cast<std::uint32_t>(body_length / 4), out);
}

void build_reports(const Rtcp& rtcp, Octets& out) {
    const std::size_t blocks = rtcp.reports.size() * block_length;
    if (rtcp.sender) {
        begin(sender_report, rtcp.reports.size(), 4 + sender_info_length + blocks, out);
        put_32(rtcp.ssrc, out);
        put_32(static_cast<std::uint32_t>(rtcp.sender->ntp >> 32), out);
        put_32(static_cast<std::uint32_t>(rtcp.sender->ntp), out);
        put_32(rtcp.sender->timestamp, out);
        put_32(rtcp.sender->packets, out);
        put_32(rtcp.sender->octets, out);
    } else {
        begin(receiver_report, rtcp.reports.size(), 4 + blocks, out);
        put_32(rtcp.ssrc, out);
    }
    for (const ReportBlock& block : rtcp.reports) {
        put_32(block.ssrc, out);
        put_32((std::uint32_t{block.fraction_lost} << 24) |
                   (static_cast<std::uint32_t>(block.cumulative_lost) & 0xff'ffff),
               out);
        put_32(block.highest_sequence, out);
        put_32(block.jitter, out);
        put_32(block.last_sender_report, out);
        put_32(block.delay, out);
    }
}

}  // namespace

std::uint64_t ntp_time(std::chrono::sys_time<Duration> wall) {
    const auto microseconds = static_cast<std::uint64_t>(wall.time_since_epoch().count());
    const std::uint64_t seconds = microseconds / 1'000'000 + from_1900_to_1970;
    return (seconds << 32) | ((microseconds % 1'000'000 << 32) / 1'000'000);
}

std::optional<Rtcp> parse_rtcp(OctetsView packet) {
    Rtcp rtcp;
    bool is_first = true;
    while (!packet.empty()) {
        if (packet.size() < 4 || (packet[0] & 0xc0) != 0x80) return std::nullopt;
        const std::size_t length = 4 * (std::size_t{get_16(packet.subspan(2))} + 1);
        const std::uint8_t type = packet[1];
        if (length > packet.size()) return std::nullopt;
        if (is_first && type != sender_report && type != receiver_report) return std::nullopt;
        if (!parse_one(type, packet[0] & 0x1f, packet.subspan(4, length - 4), rtcp)) {
            return std::nullopt;
        }
        packet = packet.subspan(length);
        is_first = false;
    }
    if (is_first) return std::nullopt;
    return rtcp;
}

void build_rtcp(const Rtcp& rtcp, std::string_view canonical_name, Octets& out) {
    out.clear();
    build_reports(rtcp, out);
    // A chunk ends with one to four zeros, at a border of 32 bits (RFC 3550 §6.5).
    const std::size_t chunk = (4 + 2 + canonical_name.size()) / 4 * 4 + 4;
    begin(source_description, 1, chunk, out);
    const std::size_t end = out.size() + chunk;
    put_32(rtcp.ssrc, out);
    out.push_back(canonical_name_item);
    out.push_back(static_cast<std::uint8_t>(canonical_name.size()));
    out.insert(out.end(), canonical_name.begin(), canonical_name.end());
    out.resize(end);
    if (!rtcp.is_goodbye) return;
    begin(goodbye, 1, 4, out);
    put_32(rtcp.ssrc, out);
}

}  // namespace ringwall::media
