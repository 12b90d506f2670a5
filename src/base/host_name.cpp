#include "base/host_name.h"

#include <algorithm>

#include "base/text.h"

namespace ringwall {
namespace {

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(
               label, [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; });
}

}  // namespace

std::optional<std::string> host_name(std::string_view word) {
    if (word.ends_with('.')) {
        word.remove_suffix(1);
    }
    if (word.empty() || word.size() > 253) {
        return std::nullopt;
    }
    std::string_view last;
    for (std::string_view rest = word;;) {
        const std::size_t dot = rest.find('.');
        last = rest.substr(0, dot);
        if (!is_label(last)) {
            return std::nullopt;
        }
        if (dot == std::string_view::npos) {
            break;
        }
        rest.remove_prefix(dot + 1);
    }
    // RFC 1123 §2.1: a name whose last label is a number could be taken for an address.
    if (std::ranges::all_of(last, is_digit)) {
        return std::nullopt;
    }
    return lower(word);
}

}  // namespace ringwall
