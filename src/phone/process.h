// ringwall-phone as a process: parameters, TLS, sockets, sound, control, signals, an orderly end.
#pragma once

#include <cstdint>
#include <filesystem>

#include "phone/sound_options.h"

namespace ringwall::phone {

struct ProcessOptions {
    std::filesystem::path configuration;  // Name[n] "value" ; for each parameter
    std::uint16_t control_port = 0;       // 0: no control
    SoundOptions sound;
    bool only_check = false;  // read the configuration, say what is wrong, start nothing
};

// "silence", "tone:440", "file:PATH" (again and again), "device" or "device:NAME". The error is a
// sentence.
Result<media::Source, std::string> parse_source(std::string_view text);
// "none", "device" or "device:NAME".
Result<media::Sink, std::string> parse_sink(std::string_view text);

// The exit status: 0; 66 (EX_NOINPUT) when the file cannot be read; 78 (EX_CONFIG) for certificates
// that cannot be used, an address that cannot be bound, or, when only checking, a parameter that is
// wrong. Otherwise a wrong parameter is named, and the phone starts with the rest. SIGTERM and
// SIGINT hang up and unregister first.
int run_process(const ProcessOptions& options);

}  // namespace ringwall::phone
