# Libraries of the phone's media that are linked statically, because little of each is used and much
# would come with it: SpanDSP (G.722, concealment, keys as tones; its shared library brings TIFF, JPEG
# and WebP), librem and libre (WAV files), SpeexDSP (rates). PortAudio is loaded when a sound card is used.
find_library(SPANDSP_ARCHIVE libspandsp.a REQUIRED)
find_library(REM_ARCHIVE librem.a REQUIRED)
find_library(RE_ARCHIVE libre.a REQUIRED)
find_library(SPEEXDSP_ARCHIVE libspeexdsp.a REQUIRED)
find_path(PORTAUDIO_INCLUDE portaudio.h REQUIRED)
add_library(media_archives INTERFACE)
target_link_libraries(media_archives INTERFACE
    ${SPANDSP_ARCHIVE} ${REM_ARCHIVE} ${RE_ARCHIVE} ${SPEEXDSP_ARCHIVE} ${CMAKE_DL_LIBS} m)
