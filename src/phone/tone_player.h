// What this end alone hears of its calls: that one rings, here or there, or that it failed. At the
// sound card; where there is none, nobody listens.
#pragma once

#include <optional>
#include <string>

#include "media/port.h"

namespace ringwall::phone {

class TonePlayer {
public:
    TonePlayer(media::Port& media, const media::Sink& sink, const media::StreamOptions& options);
    ~TonePlayer() { stop(); }
    TonePlayer(const TonePlayer&) = delete;
    TonePlayer& operator=(const TonePlayer&) = delete;

    // In place of the one before; empty: none. The one that is played goes on.
    void play(const std::string& script);
    void stop();
    const std::string& script() const { return script_; }  // that is played; empty: none
    // What its stream has to tell; false: it is another's.
    bool on_ended(media::StreamId stream);

private:
    media::Port& media_;
    media::Sink sink_;
    media::StreamOptions options_;
    std::optional<media::StreamId> stream_;
    std::string script_;
};

// A ring by a cadence of the Regional page: "60(2/4)".
std::string ring_script(const std::string& cadence);

}  // namespace ringwall::phone
