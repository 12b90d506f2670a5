// G.711, µ-law and A-law (RFC 3551 §4.5.14).
#pragma once

#include "media/concealment.h"

namespace ringwall::media {

class G711Encoder final : public Encoder {
public:
    explicit G711Encoder(Codec law) : is_mu_law_(law == Codec::Pcmu) {}
    void encode(SamplesView samples, Octets& payload) override;

private:
    bool is_mu_law_;
};

class G711Decoder final : public Decoder {
public:
    explicit G711Decoder(Codec law);
    std::size_t length(OctetsView payload) const override { return payload.size(); }
    void decode(OctetsView payload, Samples& out) override;
    void conceal(std::size_t count, Samples& out) override { concealment_.fill(count, out); }

private:
    const std::int16_t* table_;
    Concealment concealment_;
};

}  // namespace ringwall::media
