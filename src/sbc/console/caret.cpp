#include "sbc/console/caret.h"

#include <algorithm>
#include <cwchar>

#include "base/utf8.h"

namespace ringwall::sbc::console {
namespace {

// How many columns it takes on a terminal.
std::size_t width_of(std::string_view text) {
    std::size_t out = 0;
    while (!text.empty()) {
        const std::string_view one = cut_character(text);
        std::mbstate_t state{};
        wchar_t character = 0;
        const std::size_t length = std::mbrtowc(&character, one.data(), one.size(), &state);
        const int width = length == one.size() ? wcwidth(character) : 1;
        out += static_cast<std::size_t>(std::max(width, 0));
    }
    return out;
}

}  // namespace

std::string caret_below(std::string_view prompt, std::string_view line, std::size_t octet) {
    const std::size_t beyond = octet > line.size() ? octet - line.size() : 0;
    return std::string(width_of(prompt) + width_of(line.substr(0, octet)) + beyond, ' ') +
           "^\n% Invalid input detected at '^' marker.\n";
}

}  // namespace ringwall::sbc::console
