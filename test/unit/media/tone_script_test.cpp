// Call progress tones as the Regional page writes them.
#include "media/tone_script.h"

#include <gmock/gmock.h>

#include "unit/media/goertzel.h"

namespace ringwall::media {
namespace {

using testing::HasSubstr;

Samples play(std::string_view script, Duration time) {
    ToneScriptSource source(*parse_tone_script(script));
    Samples sound;
    for (Duration done{}; done < time; done += frame_time) {
        Samples frame(160);
        source.read(frame, 8000);
        sound.insert(sound.end(), frame.begin(), frame.end());
    }
    return sound;
}

bool sounds(const Samples& sound, Duration from, Duration to, double hertz) {
    const auto at = [](Duration time) { return static_cast<std::size_t>(time / 1ms * 8); };
    const SamplesView part = SamplesView(sound).subspan(at(from), at(to) - at(from));
    return share_of(hertz, part, 8000) > 0.3;
}

TEST(ToneScript, ReadsADialTone) {
    const auto cadence = parse_tone_script("350@-19,440@-19;10(*/0/1+2)");
    ASSERT_TRUE(cadence) << cadence.error();
    ASSERT_EQ(cadence->tones.size(), 2U);
    EXPECT_EQ(cadence->tones[1].hertz, 440U);
    EXPECT_NEAR(cadence->tones[1].level, -22.14, 0.01);
    ASSERT_EQ(cadence->sections.size(), 1U);
    EXPECT_EQ(cadence->sections[0].length, Duration(10s));
    const auto& segment = cadence->sections[0].segments[0];
    EXPECT_EQ(segment.on, std::nullopt);
    EXPECT_THAT(segment.tones, testing::ElementsAre(0, 1));
}

// Every tone of the page with its default.
TEST(ToneScript, ReadsTheDefaults) {
    for (const std::string_view script :
         {"420@-16;10(*/0/1)", "520@-19,620@-19;10(*/0/1+2)", "480@-19,620@-19;10(.5/.5/1+2)",
          "480@-10,620@0;10(.125/.125/1+2)", "440@-19,480@-19;*(2/4/1+2)", "440@-10;30(.3/9.7/1)",
          "985@-16,1428@-16,1777@-16;20(.380/0/1,.380/0/2,.380/0/3,0/4/0)",
          "350@-19,440@-19;2(.1/.1/1+2);10(*/0/1+2)", "600@-19;25(.1/.1/1,.1/.1/1,.1/9.5/1)",
          "397@-19,507@-19;15(0/2/0,.2/.1/1,.1/2.1/2)", "600@-16;.3(.05/0.05/1)"}) {
        const auto cadence = parse_tone_script(script);
        EXPECT_TRUE(cadence) << cadence.error();
    }
}

TEST(ToneScript, SaysWhereItIsWrong) {
    const auto complaint = [](std::string_view script) {
        const auto cadence = parse_tone_script(script);
        return cadence ? std::string("none") : cadence.error();
    };
    EXPECT_EQ(complaint("440;*(2/4/1)"),
              "tone script \"440;*(2/4/1)\", at character 4: \"@\" and a level in dBm are wanted");
    EXPECT_THAT(complaint("440@-19"), HasSubstr("a section such as"));
    EXPECT_THAT(complaint("440@-19;2(1/1/2)"), HasSubstr("a number from 0 to 1 is wanted"));
    EXPECT_THAT(complaint("440@-19;2(0/0/1)"), HasSubstr("take no time"));
    EXPECT_THAT(complaint("440@-19;2(1/1/1"), HasSubstr("\",\" or \")\""));
    EXPECT_THAT(complaint("1@1,1@1,1@1,1@1,1@1,1@1,1@1;1(1/1/1)"), HasSubstr("at most six"));
    EXPECT_THAT(complaint("nan@-19;2(1/1/1)"), HasSubstr("a number"));
    EXPECT_THAT(complaint("440@-19;1e9(1/1/1)"), HasSubstr("\"(\" is wanted"));
    EXPECT_THAT(complaint(""), HasSubstr("a number"));
}

TEST(ToneScript, PlaysSegmentsInTurnAndSectionsOneAfterAnother) {
    const Samples sound = play("400@-10,1000@-10;1(.1/.1/1,.2/0/2);*(0/.5/0,.25/0/1)", 3s);
    EXPECT_TRUE(sounds(sound, 0ms, 100ms, 400));
    EXPECT_EQ(level_of(SamplesView(sound).subspan(800, 800)), 0);
    EXPECT_TRUE(sounds(sound, 200ms, 400ms, 1000));
    EXPECT_FALSE(sounds(sound, 200ms, 400ms, 400));
    EXPECT_TRUE(sounds(sound, 400ms, 500ms, 400));
    EXPECT_EQ(level_of(SamplesView(sound).subspan(8000, 4000)), 0);
    EXPECT_TRUE(sounds(sound, 1500ms, 1750ms, 400));
    EXPECT_EQ(level_of(SamplesView(sound).subspan(14'000, 4000)), 0);
}

TEST(ToneScript, EndsWhenItsSectionsAreOver) {
    ToneScriptSource source(*parse_tone_script("600@-16;.3(.05/0.05/1)"));
    for (int i = 0; i < 15; ++i) {
        EXPECT_FALSE(source.has_ended());
        Samples frame(160);
        source.read(frame, 8000);
    }
    EXPECT_TRUE(source.has_ended());
}

// -10 dBm is 13.14 dB below full scale.
TEST(ToneScript, HasTheLevelThatIsWritten) {
    const Samples sound = play("1000@-10;*(*/0/1)", 1s);
    EXPECT_NEAR(20 * std::log10(level_of(sound) * std::sqrt(2) / 32'767), -13.14, 0.1);
}

}  // namespace
}  // namespace ringwall::media
