// What points at the word at fault in the line above.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ringwall::sbc::console {

// "        ^" and the sentence of the field below it, for a line that was typed behind `prompt` and
// is wrong from this octet on. Columns are counted as the terminal does, by the locale of the
// process.
std::string caret_below(std::string_view prompt, std::string_view line, std::size_t octet);

}  // namespace ringwall::sbc::console
