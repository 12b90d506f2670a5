// Views into a text, as a parser hands them out.
#pragma once

#include <functional>
#include <string_view>

namespace ringwall::fuzz {

// An empty part may lie anywhere.
inline bool is_within(std::string_view part, std::string_view whole) {
    return part.empty() ||
           (std::less_equal<>{}(whole.data(), part.data()) &&
            std::less_equal<>{}(part.data() + part.size(), whole.data() + whole.size()));
}

}  // namespace ringwall::fuzz
