// The lines of a configuration as words: blanks separate, double quotes hold a value with blanks
// together (\" and \\ in it are a quote and a backslash), '!' at the start of a word begins a
// comment.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ringwall::sbc {

struct WordsLine {
    unsigned number = 0;  // 1 is the first
    std::vector<std::string> words;
    std::vector<std::size_t> columns;  // where each begins in its line
    bool has_comment = false;          // behind them
};

struct WordsError {
    unsigned line = 0;
    std::string sentence;
    std::size_t column = 0;  // where in its line, in octets
};

// Only lines with words.
Result<std::vector<WordsLine>, WordsError> split_words(std::string_view text);

// A word as it is written: in quotes where it must be.
std::string quoted(const std::string& word);

}  // namespace ringwall::sbc
