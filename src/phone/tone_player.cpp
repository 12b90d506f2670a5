#include "phone/tone_player.h"

#include <utility>
#include <variant>

#include "base/log.h"

namespace ringwall::phone {

TonePlayer::TonePlayer(media::Port& media, const media::Sink& sink,
                       const media::StreamOptions& options)
    : media_(media), sink_(sink), options_(options) {}

void TonePlayer::play(const std::string& script) {
    if (script == script_ || std::holds_alternative<media::Nowhere>(sink_)) {
        return;
    }
    if (script.empty()) {
        stop();
        return;
    }
    if (!stream_) {
        // Nothing comes or goes by its sockets.
        const auto opened = media_.open(IpAddress::v4(127, 0, 0, 1), options_);
        if (!opened) {
            log::warning("phone.no-tone", {{"reason", opened.error()}});
            return;
        }
        stream_ = opened->id;
        media_.set_sink(*stream_, sink_);
    }
    script_ = script;
    media_.set_tone(*stream_, {script});
}

void TonePlayer::stop() {
    script_.clear();
    if (stream_) {
        media_.close(*std::exchange(stream_, std::nullopt));
    }
}

bool TonePlayer::on_ended(media::StreamId stream) {
    if (stream_ != stream) {
        return false;
    }
    stop();
    return true;
}

// "60(2/4)" and two tones: "440@-10,480@-10;60(2/4/1+2)".
std::string ring_script(const std::string& cadence) {
    std::string out = cadence.empty() ? "" : "440@-10,480@-10;";
    for (const char c : cadence) {
        out.append(c == ',' || c == ')' ? "/1+2" : "").push_back(c);
    }
    return out;
}

}  // namespace ringwall::phone
