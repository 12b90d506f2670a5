// What is known of the packets that came: lost, jitter (RFC 3550 §6.4.1, appendices A.1, A.3, A.8).
#pragma once

#include <optional>

#include "base/time.h"
#include "media/rtcp_packet.h"
#include "media/rtp_packet.h"

namespace ringwall::media {

class Reception {
public:
    // `clock` is that of the packet's timestamp; none: the timestamp says nothing about when it was
    // sent (an event's is that of its beginning).
    void on_packet(const RtpHeader& header, std::optional<unsigned> clock, TimePoint arrival);
    void on_sender_report(std::uint64_t ntp, TimePoint arrival);

    // For the next report; begins a new interval. None: nobody sends.
    std::optional<ReportBlock> report(TimePoint now);
    std::uint64_t lost() const;  // not below 0
    Duration jitter() const;

private:
    void begin(const RtpHeader& header);
    void note_jitter(std::uint32_t timestamp, unsigned clock, TimePoint arrival);
    std::int64_t expected() const;

    bool is_begun_ = false;
    std::uint32_t ssrc_ = 0;
    std::uint32_t first_ = 0;  // extended sequence numbers
    std::uint32_t highest_ = 0;
    std::optional<std::uint16_t> after_jump_;
    std::uint64_t received_ = 0;
    std::uint64_t lost_before_ = 0;  // of senders before this one
    std::int64_t expected_at_report_ = 0;
    std::uint64_t received_at_report_ = 0;
    unsigned clock_ = 8000;
    std::optional<double> transit_;  // of the packet before, in units of the clock
    double jitter_ = 0;
    std::uint64_t last_report_ntp_ = 0;
    std::optional<TimePoint> last_report_at_;
};

}  // namespace ringwall::media
