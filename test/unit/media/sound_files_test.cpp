// Files as sources, recordings, and the rates in between.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>

#include "media/file_source.h"
#include "media/mixer.h"
#include "media/recorder.h"
#include "unit/media/goertzel.h"

namespace ringwall::media {
namespace {

using testing::HasSubstr;

class SoundFiles : public testing::Test {
protected:
    ~SoundFiles() override { std::remove(path.c_str()); }
    static Samples tone(double hertz, unsigned rate, std::size_t count) {
        Samples sound(count);
        Oscillator(hertz, -12).add_to(sound, rate);
        return sound;
    }
    void write(unsigned rate, const Samples& left, const Samples& right) const {
        Samples both;
        for (std::size_t i = 0; i < left.size(); ++i) {
            both.push_back(left[i]);
            both.push_back(right[i]);
        }
        std::remove(path.c_str());
        EXPECT_TRUE(WavWriter::create(path, rate)->write(both));
    }
    // Until it ends, a frame after another at the rate; ten seconds at most.
    static Samples play(SoundSource& source, unsigned rate) {
        Samples sound;
        for (int i = 0; i < 500 && !source.has_ended(); ++i) {
            Samples frame(rate / frames_per_second);
            source.read(frame, rate);
            sound.insert(sound.end(), frame.begin(), frame.end());
        }
        return sound;
    }

