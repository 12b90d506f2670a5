#include "media/opus.h"

#include <opus/opus.h>

#include <algorithm>

#include "base/check.h"

namespace ringwall::media {

namespace {

constexpr int rate = 48'000;
constexpr std::size_t max_payload = 1275;  // RFC 6716 §3.2.1
constexpr std::size_t max_length = 5760;   // 120 ms
constexpr std::size_t grain = rate / 400;  // concealment comes in 2.5 ms
// Speech at 20 ms loses nothing that is heard between 5 and 10, and costs half.
constexpr int complexity = 5;
constexpr int bits_per_second = 32'000;

}  // namespace

void OpusVoiceEncoder::Free::operator()(OpusEncoder* encoder) const {
    opus_encoder_destroy(encoder);
}

void OpusVoiceDecoder::Free::operator()(OpusDecoder* decoder) const {
    opus_decoder_destroy(decoder);
}

OpusVoiceEncoder::OpusVoiceEncoder()
    : opus_(opus_encoder_create(rate, 1, OPUS_APPLICATION_VOIP, nullptr)) {
    CHECK(opus_ != nullptr);
    opus_encoder_ctl(opus_.get(), OPUS_SET_COMPLEXITY(complexity));
    opus_encoder_ctl(opus_.get(), OPUS_SET_BITRATE(bits_per_second));
    opus_encoder_ctl(opus_.get(), OPUS_SET_INBAND_FEC(1));
}

void OpusVoiceEncoder::expect_loss(double share) {
    opus_encoder_ctl(opus_.get(), OPUS_SET_PACKET_LOSS_PERC(static_cast<int>(share * 100)));
}

void OpusVoiceEncoder::encode(SamplesView samples, Octets& payload) {
    const std::size_t before = payload.size();
    payload.resize(before + max_payload);
    const int length = opus_encode(opus_.get(), samples.data(), static_cast<int>(samples.size()),
                                   payload.data() + before, static_cast<int>(max_payload));
    payload.resize(before + static_cast<std::size_t>(std::max(length, 0)));
}

OpusVoiceDecoder::OpusVoiceDecoder() : opus_(opus_decoder_create(rate, 1, nullptr)) {
    CHECK(opus_ != nullptr);
}

std::size_t OpusVoiceDecoder::length(OctetsView payload) const {
    if (payload.empty()) return 0;
    const int samples =
        opus_packet_get_nb_samples(payload.data(), static_cast<int>(payload.size()), rate);
    return samples < 0 ? 0 : static_cast<std::size_t>(samples);
}

void OpusVoiceDecoder::decode_into(OctetsView payload, bool is_redundancy, std::size_t count,
                                   Samples& out) {
    const std::size_t before = out.size();
    const std::size_t room = std::clamp((count + grain - 1) / grain * grain, grain, max_length);
    out.resize(before + room);
    const int decoded = opus_decode(opus_.get(), payload.empty() ? nullptr : payload.data(),
                                    static_cast<int>(payload.size()), out.data() + before,
                                    static_cast<int>(room), is_redundancy ? 1 : 0);
    const std::size_t valid = decoded < 0 ? 0 : static_cast<std::size_t>(decoded);
    out.resize(before + std::min(valid, count));
    out.resize(before + count);  // with silence, where the payload is not sound
}

void OpusVoiceDecoder::decode(OctetsView payload, Samples& out) {
    decode_into(payload, false, length(payload), out);
}

void OpusVoiceDecoder::conceal(std::size_t count, Samples& out) {
    decode_into({}, false, count, out);
}

void OpusVoiceDecoder::recover(OctetsView next, std::size_t count, Samples& out) {
    decode_into(next, true, count, out);
}

}  // namespace ringwall::media
