// A fuzz target: one function that takes any octets, and ends the program (CHECK) when what must
// hold does not. A file of target/ is one. It is built twice: with clang-19's libFuzzer, which
// looks for octets (make fuzz), and with the compiler of everything else, to run over what was
// found before (replay.cpp; ctest, label fuzz).
#pragma once

#include <cstdint>
#include <string_view>

namespace ringwall::fuzz {

// Defined by the target. The octets end where they end: one more is not to be read.
void run(std::string_view octets);

}  // namespace ringwall::fuzz