    std::string path = testing::TempDir() + "ringwall-" + std::to_string(getpid()) + ".wav";
};

TEST_F(SoundFiles, AreReadInEveryUsualRate) {
    for (const unsigned rate : {8000U, 11'025U, 16'000U, 22'050U, 44'100U, 48'000U}) {
        write(rate, tone(440, rate, rate), tone(440, rate, rate));
        auto background = std::make_unique<Background>();
        FileSource source({path, false}, *background);
        background.reset();  // it has been read then
        EXPECT_EQ(source.failure(), "");
        const Samples sound = play(source, 16'000);
        EXPECT_NEAR(static_cast<double>(sound.size()), 16'000, 640) << rate;
        EXPECT_GT(share_of(440, SamplesView(sound).first(15'000), 16'000), 0.98) << rate;
    }
}

TEST_F(SoundFiles, AreRepeatedWhereAsked) {
    write(8000, tone(440, 8000, 800), tone(440, 8000, 800));
    auto background = std::make_unique<Background>();
    FileSource source({path, true}, *background);
    background.reset();
    const Samples sound = play(source, 8000);
    EXPECT_FALSE(source.has_ended());
    EXPECT_GT(share_of(440, sound, 8000), 0.98);
}

TEST_F(SoundFiles, ThatCannotBePlayedAreNamedInASentence) {
    EXPECT_THAT(read_wav("/nonexistent/a.wav").error(),
                HasSubstr("sound file /nonexistent/a.wav: No such file or directory"));
    std::ofstream(path) << "this is no sound at all, but long enough for a header";
    EXPECT_THAT(read_wav(path).error(), HasSubstr("it is not a WAV file"));
    EXPECT_THAT(WavWriter::create("/nonexistent/b.wav", 8000).error(),
                HasSubstr("cannot record to /nonexistent/b.wav"));
    write(8000, {}, {});
    EXPECT_THAT(read_wav(path).error(), HasSubstr("no sound"));
    EXPECT_THAT(check_wav(path).error(), HasSubstr("no sound"));
    write(8000, tone(440, 8000, 800), tone(440, 8000, 800));
    EXPECT_TRUE(check_wav(path));
}

// A pipe without another end would be waited for, and a device has no end.
TEST_F(SoundFiles, AreRegularOnes) {
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    for (const std::string& each : {path, std::string("/dev/zero"), testing::TempDir()}) {
        EXPECT_THAT(check_wav(each).error(), HasSubstr("it is not a regular file"));
        EXPECT_THAT(read_wav(each).error(), HasSubstr("it is not a regular file"));
        EXPECT_FALSE(WavWriter::create(each, 8000));
    }
}

// Nor is what stands there shown to anybody else.
TEST_F(SoundFiles, ThatAreThereAreNotOverwritten) {
    write(8000, tone(440, 8000, 800), tone(440, 8000, 800));
    struct stat before {};
    ASSERT_EQ(::stat(path.c_str(), &before), 0);
    EXPECT_EQ(before.st_mode & 0777U, 0600U);
    EXPECT_THAT(WavWriter::create(path, 8000).error(),
                HasSubstr("it is there already, and nothing is overwritten"));
    EXPECT_TRUE(read_wav(path));
}

TEST_F(SoundFiles, RecordBothDirectionsSideBySide) {
    {
        Background background;
        Recorder recorder(*WavWriter::create(path, 16'000), 16'000, background);
        const Samples sent = tone(440, 8000, 16'000);
        const Samples heard = tone(660, 48'000, 96'000);
        for (std::size_t i = 0; i < 100; ++i) {
            recorder.add(SamplesView(sent).subspan(i * 160, 160), 8000,
                         SamplesView(heard).subspan(i * 960, 960), 48'000);
        }
    }
    std::ifstream file(path, std::ios::binary);
    std::string octets((std::istreambuf_iterator<char>(file)), {});
    ASSERT_EQ(octets.size(), 44 + 32'000U * 4);
    Samples left;
    Samples right;
    for (std::size_t at = 44; at < octets.size(); at += 4) {
        const auto sample = [&](std::size_t i) {
            return static_cast<std::int16_t>(static_cast<unsigned char>(octets[i]) |
                                             (static_cast<unsigned char>(octets[i + 1]) << 8));
        };
        left.push_back(sample(at));
        right.push_back(sample(at + 2));
    }
    EXPECT_GT(share_of(440, left, 16'000), 0.98);
    EXPECT_GT(share_of(660, right, 16'000), 0.98);
}

TEST(Mixer, LetsEveryoneHearAllOthersAndNotItself) {
    struct Member {
        double hertz;
        unsigned rate;
        Mixer::Member in_mix;
        Oscillator voice;
        Samples heard;
    };
    std::vector<Member> members;
    for (const auto& [hertz, rate] :
         {std::pair{440.0, 8000U}, {660.0, 16'000U}, {880.0, 48'000U}, {1100.0, 8000U}}) {
        members.push_back({hertz, rate, {}, Oscillator(hertz, -20), {}});
    }
    Mixer mixer;
    for (int turn = 0; turn < 50; ++turn) {
        mixer.begin_turn(48'000);
        for (Member& member : members) {
            Samples frame(member.rate / frames_per_second);
            member.voice.add_to(frame, member.rate);
            mixer.hear(member.in_mix, frame, member.rate);
        }
        for (Member& member : members) {
            Samples frame(member.rate / frames_per_second);
            mixer.say(member.in_mix, frame, member.rate);
            member.heard.insert(member.heard.end(), frame.begin(), frame.end());
        }
    }
    for (const Member& member : members) {
        const SamplesView heard = SamplesView(member.heard).last(member.heard.size() / 2);
        for (const Member& other : members) {
            const double share = share_of(other.hertz, heard, member.rate);
            if (&other == &member) {
                EXPECT_LT(share, 0.01);
            } else {
                EXPECT_NEAR(share, 1.0 / 3, 0.05);
            }
        }
    }
}

// Once, however much is lost.
TEST_F(SoundFiles, ThatADiskIsFullIsTold) {
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    testing::internal::CaptureStderr();
    {
        Background background;
        Recorder recorder(*WavWriter::create(path, 8000), 8000, background);
        const rlimit small{10'000, before.rlim_max};
        ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
        const Samples frame(160, 1000);
        for (int i = 0; i < 200; ++i) recorder.add(frame, 8000, frame, 8000);
    }
    const std::string said = testing::internal::GetCapturedStderr();
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    EXPECT_NE(said.find("recording.incomplete file=" + path), std::string::npos) << said;
    EXPECT_EQ(said.find("recording.incomplete"), said.rfind("recording.incomplete")) << said;
}

}  // namespace
}  // namespace ringwall::media
