// Call progress tones as the Regional page writes them:
//
//   350@-19,440@-19;2(.1/.1/1+2);10(*/0/1+2)
//
// First the tones (at most six), Hz@dBm. Then sections: for so many seconds ("*": for ever), the
// segments in parentheses again and again; a segment is seconds on, seconds off, and the numbers of
// the tones that sound together (0: none).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "media/sound_source.h"

namespace ringwall::media {

struct ToneCadence {
    struct Segment {
        std::optional<Duration> on;  // none: for ever
        Duration off{};
        std::vector<std::size_t> tones;  // from 0
    };
    struct Section {
        std::optional<Duration> length;  // none: for ever
        std::vector<Segment> segments;
    };
    std::vector<Tone> tones;
    std::vector<Section> sections;
};

// The error is a sentence that names the place.
Result<ToneCadence, std::string> parse_tone_script(std::string_view script);

class ToneScriptSource final : public SoundSource {
public:
    explicit ToneScriptSource(ToneCadence cadence);
    void read(std::span<std::int16_t> frame, unsigned sample_rate) override;
    bool has_ended() const override { return section_ == cadence_.sections.size(); }

private:
    enum class Phase : std::uint8_t { On, Off };
    Duration left_in_phase() const;
    void advance(Duration time);
    void next_phase();
    void skip_empty();

    ToneCadence cadence_;
    std::vector<Oscillator> oscillators_;
    std::size_t section_ = 0;
    std::size_t segment_ = 0;
    Phase phase_ = Phase::On;
    Duration in_section_{};
    Duration in_phase_{};
};

}  // namespace ringwall::media
