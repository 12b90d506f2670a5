// Who may be heard under a key: genuine packets, once each, whatever the network did to their
// order.
#include "media/srtp_receiver.h"

#include <gmock/gmock.h>

#include "media/rtp_packet.h"
#include "unit/media/hex.h"

namespace ringwall::media {
namespace {

using sdp::CryptoSuite;

constexpr std::uint32_t ssrc = 0xdecafbad;

SrtpKey key_of(CryptoSuite suite, char fill = 'k') {
    return {suite, Secret(std::string(sdp::key_and_salt_length(suite), fill))};
}

class Sealer {
public:
    explicit Sealer(const SrtpKey& key)
        : rtp_(*suite_parameters(key.suite),
               derive_session_keys(*suite_parameters(key.suite), key.key_and_salt,
                                   SrtpPurpose::Rtp)),
          rtcp_(*suite_parameters(key.suite),
                derive_session_keys(*suite_parameters(key.suite), key.key_and_salt,
                                    SrtpPurpose::Rtcp)) {}

    static Octets plain(std::uint64_t index, std::uint32_t from = ssrc) {
        Octets packet;
        begin_rtp({false, 0, static_cast<std::uint16_t>(index), 1000, from}, packet);
        packet.insert(packet.end(), {'s', 'o', 'u', 'n', 'd'});
        return packet;
    }
    Octets rtp(std::uint64_t index, std::uint32_t from = ssrc) {
        Octets packet = plain(index, from);
        rtp_.seal_rtp(12, index, packet);
        return packet;
    }
    Octets rtcp(std::uint32_t index) {
        Octets packet = hex("80c90001decafbad");
        rtcp_.seal_rtcp(index, packet);
        return packet;
    }

private:
    SrtpTransform rtp_;
    SrtpTransform rtcp_;
};

class SrtpSuites : public testing::TestWithParam<CryptoSuite> {
protected:
    Sealer sealer{key_of(GetParam())};
    SrtpReceiver receiver{key_of(GetParam())};

