// Two streams talk to each other over a network that is played.
#include "media/stream.h"

#include <gmock/gmock.h>

#include <set>

#include "unit/media/goertzel.h"
#include "unit/media/talk.h"

namespace ringwall::media {
namespace {

using sdp::CryptoSuite;
using testing::Each;
using testing::Gt;
using testing::IsEmpty;
using testing::Lt;
using testing::SizeIs;

// What somebody on the wire hears who takes the packets for µ-law in the clear.
Samples overheard(const std::vector<Octets>& packets) {
    const auto decoder = make_decoder(Codec::Pcmu);
    Samples sound;
    for (const Octets& packet : packets) {
        if (const auto parsed = parse_rtp(packet)) decoder->decode(parsed->payload, sound);
    }
    return sound;
}

class EachCodec : public testing::TestWithParam<Codec> {};

TEST_P(EachCodec, CarriesTheToneOfEachEndToTheOther) {
    Talk talk;
    talk.start(GetParam());
    talk.run_for(2s);
    const unsigned rate = rates_of(GetParam()).samples;
    EXPECT_EQ(talk.bob.stream.heard_rate(), rate);
    EXPECT_GT(share_of(440, last(talk.bob.heard, 1s, rate), rate), 0.97);
    EXPECT_GT(share_of(660, last(talk.alice.heard, 1s, rate), rate), 0.97);
    EXPECT_EQ(talk.bob.stream.statistics(talk.now).packets_concealed, 0U);
}

INSTANTIATE_TEST_SUITE_P(All, EachCodec,
                         testing::Values(Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus),
                         [](const auto& codec) {
                             return std::to_string(static_cast<int>(codec.param));
                         });

// 50 packets a second of 20 ms, each 160 later (RFC 3551 §4.5.14; and G.722, §4.5.2).
TEST(Stream, TimestampsRunAtTheClockOfTheCodec) {
    for (const auto& [codec, step] : {std::pair{Codec::Pcmu, 160U}, std::pair{Codec::G722, 160U},
                                      std::pair{Codec::Opus, 960U}}) {
        Talk talk;
        talk.start(codec);
        talk.run_for(1s);
        ASSERT_THAT(talk.alice.rtp, SizeIs(50));
        for (std::size_t i = 1; i < talk.alice.rtp.size(); ++i) {
            const RtpHeader before = parse_rtp(talk.alice.rtp[i - 1])->header;
            const RtpHeader header = parse_rtp(talk.alice.rtp[i])->header;
            EXPECT_EQ(header.timestamp - before.timestamp, step);
            EXPECT_EQ(header.sequence, static_cast<std::uint16_t>(before.sequence + 1));
            EXPECT_FALSE(header.has_marker);
        }
        EXPECT_TRUE(parse_rtp(talk.alice.rtp[0])->header.has_marker);
    }
}

TEST(Stream, HasThePacketTimeThatIsAskedFor) {
    for (const Duration time : {10ms, 20ms, 30ms, 40ms, 60ms}) {
        Talk talk;
        StreamSpec spec = talk.spec_for(talk.alice);
        spec.packet_time = time;
        talk.set(talk.alice, spec);
        talk.set(talk.bob, talk.spec_for(talk.bob));
        talk.run_for(3s);
        EXPECT_THAT(talk.alice.rtp, SizeIs(3s / time));
        EXPECT_EQ(parse_rtp(talk.alice.rtp[5])->payload.size(),
                  static_cast<std::size_t>(time / 1ms) * 8);
        EXPECT_GT(share_of(440, last(talk.bob.heard, 1s, 8000), 8000), 0.97) << time / 1ms;
        EXPECT_EQ(talk.bob.stream.statistics(talk.now).packets_concealed, 0U) << time / 1ms;
    }
}

TEST(Stream, SendsNothingBeforeItIsStarted) {
    Talk talk;
    talk.set(talk.bob, talk.spec_for(talk.bob));
    talk.run_for(1s);
    talk.alice.stream.close(talk.now);
    EXPECT_THAT(talk.alice.rtp, IsEmpty());
    EXPECT_THAT(talk.alice.rtcp, IsEmpty());
    EXPECT_EQ(talk.alice.stream.statistics(talk.now).packets_received, 0U);
}

class EachSuite : public testing::TestWithParam<CryptoSuite> {};

TEST_P(EachSuite, IsHeardByItsPeerAndByNobodyElse) {
    Talk talk;
    talk.start(Codec::Pcmu, GetParam());
    talk.run_for(8s);
    EXPECT_GT(share_of(440, last(talk.bob.heard, 1s, 8000), 8000), 0.97);
    EXPECT_GT(share_of(660, last(talk.alice.heard, 1s, 8000), 8000), 0.97);
    EXPECT_LT(share_of(440, overheard(talk.alice.rtp), 8000), 0.01);
    EXPECT_THAT(talk.alice.rtcp, SizeIs(Gt(0U)));
    EXPECT_TRUE(talk.bob.stream.statistics(talk.now).round_trip.has_value()) << "SRTCP is read";
    EXPECT_EQ(talk.bob.stream.statistics(talk.now).packets_refused, 0U);
}

INSTANTIATE_TEST_SUITE_P(All, EachSuite,
                         testing::Values(CryptoSuite::AesCm128HmacSha1Tag80,
                                         CryptoSuite::AesCm128HmacSha1Tag32,
                                         CryptoSuite::AesCm256HmacSha1Tag80,
                                         CryptoSuite::AeadAes128Gcm, CryptoSuite::AeadAes256Gcm),
                         [](const auto& suite) {
                             return std::to_string(static_cast<int>(suite.param));
                         });

// The ear of the two tests around this one does hear.
TEST(Stream, InTheClearIsOverheard) {
    Talk talk;
    talk.start();
    talk.run_for(1s);
    EXPECT_GT(share_of(440, overheard(talk.alice.rtp), 8000), 0.97);
}

TEST(Stream, WithKeysHearsNothingInTheClear) {
    Talk talk;
    talk.start(Codec::Pcmu, CryptoSuite::AesCm128HmacSha1Tag80);
    talk.set(talk.alice, talk.spec_for(talk.alice));
    talk.run_for(8s);
    EXPECT_THAT(talk.bob.heard, Each(0));
    const StreamStatistics statistics = talk.bob.stream.statistics(talk.now);
    EXPECT_EQ(statistics.packets_received, 0U);
    EXPECT_GE(statistics.packets_refused, talk.alice.rtp.size() - 1);
    EXPECT_FALSE(statistics.round_trip.has_value()) << "a report in the clear was believed";
}

TEST(Stream, RefusesKeysThatDoNotFitAndSendsNothing) {
    Talk talk;
    StreamSpec spec = talk.spec_for(talk.alice);
    const SrtpKey good{CryptoSuite::AesCm128HmacSha1Tag80, Secret(std::string(30, 'k'))};
    const SrtpKey short_key{CryptoSuite::AesCm128HmacSha1Tag80, Secret(std::string(29, 'k'))};
    const SrtpKey unknown{CryptoSuite::F8HmacSha1Tag80, Secret(std::string(30, 'k'))};
    for (const auto& [send, receive] :
         {std::pair<std::optional<SrtpKey>, std::optional<SrtpKey>>{good, std::nullopt},
          {std::nullopt, good},
          {short_key, good},
          {good, short_key},
          {unknown, unknown}}) {
        spec.send_key = send;
        spec.receive_key = receive;
        const auto done = talk.alice.stream.set(spec, {talk.now, talk.wall});
        ASSERT_FALSE(done.has_value());
        EXPECT_EQ(done.error().find("kkk"), std::string::npos);
    }
    talk.run_for(1s);
    EXPECT_THAT(talk.alice.rtp, IsEmpty());
}

// The sound goes on, and neither side refuses a packet that was under way.
TEST(Stream, IsRekeyedInTheMiddle) {
    Talk talk;
    talk.start(Codec::Pcmu, CryptoSuite::AesCm128HmacSha1Tag80, 'a');
    talk.weather = [](const Packet&) { return Duration(45ms); };
    talk.run_for(2s);
    talk.start(Codec::Pcmu, CryptoSuite::AeadAes256Gcm, 'x');
    talk.run_for(2s);
    EXPECT_EQ(talk.bob.stream.statistics(talk.now).packets_refused, 0U);
    EXPECT_EQ(talk.bob.stream.statistics(talk.now).packets_concealed, 0U);
    EXPECT_GT(share_of(440, last(talk.bob.heard, 3s, 8000), 8000), 0.97);
    EXPECT_EQ(parse_rtp(talk.alice.rtp.front())->header.ssrc,
              parse_rtp(talk.alice.rtp.back())->header.ssrc);
}

// The far end uses its old key until it has our answer, however long that takes, and not for long
// after.
TEST(Stream, HearsTheOldKeyUntilTheNewOneComes) {
    Talk talk;
    talk.start(Codec::Pcmu, CryptoSuite::AesCm128HmacSha1Tag80, 'a');
    talk.run_for(1s);
    const auto spec_of_bob = [&](char key) {
        constexpr auto suite = CryptoSuite::AesCm128HmacSha1Tag80;
        const std::size_t length = sdp::key_and_salt_length(suite);
        StreamSpec spec = talk.spec_for(talk.bob);
        spec.send_key = SrtpKey{suite, Secret(std::string(length, 'b'))};
        spec.receive_key = SrtpKey{suite, Secret(std::string(length, key))};
        return spec;
    };
    talk.set(talk.bob, spec_of_bob('x'));
    talk.run_for(4s);
    EXPECT_EQ(talk.bob.stream.statistics(talk.now).packets_refused, 0U);
    EXPECT_GT(share_of(440, last(talk.bob.heard, 3s, 8000), 8000), 0.97);

    talk.start(Codec::Pcmu, CryptoSuite::AesCm128HmacSha1Tag80, 'x');
    talk.run_for(2s);
    EXPECT_EQ(talk.bob.stream.statistics(talk.now).packets_refused, 0U);
    // Back at the old one, which nobody has said again.
    StreamSpec old = talk.spec_for(talk.alice);
    old.send_key = SrtpKey{CryptoSuite::AesCm128HmacSha1Tag80, Secret(std::string(30, 'a'))};
    old.receive_key = SrtpKey{CryptoSuite::AesCm128HmacSha1Tag80, Secret(std::string(30, 'y'))};
    talk.set(talk.alice, old);
    talk.run_for(1s);
    EXPECT_GT(talk.bob.stream.statistics(talk.now).packets_refused, 40U);
}

// After 65536 packets peers differ in where the counter stands with a new key: a new SSRC does not.
TEST(Stream, TakesANewSsrcWhenRekeyedAfterARollover) {
    Talk talk;
    talk.start(Codec::Pcmu, CryptoSuite::AesCm128HmacSha1Tag80, 'a');
    talk.bob.tone.reset();
    talk.run_for(65'536 * frame_time);
    const std::uint32_t before = parse_rtp(talk.alice.rtp.back())->header.ssrc;
    EXPECT_EQ(talk.bob.stream.statistics(talk.now).packets_refused, 0U);
    talk.start(Codec::Pcmu, CryptoSuite::AesCm128HmacSha1Tag80, 'b');
    talk.run_for(2s);
    EXPECT_NE(parse_rtp(talk.alice.rtp.back())->header.ssrc, before);
    EXPECT_LT(parse_rtp(talk.alice.rtp.back())->header.sequence, 0x8000 + 200);
    EXPECT_EQ(talk.bob.stream.statistics(talk.now).packets_refused, 0U);
    EXPECT_GT(share_of(440, last(talk.bob.heard, 1s, 8000), 8000), 0.97);
}

// RFC 3550 §8.2: another SSRC, once. What comes back after that is an echo, and heard as one.
TEST(Stream, HearsAnEchoOfItself) {
    Talk talk;
    talk.start();
    talk.weather = [](const Packet&) { return std::nullopt; };
    std::set<std::uint32_t> ssrcs;
    for (std::size_t returned = 0; returned < 100;) {
        talk.run_for(frame_time);
        for (; returned < talk.alice.rtp.size(); ++returned) {
            Octets echo = talk.alice.rtp[returned];
            ssrcs.insert(parse_rtp(echo)->header.ssrc);
            talk.alice.stream.on_rtp(echo, talk.bob.address, talk.now);
        }
    }
    EXPECT_THAT(ssrcs, SizeIs(2));
    EXPECT_GT(share_of(440, last(talk.alice.heard, 1s, 8000), 8000), 0.97);
}

TEST(Stream, InTheClearHearsItsPeersAddressOnly) {
    Talk talk;
    talk.start();
    talk.run_for(1s);
    const auto before = talk.bob.stream.statistics(talk.now);
    Octets packet = talk.alice.rtp.back();
    talk.bob.stream.on_rtp(packet, {IpAddress::v4(203, 0, 113, 9), 4000}, talk.now);
    const auto after = talk.bob.stream.statistics(talk.now);
    EXPECT_EQ(after.packets_received, before.packets_received);
    EXPECT_EQ(after.packets_refused, before.packets_refused + 1);
}

TEST(Stream, OnHoldNeitherSendsNorHears) {
    Talk talk;
    talk.start();
    talk.run_for(1s);
    StreamSpec held = talk.spec_for(talk.alice);
    held.direction = Direction::Inactive;
    talk.set(talk.alice, held);
    const std::size_t sent = talk.alice.rtp.size();
    talk.run_for(2s);
    EXPECT_THAT(talk.alice.rtp, SizeIs(sent));
    EXPECT_THAT(last(talk.alice.heard, 1s, 8000), Each(0));
    talk.set(talk.alice, talk.spec_for(talk.alice));
    talk.run_for(2s);
    EXPECT_GT(share_of(660, last(talk.alice.heard, 1s, 8000), 8000), 0.97);
    EXPECT_TRUE(parse_rtp(talk.alice.rtp[sent])->header.has_marker);
    EXPECT_GT(share_of(440, last(talk.bob.heard, 1s, 8000), 8000), 0.97);
}

TEST(Stream, ReportsGiveRoundTripLossAndJitter) {
    Talk talk;
    unsigned count = 0;
    talk.weather = [&](const Packet& packet) -> std::optional<Duration> {
        if (!packet.is_rtcp && ++count % 20 < 2) return std::nullopt;
        return Duration(40ms);
    };
    talk.start();
    talk.run_for(30s);
    const StreamStatistics statistics = talk.alice.stream.statistics(talk.now);
    ASSERT_TRUE(statistics.round_trip && statistics.remote_loss && statistics.remote_jitter);
    EXPECT_NEAR(static_cast<double>(statistics.round_trip->count()), 80'000, 1000);
    EXPECT_NEAR(*statistics.remote_loss, 0.1, 0.03);
    EXPECT_NEAR(static_cast<double>(statistics.packets_lost), 150, 10);
    EXPECT_EQ(statistics.duration, 30s);
    EXPECT_THAT(talk.alice.rtcp, SizeIs(testing::AllOf(Gt(4U), Lt(16U))));
}

TEST(Stream, SaysGoodbye) {
    Talk talk;
    talk.start();
    talk.run_for(1s);
    talk.alice.stream.close(talk.now);
    ASSERT_THAT(talk.alice.sent, SizeIs(1));
    EXPECT_TRUE(talk.alice.sent[0].is_rtcp);
    const auto rtcp = parse_rtcp(talk.alice.sent[0].octets);
    ASSERT_TRUE(rtcp.has_value());
    EXPECT_TRUE(rtcp->is_goodbye);
    EXPECT_TRUE(rtcp->sender.has_value());
}

}  // namespace
}  // namespace ringwall::media
