// WAV files (librem): read whole, written as it comes. On no thread that has no time.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "media/codec.h"

namespace ringwall::media {

struct WavSound {
    Samples samples;  // one channel: two are put together
    unsigned sample_rate = 8000;
};

// 16 bits, µ-law or A-law, one or two channels, 8 to 48 kHz. The error is a sentence.
Result<WavSound, std::string> read_wav(const std::string& path);

// Whether read_wav would be content, by its beginning alone. The error is a sentence.
Result<void, std::string> check_wav(const std::string& path);

// 16 bits, two channels.
class WavWriter {
public:
    // A new file, for its owner alone: none is overwritten.
    static Result<WavWriter, std::string> create(const std::string& path, unsigned sample_rate);
    ~WavWriter();  // the file is whole then
    WavWriter(WavWriter&&) noexcept;
    WavWriter& operator=(WavWriter&&) noexcept;

    // Left and right in turn. False: the disk takes no more.
    bool write(SamplesView interleaved);
    const std::string& path() const { return path_; }

private:
    struct File;
    WavWriter(std::unique_ptr<File> file, std::string path);
    std::unique_ptr<File> file_;
    std::string path_;
};

}  // namespace ringwall::media
