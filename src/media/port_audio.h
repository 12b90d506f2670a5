// The functions of PortAudio, of a library that is loaded when it is asked for.
#pragma once

#include <portaudio.h>

#include <string>

#include "base/result.h"

namespace ringwall::media {

struct PortAudio {
    decltype(&Pa_Initialize) initialize = nullptr;
    decltype(&Pa_Terminate) terminate = nullptr;
    decltype(&Pa_GetErrorText) error_text = nullptr;
    decltype(&Pa_GetDeviceCount) device_count = nullptr;
    decltype(&Pa_GetDeviceInfo) device = nullptr;
    decltype(&Pa_GetDefaultInputDevice) default_input = nullptr;
    decltype(&Pa_GetDefaultOutputDevice) default_output = nullptr;
    decltype(&Pa_OpenStream) open = nullptr;
    decltype(&Pa_StartStream) start = nullptr;
    decltype(&Pa_AbortStream) abort = nullptr;
    decltype(&Pa_CloseStream) close = nullptr;

    // Stays loaded. The error is a sentence.
    static Result<const PortAudio*, std::string> load();
};

}  // namespace ringwall::media
