#include "media/tone_script.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace ringwall::media {

namespace {

constexpr std::size_t max_tones = 6;
constexpr double max_seconds = 86'400;

// Reads a script from left to right.
class Reader {
public:
    explicit Reader(std::string_view script) : script_(script) {}

    Result<ToneCadence, std::string> read() {
        ToneCadence cadence;
        do cadence.tones.push_back(TRY(tone()));
        while (accept(','));
        if (cadence.tones.size() > max_tones) return complain("there are at most six tones");
        while (accept(';')) cadence.sections.push_back(TRY(section(cadence.tones.size())));
        if (at_ < script_.size()) return complain("\";\" or the end is wanted");
        if (cadence.sections.empty()) return complain("a section such as \"10(*/0/1)\" is wanted");
        return cadence;
    }

private:
    tl::unexpected<std::string> complain(std::string_view what) const {
        return fail("tone script \"" + std::string(script_) + "\", at character " +
                    std::to_string(at_ + 1) + ": " + std::string(what));
    }
    bool accept(char c) {
        while (at_ < script_.size() && script_[at_] == ' ') ++at_;
        if (at_ == script_.size() || script_[at_] != c) return false;
        ++at_;
        return true;
    }
    Result<double, std::string> number(double from, double to) {
        while (at_ < script_.size() && script_[at_] == ' ') ++at_;
        double value = 0;
        const char* const begin = script_.data() + at_;
        const auto [end, error] = std::from_chars(begin, script_.data() + script_.size(), value,
                                                  std::chars_format::fixed);
        const bool is_within = value >= from && value <= to;  // not of "nan"
        if (error != std::errc() || !is_within) {
            return complain("a number from " + std::to_string(static_cast<int>(from)) + " to " +
                            std::to_string(static_cast<int>(to)) + " is wanted");
        }
        at_ += static_cast<std::size_t>(end - begin);
        return value;
    }
    Result<Tone, std::string> tone() {
        Tone tone;
        tone.hertz = static_cast<unsigned>(TRY(number(1, 4000)));
        if (!accept('@')) return complain("\"@\" and a level in dBm are wanted");
        tone.level = TRY(number(-90, 3)) - full_scale_dbm0;
        return tone;
    }
    Result<std::optional<Duration>, std::string> time() {
        if (accept('*')) return std::optional<Duration>();
        const double seconds = TRY(number(0, max_seconds));
        return std::optional(Duration(std::llround(seconds * 1e6)));
    }
    Result<ToneCadence::Section, std::string> section(std::size_t tones) {
        ToneCadence::Section section;
        section.length = TRY(time());
        if (!accept('(')) return complain("\"(\" is wanted");
        do section.segments.push_back(TRY(segment(tones)));
        while (accept(','));
        if (!accept(')')) return complain("\",\" or \")\" is wanted");
        const bool has_time = std::any_of(
            section.segments.begin(), section.segments.end(),
            [](const auto& segment) { return !segment.on || *segment.on + segment.off > 0us; });
        if (!has_time) return complain("the segments take no time");
        return section;
    }
    Result<ToneCadence::Segment, std::string> segment(std::size_t tones) {
        ToneCadence::Segment segment;
        segment.on = TRY(time());
        if (!accept('/')) return complain("\"/\" and the seconds of silence are wanted");
        const auto off = TRY(time());
        if (!off) {
            return complain("silence for ever is no segment");
        }
        segment.off = *off;
        if (!accept('/')) return complain("\"/\" and the numbers of tones are wanted");
        do {
            const auto which = static_cast<std::size_t>(TRY(number(0, static_cast<double>(tones))));
            if (which > 0) segment.tones.push_back(which - 1);
        } while (accept('+'));
        return segment;
    }

    std::string_view script_;
    std::size_t at_ = 0;
};

}  // namespace

Result<ToneCadence, std::string> parse_tone_script(std::string_view script) {
    return Reader(script).read();
}

ToneScriptSource::ToneScriptSource(ToneCadence cadence) : cadence_(std::move(cadence)) {
    for (const Tone& tone : cadence_.tones) {
        oscillators_.emplace_back(tone.hertz, tone.level);
    }
    skip_empty();
}

Duration ToneScriptSource::left_in_phase() const {
    const ToneCadence::Section& section = cadence_.sections[section_];
    const ToneCadence::Segment& segment = section.segments[segment_];
    Duration left = Duration::max();
    if (phase_ == Phase::Off) left = segment.off - in_phase_;
    if (phase_ == Phase::On && segment.on) left = *segment.on - in_phase_;
    if (section.length) left = std::min(left, *section.length - in_section_);
    return left;
}

void ToneScriptSource::next_phase() {
    const ToneCadence::Section& section = cadence_.sections[section_];
    in_phase_ = {};
    if (section.length && in_section_ >= *section.length) {
        ++section_;
        segment_ = 0;
        phase_ = Phase::On;
        in_section_ = {};
    } else if (phase_ == Phase::On) {
        phase_ = Phase::Off;
    } else {
        phase_ = Phase::On;
        segment_ = (segment_ + 1) % section.segments.size();
    }
}

void ToneScriptSource::skip_empty() {
    while (!has_ended() && left_in_phase() <= Duration{}) next_phase();
}

void ToneScriptSource::advance(Duration time) {
    in_phase_ += time;
    in_section_ += time;
    skip_empty();
}

void ToneScriptSource::read(std::span<std::int16_t> frame, unsigned sample_rate) {
    std::size_t done = 0;
    Duration time_left = frame_time;
    while (time_left > Duration{} && !has_ended()) {
        const Duration run = std::min(left_in_phase(), time_left);
        time_left -= run;
        // Counted from the frame's end, so that no rounding adds up.
        const std::size_t end =
            frame.size() - static_cast<std::size_t>(time_left.count() * sample_rate / 1'000'000);
        if (phase_ == Phase::On) {
            for (const std::size_t tone : cadence_.sections[section_].segments[segment_].tones) {
                oscillators_[tone].add_to(frame.subspan(done, end - done), sample_rate);
            }
        }
        done = end;
        advance(run);
    }
}

}  // namespace ringwall::media
