// The playout under what networks do: the sound must go on, keep its length and its tone.
#include "media/playout.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <random>

#include "media/tone.h"
#include "unit/media/goertzel.h"

namespace ringwall::media {
namespace {

using testing::Each;

// A sender of a tone of 440 Hz, a network that is asked about each packet, a playout that is pulled
// every 20 ms. µ-law unless said otherwise.
class Playing {
public:
    // None: lost. `number` counts from 0.
    using Weather = std::function<std::optional<Duration>(std::size_t number)>;

    explicit Playing(JitterLevel level = JitterLevel::High,
                     JitterAdjustment adjustment = JitterAdjustment::UpAndDown)
        : playout(level, adjustment) {}

    RtpPacket packet(std::uint16_t number, std::uint32_t time, const Octets& payload) const {
        return {{false, 0, number, time, ssrc}, payload};
    }

    // Sends for so long; the sender's clock runs `drift` faster than ours.
    void run(Duration time, const Weather& weather, double drift = 0) {
        const unsigned clock = rates_of(codec).clock;
        const auto clocks = static_cast<std::uint32_t>(packet_time.count() * clock / 1'000'000);
        const auto samples =
            static_cast<std::size_t>(packet_time.count() * rates_of(codec).samples / 1'000'000);
        const TimePoint begin = now;
        std::size_t sent = 0;
        for (; now < begin + time; now += frame_time) {
            for (;;) {
                const auto elapsed = static_cast<double>(sent) *
                                     static_cast<double>(packet_time.count()) / (1 + drift);
                const TimePoint due = begin + Duration(static_cast<std::int64_t>(elapsed));
                if (due > now) break;
                Samples sound(samples);
                tone.add_to(sound, rates_of(codec).samples);
                Octets payload;
                encoder->encode(sound, payload);
                if (const auto delay = weather(sent)) {
                    under_way.push_back({due + *delay, sequence, timestamp, payload});
                }
                ++sequence;
                timestamp += clocks;
                ++sent;
            }
            deliver();
            pull();
        }
    }
    void deliver() {
        std::stable_sort(under_way.begin(), under_way.end(),
                         [](const auto& a, const auto& b) { return a.arrival < b.arrival; });
        while (!under_way.empty() && under_way.front().arrival <= now) {
            const UnderWay& next = under_way.front();
            playout.push(packet(next.sequence, next.timestamp, next.payload), codec, next.arrival);
            under_way.erase(under_way.begin());
        }
    }
    void pull() {
        Samples frame;
        playout.pull(now, frame);
        EXPECT_EQ(frame.size(), playout.sample_rate() / frames_per_second);
        heard.insert(heard.end(), frame.begin(), frame.end());
    }
    void use(Codec other) {
        codec = other;
        encoder = make_encoder(other);
    }

    // Of what was heard from then on.
    double share(Duration from = 1s) const {
        const unsigned rate = playout.sample_rate();
        const auto begin = static_cast<std::size_t>(from.count() * rate / 1'000'000);
        return share_of(440, SamplesView(heard).subspan(begin), rate);
    }
    // The share in each of the half seconds: a tone that was cut has another phase.
    double least_share(Duration from = 1s) const {
        double least = 1;
        for (Duration at = from; at + 500ms <= Duration(heard.size() * 125); at += 500ms) {
            const auto begin = static_cast<std::size_t>(at.count() * 8 / 1000);
            least = std::min(least, share_of(440, SamplesView(heard).subspan(begin, 4000), 8000));
        }
        return least;
    }

