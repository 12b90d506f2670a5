// What the program is told of its sound besides the parameters: a headless phone has no handset.
#pragma once

#include <string>

#include "media/port.h"

namespace ringwall::phone {

struct SoundOptions {
    media::Source source = media::Silence{};  // what a call is given to say
    media::Sink sink = media::Nowhere{};
    std::string recording_folder = {};  // for a WAV file of each call; empty: none
    bool auto_answer = false;           // an incoming call, where there is no other
};

}  // namespace ringwall::phone
