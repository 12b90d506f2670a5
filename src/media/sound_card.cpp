#include "media/sound_card.h"

#include <algorithm>

#include "media/port_audio.h"

namespace ringwall::media {

namespace {

constexpr std::size_t frame_size = card_rate / frames_per_second;
// What a microphone may be ahead: more is a delay that nobody wants.
constexpr std::size_t max_ahead = 4 * frame_size;

std::string_view word_of(CardDirection direction) {
    return direction == CardDirection::Microphone ? "microphone" : "speaker";
}

}  // namespace

// Belongs to the background until it is ready; then its ring to two threads, and nobody changes the
// rest before the background closes it.
struct CardDevice::Opened {
    CardDirection direction = CardDirection::Speaker;
    const PortAudio* library = nullptr;
    PaStream* stream = nullptr;
    std::string failure;
    std::atomic<bool> is_ready{false};  // or has failed
    SampleRing ring;

    void open(const std::string& name);
    void close();

private:
    void complain(const std::string& name, std::string_view what) {
        failure = "the " + std::string(word_of(direction)) +
                  (name.empty() ? std::string() : " \"" + name + "\"") +
                  " cannot be used: " + std::string(what);
    }
    PaDeviceIndex find(const std::string& name) const;
    static int on_sound(const void* in, void* out, unsigned long count,
                        const PaStreamCallbackTimeInfo* time, PaStreamCallbackFlags flags,
                        void* self);
};

// On the card's own thread: no lock, nothing that waits.
int CardDevice::Opened::on_sound(const void* in, void* out, unsigned long count,
                                 const PaStreamCallbackTimeInfo*, PaStreamCallbackFlags,
                                 void* self) {
    auto& opened = *static_cast<Opened*>(self);
    if (in != nullptr) opened.ring.write({static_cast<const std::int16_t*>(in), count});
    if (out != nullptr) {
        const std::span to(static_cast<std::int16_t*>(out), count);
        const std::size_t got = opened.ring.read(to);
        std::fill(to.begin() + static_cast<std::ptrdiff_t>(got), to.end(), std::int16_t{0});
    }
    return paContinue;
}

PaDeviceIndex CardDevice::Opened::find(const std::string& name) const {
    const bool is_input = direction == CardDirection::Microphone;
    if (name.empty()) return is_input ? library->default_input() : library->default_output();
    for (PaDeviceIndex index = 0; index < library->device_count(); ++index) {
        const PaDeviceInfo& device = *library->device(index);
        const int channels = is_input ? device.maxInputChannels : device.maxOutputChannels;
        if (channels > 0 && name == device.name) return index;
    }
    return paNoDevice;
}

void CardDevice::Opened::open(const std::string& name) {
    const auto loaded = PortAudio::load();
    if (!loaded) return complain(name, loaded.error());
    if (const PaError error = (*loaded)->initialize(); error != paNoError) {
        return complain(name, (*loaded)->error_text(error));
    }
    library = *loaded;
    const PaDeviceIndex index = find(name);
    if (index == paNoDevice) return complain(name, "there is no such device");
    const bool is_input = direction == CardDirection::Microphone;
    const PaDeviceInfo& device = *library->device(index);
    const PaStreamParameters parameters{
        index, 1, paInt16,
        is_input ? device.defaultLowInputLatency : device.defaultLowOutputLatency, nullptr};
    PaError error =
        library->open(&stream, is_input ? &parameters : nullptr, is_input ? nullptr : &parameters,
                      card_rate, paFramesPerBufferUnspecified, paNoFlag, &on_sound, this);
    if (error == paNoError) error = library->start(stream);
    if (error != paNoError) complain(name, library->error_text(error));
}

void CardDevice::Opened::close() {
    if (stream != nullptr) {
        library->abort(stream);
        library->close(stream);
    }
    if (library != nullptr) library->terminate();
}

CardDevice::CardDevice(CardDirection direction, const std::string& name, Background& background)
    : direction_(direction),
      background_(background),
      opened_(std::make_shared<Opened>()),
      frame_(frame_size) {
    opened_->direction = direction;
    background.post([opened = opened_, name] {
        opened->open(name);
        opened->is_ready.store(true, std::memory_order_release);
    });
}

CardDevice::~CardDevice() {
    background_.post([opened = std::move(opened_)] { opened->close(); });
}

std::string_view CardDevice::failure() const {
    if (!opened_->is_ready.load(std::memory_order_acquire)) return {};
    return opened_->failure;
}

void CardDevice::begin_turn() {
    std::fill(frame_.begin(), frame_.end(), std::int16_t{0});
    if (direction_ != CardDirection::Microphone) return;
    SampleRing& ring = opened_->ring;
    if (const std::size_t ahead = ring.available(); ahead > max_ahead) {
        ring.skip(ahead - frame_size);
    }
    ring.read(frame_);
}

void CardDevice::end_turn() {
    if (direction_ != CardDirection::Speaker) return;
    if (!opened_->is_ready.load(std::memory_order_acquire)) return;
    opened_->ring.write(frame_);
}

std::shared_ptr<CardDevice> SoundCards::use(CardDirection direction, const std::string& name) {
    std::weak_ptr<CardDevice>& known = devices_[{direction, name}];
    std::shared_ptr<CardDevice> device = known.lock();
    if (device == nullptr) {
        device = std::make_shared<CardDevice>(direction, name, background_);
        known = device;
    }
    return device;
}

void SoundCards::begin_turn() {
    std::erase_if(devices_, [](const auto& entry) { return entry.second.expired(); });
    for (auto& [name, device] : devices_) device.lock()->begin_turn();
}

void SoundCards::end_turn() {
    for (auto& [name, device] : devices_) {
        if (const auto used = device.lock()) used->end_turn();
    }
}

void CardSource::read(std::span<std::int16_t> frame, unsigned sample_rate) {
    const SamplesView sound = resampler_.frame(microphone_->heard(), card_rate, sample_rate);
    std::copy(sound.begin(), sound.end(), frame.begin());
}

}  // namespace ringwall::media