    struct UnderWay {
        TimePoint arrival;
        std::uint16_t sequence;
        std::uint32_t timestamp;
        Octets payload;
    };
    std::vector<UnderWay> under_way;
    Playout playout;
    TimePoint now{1000s};
    Duration packet_time = 20ms;
    Codec codec = Codec::Pcmu;
    std::unique_ptr<Encoder> encoder = make_encoder(Codec::Pcmu);
    Oscillator tone{440, -12};
    std::uint16_t sequence = 65'500;
    std::uint32_t timestamp = 0xffff'f000;
    std::uint32_t ssrc = 7;
    Samples heard;
};

const Playing::Weather fair = [](std::size_t) { return Duration(10ms); };

TEST(Playout, PlaysEverySampleOnceInFairWeather) {
    Playing playing;
    playing.run(10s, fair);
    EXPECT_GT(playing.least_share(), 0.99);
    EXPECT_EQ(playing.playout.concealed(), 0U);
    EXPECT_EQ(playing.playout.late(), 0U);
}

TEST(Playout, IsSilentWhenNobodySends) {
    Playing playing;
    for (int i = 0; i < 10; ++i) playing.pull();
    EXPECT_THAT(playing.heard, Each(0));
}

// The starting wait, and the least, max(30 ms, 10 ms + frame), at every level.
TEST(Playout, StartsAtItsLevelAndShrinksToTheMinimum) {
    Duration before{};
    for (const JitterLevel level : {JitterLevel::Low, JitterLevel::Medium, JitterLevel::High,
                                    JitterLevel::VeryHigh, JitterLevel::ExtremelyHigh}) {
        Playing playing(level);
        playing.run(200ms, fair);
        EXPECT_GT(playing.playout.delay(), before);
        before = playing.playout.delay();
        playing.run(120s, fair);
        EXPECT_GE(playing.playout.delay(), 30ms);
        EXPECT_LE(playing.playout.delay(), 50ms);
        EXPECT_EQ(playing.playout.concealed(), 0U);
        EXPECT_GT(playing.least_share(), 0.9);
    }
    Playing long_packets(JitterLevel::Low);
    long_packets.packet_time = 60ms;
    long_packets.run(60s, fair);
    EXPECT_GE(long_packets.playout.delay(), 70ms);
    EXPECT_EQ(long_packets.playout.concealed(), 0U);
}

TEST(Playout, ShrinksFasterAtALowerLevel) {
    Playing low(JitterLevel::Medium);
    Playing high(JitterLevel::VeryHigh);
    low.run(10s, fair);
    high.run(10s, fair);
    EXPECT_LT(low.playout.delay() + 20ms, high.playout.delay());
}

TEST(Playout, StaysAsItWasWhereItMayNotShrink) {
    for (const JitterAdjustment adjustment :
         {JitterAdjustment::UpOnly, JitterAdjustment::Disable}) {
        Playing playing(JitterLevel::High, adjustment);
        playing.run(30s, fair);
        EXPECT_GE(playing.playout.delay(), 75ms);
        EXPECT_GT(playing.share(), 0.99);
    }
}

// Five of a hundred lost: the recording keeps its length and its tone.
TEST(Playout, ConcealsLostPackets) {
    for (const Codec codec : {Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus}) {
        Playing playing;
        playing.use(codec);
        std::mt19937 chance(5);
        std::size_t lost = 0;
        playing.encoder->expect_loss(0.05);  // as the far end's reports say
        playing.run(30s, [&](std::size_t) -> std::optional<Duration> {
            if (chance() % 20 != 0) return Duration(10ms);
            ++lost;
            return std::nullopt;
        });
        EXPECT_NEAR(static_cast<double>(playing.playout.concealed()), static_cast<double>(lost), 2);
        EXPECT_EQ(playing.playout.late(), 0U);
        EXPECT_GE(playing.playout.delay(), 30ms);
        EXPECT_LE(playing.playout.delay(), 60ms) << "the sound fell behind";
        // No gap is left: no 20 ms are silent, and the phase is that of the sender.
        const std::size_t frame = playing.playout.sample_rate() / frames_per_second;
        std::size_t silent = 0;
        for (std::size_t at = 50 * frame; at + frame <= playing.heard.size(); at += frame) {
            if (level_of(SamplesView(playing.heard).subspan(at, frame)) < 1000) ++silent;
        }
        EXPECT_LE(silent, lost / 10) << static_cast<int>(codec);
        const unsigned rate = playing.playout.sample_rate();
        EXPECT_GT(share_of(440, SamplesView(playing.heard).subspan(rate * 20, rate / 2), rate),
                  0.8);
        EXPECT_GT(share_of(440, SamplesView(playing.heard).subspan(rate * 28, rate / 2), rate),
                  0.8);
    }
}

// A hole of 200 ms is as long in what is heard: what comes after it is in its time.
TEST(Playout, KeepsItsTimeOverABurstOfLoss) {
    Playing playing;
    playing.run(10s, [](std::size_t number) -> std::optional<Duration> {
        if (number >= 200 && number < 210) return std::nullopt;
        return Duration(10ms);
    });
    EXPECT_LE(playing.playout.delay(), 90ms);
    EXPECT_EQ(playing.playout.late(), 0U);
    EXPECT_GT(playing.share(6s), 0.97);
}

TEST(Playout, PutsPacketsInOrderAndPlaysDuplicatesOnce) {
    Playing playing;
    // Every tenth is overtaken by the one behind it.
    playing.run(20s, [](std::size_t number) { return number % 10 == 0 ? 35ms : 10ms; });
    EXPECT_EQ(playing.playout.concealed(), 0U);
    EXPECT_EQ(playing.playout.late(), 0U);
    EXPECT_GT(playing.least_share(), 0.9);

    const std::size_t before = playing.heard.size();
    Samples sound(160);
    playing.tone.add_to(sound, 8000);
    Octets payload;
    playing.encoder->encode(sound, payload);
    for (int i = 0; i < 3; ++i) {
        playing.playout.push(playing.packet(playing.sequence, playing.timestamp, payload),
                             Codec::Pcmu, playing.now);
    }
    playing.run(20ms, fair);
    EXPECT_EQ(playing.heard.size(), before + 160);
    EXPECT_EQ(playing.playout.late(), 0U);
}

// Jitter up to 60 ms: after the wait has grown to it, hardly anything is made up.
TEST(Playout, GrowsUntilJitterDoesNotReachIt) {
    Playing playing(JitterLevel::Low, JitterAdjustment::UpOnly);
    std::mt19937 chance(6);
    const auto jitter = [&](std::size_t) { return Duration(10ms + chance() % 60'000 * 1us); };
    playing.run(30s, jitter);
    const auto concealed = playing.playout.concealed();
    playing.run(60s, jitter);
    EXPECT_LE(playing.playout.concealed(), concealed + 2);
    EXPECT_LE(playing.playout.late(), 3U);
    EXPECT_LE(playing.playout.delay(), 120ms);
    EXPECT_GT(playing.share(40s), 0.99);
}

TEST(Playout, FollowsJitterUpAndDown) {
    Playing playing(JitterLevel::Medium);
    std::mt19937 chance(6);
    Duration waited{};
    playing.run(60s, [&](std::size_t number) {
        waited += number < 1000 ? Duration{} : playing.playout.delay();
        return Duration(10ms + chance() % 60'000 * 1us);
    });
    EXPECT_GE(playing.playout.delay(), 40ms);
    // Packets come 30 ms before the latest, one with another, and that one has 10 ms to spare.
    EXPECT_GE(waited / 2000, 40ms);
    EXPECT_LT(playing.playout.concealed(), 15U) << "of 3000";
    playing.run(60s, fair);
    EXPECT_LE(playing.playout.delay(), 50ms);
}

// A network that brings nothing for 100 ms of each 320, and then all of it: once the wait has grown
// to it, cutting leaves it alone, wherever in our frames that falls.
TEST(Playout, StaysWhereTheSameJitterNeedsIt) {
    for (unsigned phase = 0; phase < 20; ++phase) {
        Playing playing(JitterLevel::Low);
        const auto held = [&](std::size_t number) {
            const std::size_t at = (20 * number + 60 + phase) % 320;
            return at < 100 ? Duration((100 - at) * 1ms) : Duration(0ms);
        };
        playing.run(5s, held);
        const auto concealed = playing.playout.concealed();
        EXPECT_GT(concealed, 0U) << phase;
        playing.run(20s, held);
        EXPECT_LE(playing.playout.concealed(), concealed + 1) << phase;
        EXPECT_GT(playing.least_share(5s), 0.99) << phase;
    }
}

// Where the wait may not grow, what comes too late is lost, counted, and nothing falls behind.
TEST(Playout, DropsWhatIsLateWhereItMayNotGrow) {
    Playing playing(JitterLevel::Low, JitterAdjustment::Disable);
    playing.run(20s, [](std::size_t number) { return number % 25 == 24 ? 90ms : 10ms; });
    EXPECT_NEAR(static_cast<double>(playing.playout.late()), 40, 2);
    EXPECT_NEAR(static_cast<double>(playing.playout.concealed()), 40, 2);
    EXPECT_LE(playing.playout.delay(), 60ms);
    EXPECT_GT(playing.share(), 0.9);
}

// Quartzes differ by up to 100 ppm or so; here ten times as much.
TEST(Playout, FollowsTheSendersClock) {
    for (const double drift : {0.001, -0.001}) {
        Playing playing(JitterLevel::Medium);
        playing.run(200s, fair, drift);
        EXPECT_LE(playing.playout.delay(), 80ms) << drift;
        EXPECT_LE(playing.playout.late(), 0U) << drift;
        EXPECT_LE(playing.playout.concealed(), 20U) << drift;  // 200 ms too few are made up
        EXPECT_GT(playing.least_share(), 0.5) << drift;
    }
}

// An outage of a second after which all comes at once: the wait is cut to what it was.
TEST(Playout, CatchesUpAfterAnOutage) {
    Playing playing;
    playing.run(20s, [](std::size_t number) {
        return number >= 200 && number < 250 ? (250 - number) * 20ms + 10ms : Duration(10ms);
    });
    EXPECT_LE(playing.playout.delay(), 100ms);
    EXPECT_GT(playing.share(15s), 0.95);
}

// Silence suppression: sequence numbers go on, timestamps jump (RFC 3551 §4.1).
TEST(Playout, TakesPausesForSilenceAndNotForLoss) {
    Playing playing;
    for (int spurt = 0; spurt < 10; ++spurt) {
        playing.run(1s, fair);
        // Nothing is sent for 700 ms.
        for (int i = 0; i < 35; ++i, playing.now += frame_time) {
            playing.deliver();
            playing.pull();
        }
        EXPECT_THAT(SamplesView(playing.heard).last(800), Each(0));
        playing.timestamp += 35 * 160;
    }
    EXPECT_EQ(playing.playout.concealed(), 0U);
    EXPECT_EQ(playing.playout.late(), 0U);
    EXPECT_LE(playing.playout.delay(), 90ms);
    std::size_t loud = 0;
    for (std::size_t at = 0; at + 160 <= playing.heard.size(); at += 160) {
        if (level_of(SamplesView(playing.heard).subspan(at, 160)) > 3000) ++loud;
    }
    EXPECT_NEAR(static_cast<double>(loud), 510, 15);
}

// Events and comfort noise take sequence numbers, and are no loss.
TEST(Playout, TakesPacketsWithoutSoundForPresent) {
    Playing playing;
    playing.run(1s, fair);
    for (int i = 0; i < 8; ++i) {
        playing.playout.push_soundless({false, 13, playing.sequence++, playing.timestamp, 7});
        playing.deliver();
        playing.pull();
        playing.now += frame_time;
    }
    playing.timestamp += 8 * 160;
    playing.run(1s, fair);
    EXPECT_EQ(playing.playout.concealed(), 0U);
}

TEST(Playout, FollowsANewSender) {
    Playing playing;
    playing.run(2s, fair);
    playing.under_way.clear();
    playing.ssrc = 8;
    playing.sequence = 3;
    playing.timestamp = 77;
    playing.run(2s, fair);
    EXPECT_EQ(playing.playout.concealed(), 0U);
    EXPECT_GT(playing.share(3s), 0.99);
}

// The same SSRC with other numbers (RFC 3550 appendix A.1), other timestamps, another codec.
TEST(Playout, FollowsJumps) {
    Playing playing;
    playing.run(2s, fair);
    playing.sequence += 20'000;
    playing.run(2s, fair);
    EXPECT_GT(playing.share(3s), 0.99);
    playing.timestamp -= 8000 * 60;
    playing.run(2s, fair);
    EXPECT_GT(playing.share(5s), 0.99);
    playing.timestamp += 8000 * 3600;
    playing.run(2s, fair);
    EXPECT_GT(playing.share(7s), 0.99);
    EXPECT_LE(playing.playout.concealed(), 3U);
    playing.heard.clear();
    playing.use(Codec::Opus);
    playing.run(2s, fair);
    EXPECT_EQ(playing.playout.sample_rate(), 48'000U);
    EXPECT_GT(playing.share(1s), 0.99);
}

// Payloads by chance: no crash, and frames as ever.
TEST(Playout, SurvivesNonsense) {
    std::mt19937 chance(1);
    for (const Codec codec : {Codec::Pcmu, Codec::G722, Codec::Opus}) {
        Playing playing;
        for (int i = 0; i < 5000; ++i) {
            Octets payload(chance() % 400);
            for (std::uint8_t& octet : payload) octet = static_cast<std::uint8_t>(chance());
            const auto step = static_cast<std::uint16_t>(chance() % 100 == 0 ? chance() : 1);
            playing.sequence = static_cast<std::uint16_t>(playing.sequence + step);
            playing.timestamp += chance() % 50 == 0 ? static_cast<std::uint32_t>(chance()) : 160;
            if (chance() % 7 == 0) {
                playing.playout.push_soundless({false, 13, playing.sequence, 0, 7});
            } else {
                playing.playout.push(playing.packet(playing.sequence, playing.timestamp, payload),
                                     codec, playing.now);
            }
            if (chance() % 2 == 0) {
                playing.pull();
                playing.now += frame_time;
            }
            playing.heard.clear();
        }
    }
}

}  // namespace
}  // namespace ringwall::media
