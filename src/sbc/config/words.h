// The lines of a configuration file as words: blanks separate, double quotes hold a value with
// blanks together, '!' at the start of a word begins a comment.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ringwall::sbc {

struct WordsLine {
    unsigned number = 0;  // 1 is the first
    std::vector<std::string> words;
};

struct WordsError {
    unsigned line = 0;
    std::string sentence;
};

// Only lines with words.
Result<std::vector<WordsLine>, WordsError> split_words(std::string_view text);

}  // namespace ringwall::sbc
