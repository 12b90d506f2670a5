// RTCP: sender and receiver reports, the canonical name, goodbye (RFC 3550 §6.4 to §6.6).
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "media/octets.h"

namespace ringwall::media {

struct ReportBlock {
    std::uint32_t ssrc = 0;
    std::uint8_t fraction_lost = 0;  // of 256
    std::int32_t cumulative_lost = 0;
    std::uint32_t highest_sequence = 0;
    std::uint32_t jitter = 0;              // in units of the clock
    std::uint32_t last_sender_report = 0;  // the middle 32 bits of its NTP time; 0: none came
    std::uint32_t delay = 0;               // since then, in 1/65536 s
};

struct SenderInfo {
    std::uint64_t ntp = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t packets = 0;
    std::uint32_t octets = 0;
};

// A compound packet, as far as it matters to a phone.
struct Rtcp {
    std::uint32_t ssrc = 0;
    std::optional<SenderInfo> sender;
    std::vector<ReportBlock> reports;
    bool is_goodbye = false;
};

// 64 bits, seconds since 1900 (RFC 3550 §4).
std::uint64_t ntp_time(std::chrono::sys_time<Duration> wall);

// None: malformed (RFC 3550 appendix A.2).
std::optional<Rtcp> parse_rtcp(OctetsView packet);
void build_rtcp(const Rtcp& rtcp, std::string_view canonical_name, Octets& out);

}  // namespace ringwall::media
