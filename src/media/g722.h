// G.722 at 64 kbit/s (RFC 3551 §4.5.2), by SpanDSP.
#pragma once

#include "media/concealment.h"

namespace ringwall::media {

class G722Encoder final : public Encoder {
public:
    G722Encoder();
    ~G722Encoder() override;
    void encode(SamplesView samples, Octets& payload) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

class G722Decoder final : public Decoder {
public:
    G722Decoder();
    ~G722Decoder() override;
    std::size_t length(OctetsView payload) const override { return 2 * payload.size(); }
    void decode(OctetsView payload, Samples& out) override;
    void conceal(std::size_t count, Samples& out) override { concealment_.fill(count, out); }

private:
    struct State;
    std::unique_ptr<State> state_;
    Concealment concealment_;
};

}  // namespace ringwall::media
