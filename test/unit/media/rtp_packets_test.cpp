// RTP and RTCP as octets, good and bad.
#include <gmock/gmock.h>

#include "media/rtcp_packet.h"
#include "media/rtp_packet.h"
#include "media/socket_pair.h"
#include "unit/media/hex.h"

namespace ringwall::media {
namespace {

// RFC 3550 §5.1: two CSRCs, an extension of one word, two octets of padding.
TEST(RtpPacket, IsReadWithCsrcsExtensionAndPadding) {
    const Octets octets =
        hex("b2e0 1234 00000064 deadbeef 00000001 00000002 bede0001 01020304"
            "aabbcc 0002");
    const auto packet = parse_rtp(octets);
    ASSERT_TRUE(packet);
    EXPECT_TRUE(packet->header.has_marker);
    EXPECT_EQ(packet->header.payload_type, 0x60);
    EXPECT_EQ(packet->header.sequence, 0x1234);
    EXPECT_EQ(packet->header.timestamp, 100U);
    EXPECT_EQ(packet->header.ssrc, 0xdeadbeef);
    EXPECT_EQ(Octets(packet->payload.begin(), packet->payload.end()), hex("aabbcc"));
}

TEST(RtpPacket, IsRefusedWhenItIsNone) {
    for (const auto* const bad : {
             "",
             "8000",
             "4000 0001 00000001 00000001 aa",           // version 1
             "80c8 0001 00000001 00000001 aa",           // RTCP (RFC 5761 §4)
             "8f00 0001 00000001 00000001 aa",           // CSRCs that are not there
             "9000 0001 00000001 00000001 bede 00ff aa"  // an extension that is not there
             ,
             "a000 0001 00000001 00000001 aa05",  // more padding than payload
             "a000 0001 00000001 00000001 aa00",
         }) {
        EXPECT_FALSE(parse_rtp(hex(bad))) << bad;
    }
}

TEST(Rtcp, IsReadAsItWasBuilt) {
    Rtcp sent;
    sent.ssrc = 0x11223344;
    sent.sender = SenderInfo{0x0123456789abcdef, 1000, 50, 8000};
    ReportBlock block;
    block.ssrc = 0xdeadbeef;
    block.fraction_lost = 25;
    block.cumulative_lost = -3;
    block.highest_sequence = 0x10005;
    block.jitter = 80;
    block.last_sender_report = 0x456789ab;
    block.delay = 65'536;
    sent.reports = {block};
    sent.is_goodbye = true;
    for (const std::string name : {"", "a", "ab", "abc", "abcd", "0123456789abcdef"}) {
        Octets octets;
        build_rtcp(sent, name, octets);
        EXPECT_EQ(octets.size() % 4, 0U);
        const auto read = parse_rtcp(octets);
        ASSERT_TRUE(read) << name;
        EXPECT_EQ(read->ssrc, sent.ssrc);
        EXPECT_TRUE(read->is_goodbye);
        EXPECT_EQ(read->sender->ntp, sent.sender->ntp);
        EXPECT_EQ(read->sender->octets, 8000U);
        ASSERT_EQ(read->reports.size(), 1U);
        EXPECT_EQ(read->reports[0].cumulative_lost, -3);
        EXPECT_EQ(read->reports[0].highest_sequence, 0x10005U);
        EXPECT_EQ(read->reports[0].delay, 65'536U);
        // No part of it is taken for a whole.
        for (std::size_t size = 0; size < octets.size(); ++size) {
            const auto part = parse_rtcp(OctetsView(octets).first(size));
            if (part) {
                EXPECT_EQ(size % 4, 0U);
            }
        }
    }
}

TEST(Rtcp, IsRefusedWhenItIsNone) {
    for (const auto* const bad : {
             "",
             "80c9",
             "80ca0001 deadbeef",           // begins with neither report (RFC 3550 appendix A.2)
             "81c90001 deadbeef",           // a block that is not there
             "80c80001 deadbeef",           // no sender information
             "80c90001 deadbeef 80cb00ff",  // longer than the packet
             "40c90001 deadbeef",
         }) {
        EXPECT_FALSE(parse_rtcp(hex(bad))) << bad;
    }
}

// RFC 868's epoch: 1970 is 2208988800 seconds on.
TEST(Rtcp, CountsTimeFrom1900) {
    EXPECT_EQ(ntp_time(std::chrono::sys_time<Duration>(1'500'000us)),
              (std::uint64_t{2'208'988'801} << 32) | 0x8000'0000);
}

}  // namespace
}  // namespace ringwall::media
