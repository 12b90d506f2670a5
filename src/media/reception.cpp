#include "media/reception.h"

#include <algorithm>
#include <cmath>

namespace ringwall::media {

namespace {

// RFC 3550 appendix A.1
constexpr int max_dropout = 3000;
constexpr int max_misorder = 100;

}  // namespace

void Reception::begin(const RtpHeader& header) {
    lost_before_ = lost();
    is_begun_ = true;
    ssrc_ = header.ssrc;
    first_ = highest_ = header.sequence;
    received_ = received_at_report_ = 0;
    expected_at_report_ = 0;
    after_jump_.reset();
    transit_.reset();
    last_report_at_.reset();
}

void Reception::on_packet(const RtpHeader& header, std::optional<unsigned> clock,
                          TimePoint arrival) {
    if (!is_begun_ || header.ssrc != ssrc_) begin(header);
    const auto forward =
        static_cast<std::int16_t>(header.sequence - static_cast<std::uint16_t>(highest_));
    if (forward > max_dropout || forward < -max_misorder) {
        // The sender began anew if the next one follows it.
        if (after_jump_ != header.sequence) {
            after_jump_ = static_cast<std::uint16_t>(header.sequence + 1);
            return;
        }
        begin(header);
    } else if (forward > 0) {
        highest_ += static_cast<std::uint32_t>(forward);
    }
    after_jump_.reset();
    ++received_;
    if (clock) note_jitter(header.timestamp, *clock, arrival);
}

void Reception::note_jitter(std::uint32_t timestamp, unsigned clock, TimePoint arrival) {
    if (clock != clock_) transit_.reset();
    clock_ = clock;
    const double arrived = static_cast<double>(arrival.time_since_epoch().count()) * clock / 1e6;
    const auto in_clock = static_cast<std::uint32_t>(
        static_cast<std::uint64_t>(std::llround(arrived)) & 0xffff'ffffU);
    // The difference of two timestamps is small; each alone wraps.
    const auto relative = static_cast<double>(static_cast<std::int32_t>(in_clock - timestamp));
    if (transit_) {
        const double difference = std::abs(relative - *transit_);
        // A jump of the timestamps is not jitter.
        if (difference < 5.0 * clock) jitter_ += (difference - jitter_) / 16;
    }
    transit_ = relative;
}

void Reception::on_sender_report(std::uint64_t ntp, TimePoint arrival) {
    last_report_ntp_ = ntp;
    last_report_at_ = arrival;
}

std::int64_t Reception::expected() const {
    return is_begun_ ? std::int64_t{highest_} - first_ + 1 : 0;
}

std::uint64_t Reception::lost() const {
    const std::int64_t now = expected() - static_cast<std::int64_t>(received_);
    return lost_before_ + static_cast<std::uint64_t>(std::max<std::int64_t>(now, 0));
}

Duration Reception::jitter() const {
    return Duration(std::llround(jitter_ * 1e6 / clock_));
}

std::optional<ReportBlock> Reception::report(TimePoint now) {
    if (!is_begun_) return std::nullopt;
    const std::int64_t expected_now = expected() - expected_at_report_;
    const auto received_now = static_cast<std::int64_t>(received_ - received_at_report_);
    const std::int64_t lost_now = expected_now - received_now;
    expected_at_report_ = expected();
    received_at_report_ = received_;

    ReportBlock block;
    block.ssrc = ssrc_;
    if (expected_now > 0 && lost_now > 0) {
        block.fraction_lost = static_cast<std::uint8_t>(lost_now * 255 / expected_now);
    }
    block.cumulative_lost = static_cast<std::int32_t>(std::clamp<std::int64_t>(
        expected() - static_cast<std::int64_t>(received_), -0x80'0000, 0x7f'ffff));
    block.highest_sequence = highest_;
    block.jitter = static_cast<std::uint32_t>(jitter_);
    if (last_report_at_) {
        block.last_sender_report = static_cast<std::uint32_t>(last_report_ntp_ >> 16);
        block.delay =
            static_cast<std::uint32_t>((now - *last_report_at_).count() * 65'536 / 1'000'000);
    }
    return block;
}

}  // namespace ringwall::media
