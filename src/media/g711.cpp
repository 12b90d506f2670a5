#include "media/g711.h"

#include <array>
#include <cstdint>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#include <spandsp/telephony.h>
// telephony.h and bit_operations.h before g711.h
#include <spandsp/bit_operations.h>
#include <spandsp/g711.h>
#pragma GCC diagnostic pop

namespace ringwall::media {

namespace {

using Table = std::array<std::int16_t, 256>;

const Table& table_of(Codec law) {
    static const auto make = [](auto to_linear) {
        Table table{};
        for (unsigned i = 0; i < table.size(); ++i) {
            table[i] = to_linear(static_cast<std::uint8_t>(i));
        }
        return table;
    };
    static const Table mu = make([](std::uint8_t octet) { return ulaw_to_linear(octet); });
    static const Table a = make([](std::uint8_t octet) { return alaw_to_linear(octet); });
    return law == Codec::Pcmu ? mu : a;
}

}  // namespace

void G711Encoder::encode(SamplesView samples, Octets& payload) {
    payload.reserve(payload.size() + samples.size());
    for (const std::int16_t sample : samples) {
        payload.push_back(is_mu_law_ ? linear_to_ulaw(sample) : linear_to_alaw(sample));
    }
}

G711Decoder::G711Decoder(Codec law) : table_(table_of(law).data()) {}

void G711Decoder::decode(OctetsView payload, Samples& out) {
    const std::size_t before = out.size();
    for (const std::uint8_t octet : payload) out.push_back(table_[octet]);
    concealment_.hear(std::span(out).subspan(before));
}

}  // namespace ringwall::media
