// What a line of the console comes to.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ringwall::sbc::console {

struct Answer {
    std::string output = {};
    std::string fault = {};                // a sentence; empty: none
    std::optional<std::size_t> word = {};  // that is at fault; the number of words: one lacks
    bool ended = false;
    bool has_secret = false;  // the line
};

// The words of a line, or what follows a command's own.
using Arguments = std::vector<std::string>;

}  // namespace ringwall::sbc::console
