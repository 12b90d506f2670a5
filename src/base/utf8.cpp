#include "base/utf8.h"

#include <algorithm>
#include <cstddef>

namespace ringwall {
namespace {

unsigned char octet(char c) {
    return static_cast<unsigned char>(c);
}

std::size_t length_of(char first) {
    const unsigned char c = octet(first);
    if (c >= 0xf0U && c <= 0xf4U) {
        return 4;
    }
    if (c >= 0xe0U && c < 0xf0U) {
        return 3;
    }
    return c >= 0xc2U && c < 0xe0U ? 2 : 1;
}

}  // namespace

std::string_view cut_character(std::string_view& text) {
    std::size_t length = length_of(text.front());
    const bool is_whole = length <= text.size() &&
                          std::ranges::all_of(text.substr(1, length - 1),
                                              [](char c) { return (octet(c) & 0xc0U) == 0x80U; });
    length = is_whole ? length : 1;
    const std::string_view out = text.substr(0, length);
    text.remove_prefix(length);
    return out;
}

bool is_printable(std::string_view character) {
    const unsigned char first = octet(character.front());
    if (character.size() == 1) {
        return first >= 0x20U && first < 0x7fU;
    }
    return first != 0xc2U || octet(character[1]) >= 0xa0U;
}

}  // namespace ringwall
