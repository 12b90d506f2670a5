#include "sbc/console/secret_line.h"

#include <algorithm>

#include "base/text.h"
#include "sbc/model/words.h"

namespace ringwall::sbc::console {

namespace {

bool may_announce_secret(const std::string& word) {
    constexpr std::string_view announcements[] = {"password", "authentication-realm"};
    return !word.empty() && std::ranges::any_of(announcements, [&](std::string_view each) {
        return each.starts_with(lower(word));
    });
}

}  // namespace

bool may_hold_secret(std::string_view line) {
    const auto lines = split_words(line);
    return !lines || std::ranges::any_of(*lines, [](const WordsLine& each) {
        return std::ranges::any_of(each.words, may_announce_secret);
    });
}

}  // namespace ringwall::sbc::console
