// Opus (RFC 6716, RFC 7587): 48 kHz, one channel, redundancy against loss in the packet behind.
#pragma once

#include "media/codec.h"

struct OpusEncoder;
struct OpusDecoder;

namespace ringwall::media {

class OpusVoiceEncoder final : public Encoder {
public:
    OpusVoiceEncoder();
    void encode(SamplesView samples, Octets& payload) override;
    void expect_loss(double share) override;

private:
    struct Free {
        void operator()(OpusEncoder* encoder) const;
    };
    std::unique_ptr<OpusEncoder, Free> opus_;
};

class OpusVoiceDecoder final : public Decoder {
public:
    OpusVoiceDecoder();
    std::size_t length(OctetsView payload) const override;
    void decode(OctetsView payload, Samples& out) override;
    void conceal(std::size_t count, Samples& out) override;
    void recover(OctetsView next, std::size_t count, Samples& out) override;

private:
    struct Free {
        void operator()(OpusDecoder* decoder) const;
    };
    void decode_into(OctetsView payload, bool is_redundancy, std::size_t count, Samples& out);
    std::unique_ptr<OpusDecoder, Free> opus_;
};

}  // namespace ringwall::media
