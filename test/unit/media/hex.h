// Octets written as hexadecimal digits; blanks between them are left out.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"
#include "media/octets.h"

namespace ringwall::media {

inline Octets hex(std::string_view text) {
    Octets octets;
    std::string pair;
    for (const char c : text) {
        if (c == ' ' || c == '\n') continue;
        pair += c;
        if (pair.size() < 2) continue;
        octets.push_back(static_cast<std::uint8_t>(std::stoul(pair, nullptr, 16)));
        pair.clear();
    }
    return octets;
}

inline Secret secret(const Octets& octets) {
    return Secret(std::string(octets.begin(), octets.end()));
}

}  // namespace ringwall::media
