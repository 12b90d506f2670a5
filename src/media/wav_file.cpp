#include "media/wav_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstring>

#include "media/g711.h"
#include "net/file_descriptor.h"

// librem's headers are C's, and want this order.
extern "C" {
#include <re/re_types.h>
//
#include <re/re_mem.h>
//
#include <rem/rem_au.h>
//
#include <rem/rem_aufile.h>
}

namespace ringwall::media {

namespace {

// Ten minutes at 48 kHz.
constexpr std::size_t max_octets = 64 << 20;

struct Deref {
    void operator()(aufile* file) const { mem_deref(file); }
};
using AudioFile = std::unique_ptr<aufile, Deref>;

tl::unexpected<std::string> complain(const std::string& path, const char* what) {
    return fail("sound file " + path + ": " + what);
}

// Samples of all channels in turn.
Result<Samples, std::string> decode(const std::string& path, aufmt format, OctetsView octets) {
    Samples samples;
    if (format == AUFMT_S16LE) {
        samples.resize(octets.size() / 2);
        std::memcpy(samples.data(), octets.data(), samples.size() * 2);
    } else if (format == AUFMT_PCMU || format == AUFMT_PCMA) {
        make_decoder(format == AUFMT_PCMU ? Codec::Pcmu : Codec::Pcma)->decode(octets, samples);
    } else {
        return complain(path, "it has samples of a kind that is not played; 16 bits are");
    }
    return samples;
}

// librem opens by name alone.
std::string name_of(const net::FileDescriptor& file) {
    return "/proc/self/fd/" + std::to_string(file.number());
}

struct OpenedWav {
    AudioFile file;
    aufile_prm parameters{};
};

// Whoever opens a pipe waits for its other end, and a device may have no end at all.
Result<OpenedWav, std::string> open_wav(const std::string& path) {
    const net::FileDescriptor there(
        ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (there.number() < 0) return complain(path, std::strerror(errno));
    struct stat status {};
    if (::fstat(there.number(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return complain(path, "it is not a regular file");
    }
    aufile* opened = nullptr;
    OpenedWav out;
    if (aufile_open(&opened, &out.parameters, name_of(there).c_str(), AUFILE_READ) != 0) {
        return complain(path, "it is not a WAV file");
    }
    out.file.reset(opened);
    if (out.parameters.channels < 1 || out.parameters.channels > 2) {
        return complain(path, "it has neither one channel nor two");
    }
    if (out.parameters.srate < 8000 || out.parameters.srate > 48'000) {
        return complain(path, "its rate is not from 8000 to 48000 Hz");
    }
    return out;
}

}  // namespace

Result<void, std::string> check_wav(const std::string& path) {
    const auto [file, parameters] = TRY(open_wav(path));
    std::array<std::uint8_t, 4> first{};
    std::size_t size = first.size();
    if (aufile_read(file.get(), first.data(), &size) != 0 ||
        size < 2 * std::size_t{parameters.channels}) {
        return complain(path, "there is no sound in it");
    }
    TRY(decode(path, parameters.fmt, OctetsView(first).first(size)));
    return {};
}

Result<WavSound, std::string> read_wav(const std::string& path) {
    const auto [file, parameters] = TRY(open_wav(path));
    Octets octets;
    for (std::size_t size = 1; size > 0;) {
        const std::size_t before = octets.size();
        size = 65'536;
        octets.resize(before + size);
        if (aufile_read(file.get(), octets.data() + before, &size) != 0) size = 0;
        octets.resize(before + size);
        if (octets.size() > max_octets) return complain(path, "it is longer than 64 MB");
    }
    if (octets.size() < 2 * std::size_t{parameters.channels}) {
        return complain(path, "there is no sound in it");
    }
    WavSound sound;
    sound.sample_rate = parameters.srate;
    sound.samples = TRY(decode(path, parameters.fmt, octets));
    if (parameters.channels == 2) {
        for (std::size_t i = 0; i < sound.samples.size() / 2; ++i) {
            sound.samples[i] =
                static_cast<std::int16_t>((sound.samples[2 * i] + sound.samples[2 * i + 1]) / 2);
        }
        sound.samples.resize(sound.samples.size() / 2);
    }
    return sound;
}

struct WavWriter::File {
    AudioFile file;
};

WavWriter::WavWriter(std::unique_ptr<File> file, std::string path)
    : file_(std::move(file)), path_(std::move(path)) {}
WavWriter::~WavWriter() = default;
WavWriter::WavWriter(WavWriter&&) noexcept = default;
WavWriter& WavWriter::operator=(WavWriter&&) noexcept = default;

Result<WavWriter, std::string> WavWriter::create(const std::string& path, unsigned sample_rate) {
    const net::FileDescriptor there(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (there.number() < 0) {
        return fail("cannot record to " + path + ": " +
                    (errno == EEXIST ? "it is there already, and nothing is overwritten; give "
                                       "another name"
                                     : std::strerror(errno)));
    }
    aufile* opened = nullptr;
    aufile_prm parameters{sample_rate, 2, AUFMT_S16LE};
    if (const int error = aufile_open(&opened, &parameters, name_of(there).c_str(), AUFILE_WRITE)) {
        return fail("cannot record to " + path + ": " + std::strerror(error));
    }
    return WavWriter(std::make_unique<File>(File{AudioFile(opened)}), path);
}

bool WavWriter::write(SamplesView interleaved) {
    if (interleaved.empty()) return true;
    return aufile_write(file_->file.get(),
                        reinterpret_cast<const std::uint8_t*>(interleaved.data()),
                        interleaved.size() * 2) == 0;
}

}  // namespace ringwall::media