    SrtpVerdict hear(Octets packet) { return receiver.open_rtp(packet); }
};

TEST_P(SrtpSuites, OpenWhatWasSealed) {
    Octets packet = sealer.rtp(7);
    EXPECT_NE(packet, Sealer::plain(7));
    EXPECT_EQ(receiver.open_rtp(packet), SrtpVerdict::Genuine);
    EXPECT_EQ(packet, Sealer::plain(7));
    packet = sealer.rtcp(1);
    EXPECT_EQ(receiver.open_rtcp(packet), SrtpVerdict::Genuine);
    EXPECT_EQ(packet, hex("80c90001decafbad"));
}

// Each octet counts, of the header too.
TEST_P(SrtpSuites, RefuseEveryChangedOctet) {
    const Octets good = sealer.rtp(7);
    for (std::size_t i = 0; i < good.size(); ++i) {
        Octets bad = good;
        bad[i] ^= 1;
        const SrtpVerdict verdict = receiver.open_rtp(bad);
        EXPECT_THAT(verdict, testing::AnyOf(SrtpVerdict::Forged, SrtpVerdict::Malformed)) << i;
    }
    const Octets report = sealer.rtcp(7);
    for (std::size_t i = 0; i < report.size(); ++i) {
        Octets bad = report;
        bad[i] ^= 1;
        EXPECT_EQ(receiver.open_rtcp(bad), SrtpVerdict::Forged) << i;
    }
    EXPECT_EQ(hear(good), SrtpVerdict::Genuine);
}

TEST_P(SrtpSuites, RefuseEveryTruncation) {
    const Octets good = sealer.rtp(7);
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_NE(hear({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}),
                  SrtpVerdict::Genuine);
    }
    const Octets report = sealer.rtcp(7);
    for (std::size_t size = 0; size < report.size(); ++size) {
        Octets part(report.begin(), report.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_NE(receiver.open_rtcp(part), SrtpVerdict::Genuine);
    }
}

// RFC 3711 §3.3.2.
TEST_P(SrtpSuites, HearEachPacketOnce) {
    EXPECT_EQ(hear(sealer.rtp(100)), SrtpVerdict::Genuine);
    EXPECT_EQ(hear(sealer.rtp(100)), SrtpVerdict::Replayed);
    EXPECT_EQ(hear(sealer.rtp(102)), SrtpVerdict::Genuine);
    EXPECT_EQ(hear(sealer.rtp(101)), SrtpVerdict::Genuine);
    EXPECT_EQ(hear(sealer.rtp(101)), SrtpVerdict::Replayed);
    EXPECT_EQ(hear(sealer.rtp(200)), SrtpVerdict::Genuine);
    EXPECT_EQ(hear(sealer.rtp(136)), SrtpVerdict::Replayed) << "older than the window";
    Octets report = sealer.rtcp(5);
    EXPECT_EQ(receiver.open_rtcp(report), SrtpVerdict::Genuine);
    report = sealer.rtcp(5);
    EXPECT_EQ(receiver.open_rtcp(report), SrtpVerdict::Replayed);
}

// RFC 3711 §3.3.1: across the rollover, in any order and with loss.
TEST_P(SrtpSuites, FollowTheRolloverCounter) {
    for (const std::uint64_t index :
         {0xfffdULL, 0x1'0000ULL, 0xffffULL, 0xfffeULL, 0x1'0002ULL, 0x1'0001ULL, 0x1'7fffULL,
          0x1'fff0ULL, 0x2'0001ULL, 0x1'ffffULL}) {
        EXPECT_EQ(hear(sealer.rtp(index)), SrtpVerdict::Genuine) << index;
    }
}

// RFC 3711 §3.3.1: the rollover counter is not reset with a new key; some begin anew all the same.
TEST_P(SrtpSuites, GoOnAfterRekeyingAtTheOldCounterOrAtZero) {
    EXPECT_EQ(hear(sealer.rtp(0xfff0)), SrtpVerdict::Genuine);
    EXPECT_EQ(hear(sealer.rtp(0x1'0005)), SrtpVerdict::Genuine);
    for (const std::uint64_t first : {0x1'0006ULL, 0x6ULL}) {
        Sealer next(key_of(GetParam(), 'n'));
        SrtpReceiver receiver_of_next(key_of(GetParam(), 'n'));
        receiver_of_next.continue_from(receiver);
        for (std::uint64_t index = first; index < first + 3; ++index) {
            Octets packet = next.rtp(index);
            EXPECT_EQ(receiver_of_next.open_rtp(packet), SrtpVerdict::Genuine) << index;
            EXPECT_EQ(packet, Sealer::plain(index));
        }
        Octets again = next.rtp(first);
        EXPECT_EQ(receiver_of_next.open_rtp(again), SrtpVerdict::Replayed);
        Octets old = sealer.rtp(0x1'0009);
        EXPECT_EQ(receiver_of_next.open_rtp(old), SrtpVerdict::Forged);
    }
}

// Forged SSRCs take no room from genuine ones.
TEST_P(SrtpSuites, RememberGenuineSendersOnly) {
    EXPECT_EQ(hear(sealer.rtp(0x1'0005)), SrtpVerdict::Forged) << "the counter is not known yet";
    EXPECT_EQ(hear(sealer.rtp(5)), SrtpVerdict::Genuine);
    Sealer stranger(key_of(GetParam(), 's'));
    for (std::uint32_t other = 1; other < 100; ++other) {
        EXPECT_EQ(hear(stranger.rtp(5, other)), SrtpVerdict::Forged);
    }
    EXPECT_EQ(hear(sealer.rtp(5)), SrtpVerdict::Replayed);
}

INSTANTIATE_TEST_SUITE_P(
    All, SrtpSuites,
    testing::Values(CryptoSuite::AesCm128HmacSha1Tag80, CryptoSuite::AesCm128HmacSha1Tag32,
                    CryptoSuite::AesCm256HmacSha1Tag80, CryptoSuite::AesCm256HmacSha1Tag32,
                    CryptoSuite::AeadAes128Gcm, CryptoSuite::AeadAes256Gcm),
    [](const auto& suite) { return std::to_string(static_cast<int>(suite.param)); });

// RFC 4568 §6.2.2: the short tag is for RTP only.
TEST(SrtpSuite, OfThirtyTwoBitsKeepsEightyForRtcp) {
    Sealer sealer(key_of(CryptoSuite::AesCm128HmacSha1Tag32));
    EXPECT_EQ(sealer.rtp(1).size(), Sealer::plain(1).size() + 4);
    EXPECT_EQ(sealer.rtcp(1).size(), 8U + 4 + 10);
}

}  // namespace
}  // namespace ringwall::media
