// What libFuzzer calls.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/target.h"

// The name is libFuzzer's. NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ringwall::fuzz::run({reinterpret_cast<const char*>(data), size});
    return 0;
}
