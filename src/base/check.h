// Invariants. Never on anything that a peer or an operator can cause.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace ringwall {

[[noreturn]] inline void check_failed(const char* what, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, what);
    std::abort();
}

}  // namespace ringwall

#define CHECK(condition)                                              \
    do {                                                              \
        if (!(condition)) {                                           \
            ::ringwall::check_failed(#condition, __FILE__, __LINE__); \
        }                                                             \
    } while (false)
