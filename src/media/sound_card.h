// Sound cards, by PortAudio: one device each way for all streams that use it, opened in the
// background when the first one wants it, closed after the last.
//
// PortAudio is loaded when a sound card is first asked for, not before: a phone without one pays
// nothing for it, and need not have it.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "media/background.h"
#include "media/resampler.h"
#include "media/sample_ring.h"
#include "media/sound_source.h"

namespace ringwall::media {

inline constexpr unsigned card_rate = 48'000;

enum class CardDirection : std::uint8_t { Microphone, Speaker };

// One device in one direction, shared by the streams that use it.
class CardDevice {
public:
    CardDevice(CardDirection direction, const std::string& name, Background& background);
    ~CardDevice();
    CardDevice(const CardDevice&) = delete;
    CardDevice& operator=(const CardDevice&) = delete;

    // A sentence, when it cannot be used. Empty: it can, or is not open yet.
    std::string_view failure() const;

    // The media thread's, once a turn, before and after the streams' share of it.
    void begin_turn();
    void end_turn();
    // Of this turn, at card_rate: what the microphone heard.
    SamplesView heard() const { return frame_; }
    // What the speaker is to play, together with what others add.
    void add(SamplesView sound) { add_sound(sound, frame_); }

private:
    struct Opened;
    const CardDirection direction_;
    Background& background_;
    std::shared_ptr<Opened> opened_;
    Samples frame_;
};

// The devices in use, by name ("": the default).
class SoundCards {
public:
    explicit SoundCards(Background& background) : background_(background) {}
    std::shared_ptr<CardDevice> use(CardDirection direction, const std::string& name);
    void begin_turn();
    void end_turn();

private:
    Background& background_;
    std::map<std::pair<CardDirection, std::string>, std::weak_ptr<CardDevice>> devices_;
};

class CardSource final : public SoundSource {
public:
    explicit CardSource(std::shared_ptr<CardDevice> microphone)
        : microphone_(std::move(microphone)) {}
    void read(std::span<std::int16_t> frame, unsigned sample_rate) override;
    std::string_view failure() const override { return microphone_->failure(); }

private:
    std::shared_ptr<CardDevice> microphone_;
    FrameResampler resampler_;
};

class CardSink {
public:
    explicit CardSink(std::shared_ptr<CardDevice> speaker) : speaker_(std::move(speaker)) {}
    void play(SamplesView frame, unsigned sample_rate) {
        speaker_->add(resampler_.frame(frame, sample_rate, card_rate));
    }
    std::string_view failure() const { return speaker_->failure(); }

private:
    std::shared_ptr<CardDevice> speaker_;
    FrameResampler resampler_;
};

}  // namespace ringwall::media
