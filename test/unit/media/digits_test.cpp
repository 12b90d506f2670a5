// Keys, as events (RFC 4733) and as tones.
#include <gmock/gmock.h>

#include "unit/media/goertzel.h"
#include "unit/media/talk.h"

namespace ringwall::media {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint8_t event_type = 101;

class Keys : public testing::Test {
protected:
    Keys() {
        for (Talker* const end : {&talk.alice, &talk.bob}) {
            StreamSpec spec = talk.spec_for(*end);
            spec.event_to_send = spec.event_to_receive = event_type;
            talk.set(*end, spec);
        }
        talk.run_for(200ms);
        before = talk.alice.rtp.size();
    }
    struct Event {
        RtpHeader header;
        TelephoneEvent event;
    };
    std::vector<Event> events() const {
        std::vector<Event> all;
        for (const Octets& octets : talk.alice.rtp) {
            const auto packet = parse_rtp(octets);
            if (packet->header.payload_type != event_type) continue;
            all.push_back({packet->header, *parse_telephone_event(packet->payload)});
        }
        return all;
    }
    std::string heard() const {
        std::string digits;
        for (const Digit& digit : talk.bob.digits) digits += digit.digit;
        return digits;
    }

    Talk talk;
    std::size_t before = 0;
};

// RFC 4733 §2.5.1: the marker at the first, one timestamp, a growing duration, three ends.
TEST_F(Keys, AreEventsWithThreeEnds) {
    talk.alice.stream.send_digit('#', 100ms);
    talk.run_for(1s);
    const auto sent = events();
    ASSERT_THAT(sent, SizeIs(7));
    for (std::size_t i = 0; i < sent.size(); ++i) {
        EXPECT_EQ(sent[i].header.has_marker, i == 0);
        EXPECT_EQ(sent[i].header.timestamp, sent[0].header.timestamp);
        EXPECT_EQ(sent[i].event.code, 11);
        EXPECT_EQ(sent[i].event.volume, 16);
        EXPECT_EQ(sent[i].event.is_end, i >= 4);
        EXPECT_EQ(sent[i].event.duration, std::min<std::size_t>(i + 1, 5) * 160);
    }
    // Sound goes on with a marker, in its own time (RFC 4733 §2.5.1.1).
    const auto next = parse_rtp(talk.alice.rtp[before + 7]);
    EXPECT_TRUE(next->header.has_marker);
    EXPECT_EQ(next->header.timestamp - sent[0].header.timestamp, 7 * 160U);
    ASSERT_THAT(talk.bob.digits, SizeIs(1));
    EXPECT_EQ(talk.bob.digits[0].digit, '#');
    EXPECT_EQ(talk.bob.digits[0].length, 100ms);
    EXPECT_EQ(talk.bob.stream.statistics(talk.now).packets_concealed, 0U);
}

TEST_F(Keys, AreHeardOnceEachInOrder) {
    for (const char digit : std::string("0123456789*#ABCD55")) {
        talk.alice.stream.send_digit(digit, 40ms);
    }
    talk.alice.stream.send_digit('x', 40ms);
    talk.run_for(5s);
    EXPECT_EQ(heard(), "0123456789*#ABCD55");
}

TEST_F(Keys, SurviveLossAndDisorder) {
    unsigned count = 0;
    talk.weather = [&](const Packet&) -> std::optional<Duration> {
        ++count;
        if (count % 3 == 0) return std::nullopt;
        return count % 5 == 0 ? 45ms : 10ms;
    };
    for (const char digit : std::string("13579")) talk.alice.stream.send_digit(digit, 60ms);
    talk.run_for(3s);
    EXPECT_EQ(heard(), "13579");
}

// All three ends are lost.
TEST_F(Keys, AreToldWithoutTheirEnd) {
    talk.weather = [](const Packet& packet) -> std::optional<Duration> {
        const auto parsed = parse_rtp(packet.octets);
        if (parsed && parsed->header.payload_type == event_type &&
            parse_telephone_event(parsed->payload)->is_end) {
            return std::nullopt;
        }
        return 10ms;
    };
    talk.alice.stream.send_digit('1', 100ms);
    talk.run_for(140ms);
    EXPECT_THAT(heard(), IsEmpty());
    talk.run_for(400ms);
    EXPECT_EQ(heard(), "1");
}

TEST_F(Keys, OfATypeThatWasNotAgreedOnAreNotHeard) {
    talk.set(talk.bob, talk.spec_for(talk.bob));
    talk.alice.stream.send_digit('1', 100ms);
    talk.run_for(1s);
    EXPECT_THAT(heard(), IsEmpty());
}

// ITU-T Q.23: 7 is 852 and 1209 Hz.
TEST_F(Keys, AreTonesWhereTheFarEndTakesNoEvents) {
    talk.set(talk.alice, talk.spec_for(talk.alice));
    talk.bob.heard.clear();
    talk.alice.stream.send_digit('7', 200ms);
    talk.run_for(400ms);
    EXPECT_THAT(events(), IsEmpty());
    double low = 0;
    double high = 0;
    for (std::size_t at = 0; at + 800 <= talk.bob.heard.size(); at += 160) {
        const SamplesView part = SamplesView(talk.bob.heard).subspan(at, 800);
        low = std::max(low, share_of(852, part, 8000));
        high = std::max(high, share_of(1209, part, 8000));
    }
    EXPECT_GT(low, 0.4);
    EXPECT_GT(high, 0.4);
}

class TonesByCodec : public testing::TestWithParam<Codec> {};

// Where no events come, the tones are heard, whatever the rate.
TEST_P(TonesByCodec, AreKeys) {
    Talk talk;
    talk.start(GetParam());
    talk.alice.tone.reset();
    for (const char digit : std::string("0123456789*#ABCD55")) {
        talk.alice.stream.send_digit(digit, 80ms);
    }
    talk.run_for(5s);
    std::string heard;
    for (const Digit& digit : talk.bob.digits) {
        heard += digit.digit;
        EXPECT_GE(digit.length, 40ms);
        EXPECT_LE(digit.length, 120ms);
    }
    EXPECT_EQ(heard, "0123456789*#ABCD55");
}

INSTANTIATE_TEST_SUITE_P(All, TonesByCodec,
                         testing::Values(Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus));

// Two tones that are no key, and speech-like sums of them, are none.
TEST(Tones, OfOtherPitchesAreNoKeys) {
    Talk talk;
    talk.start();
    for (const auto& [low, high] : {std::pair(440.0, 480.0),
                                    {350.0, 440.0},
                                    {697.0, 1100.0},
                                    {600.0, 1209.0},
                                    {941.0, 0.0}}) {
        talk.alice.tone.emplace(low, -12);
        talk.run_for(300ms);
        talk.alice.tone.emplace(high, -12);
        talk.run_for(300ms);
    }
    EXPECT_THAT(talk.bob.digits, IsEmpty());
}

// A far end that sends both is heard once: an event goes before, and its tone is no other key.
TEST_F(Keys, AnEventGoesBeforeItsTone) {
    talk.alice.tone.reset();
    talk.alice.stream.send_digit('1', 100ms);
    talk.run_for(500ms);
    StreamSpec in_band = talk.spec_for(talk.alice);
    talk.set(talk.alice, in_band);
    talk.alice.stream.send_digit('2', 100ms);
    talk.run_for(500ms);
    EXPECT_EQ(heard(), "1");
}

}  // namespace
}  // namespace ringwall::media
