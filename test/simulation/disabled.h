// One rule at a time taken out of the border controller, without a word of that in its sources:
// the linker puts these functions before those of the same names (--wrap, in CMakeLists.txt).
#pragma once

#include <array>
#include <string_view>

namespace ringwall::simulation {

inline constexpr std::array<std::string_view, 14> rules{
    "identify",
    "transport-security",
    "certificate-name",
    "target-security",
    "authenticate",
    "route",
    "privacy",
    "permit",
    // In worlds with a media engine:
    "media-way",
    "media-to-engine",
    "media-from-engine",
    "media-release",
    // and with registrars behind.
    "registrar-refusal",
    "challenges",
};

// The rule that says yes to everything from now on; empty: none.
void disable(std::string_view rule);

}  // namespace ringwall::simulation
