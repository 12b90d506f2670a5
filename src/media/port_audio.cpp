#include "media/port_audio.h"

#include <dlfcn.h>

namespace ringwall::media {

namespace {

template <class Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
}

Result<PortAudio, std::string> load_library() {
    void* const library = dlopen("libportaudio.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        return fail(std::string("sound cards need the package libportaudio2, which is not there"));
    }
    PortAudio found;
    const bool is_whole = find(library, "Pa_Initialize", found.initialize) &&
                          find(library, "Pa_Terminate", found.terminate) &&
                          find(library, "Pa_GetErrorText", found.error_text) &&
                          find(library, "Pa_GetDeviceCount", found.device_count) &&
                          find(library, "Pa_GetDeviceInfo", found.device) &&
                          find(library, "Pa_GetDefaultInputDevice", found.default_input) &&
                          find(library, "Pa_GetDefaultOutputDevice", found.default_output) &&
                          find(library, "Pa_OpenStream", found.open) &&
                          find(library, "Pa_StartStream", found.start) &&
                          find(library, "Pa_AbortStream", found.abort) &&
                          find(library, "Pa_CloseStream", found.close);
    if (!is_whole) return fail(std::string("libportaudio.so.2 is not the PortAudio of version 19"));
    return found;
}

}  // namespace

Result<const PortAudio*, std::string> PortAudio::load() {
    static const Result<PortAudio, std::string> loaded = load_library();
    if (!loaded) return fail(loaded.error());
    return &*loaded;
}

}  // namespace ringwall::media
