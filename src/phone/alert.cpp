#include "phone/alert.h"

#include <algorithm>

#include "base/text.h"

namespace ringwall::phone {

using sip::HeaderName;

namespace {

bool has_word(std::string_view text, std::string_view word) {
    return lower(text).find(word) != std::string::npos;
}

}  // namespace

bool is_page(const sip::Message& invite) {
    const auto& fields = invite.headers();
    return std::ranges::any_of(fields, [](const sip::HeaderLine& line) {
        if (line.id == HeaderName::CallInfo) {
            return std::ranges::any_of(split(line.value, ';'), [](std::string_view part) {
                return equals_ignoring_case(part, "answer-after=0");
            });
        }
        return line.id == HeaderName::AlertInfo &&
               (has_word(line.value, "info=alert-autoanswer") ||
                has_word(line.value, "info=\"alert-autoanswer\"") ||
                has_word(line.value, "auto answer") || has_word(line.value, "intercom"));
    });
}

std::string ring_of(const sip::Message& invite, const std::string& by_default) {
    constexpr std::string_view prefix = "bellcore-dr";
    const sip::HeaderLine* const line = invite.header(HeaderName::AlertInfo);
    if (line == nullptr) {
        return by_default;
    }
    const std::string text = lower(line->value);
    const auto at = text.find(prefix);
    const auto digit = at == std::string::npos ? at : at + prefix.size();
    return digit < text.size() && text[digit] >= '1' && text[digit] <= '9'
               ? std::string(1, text[digit])
               : by_default;
}

}  // namespace ringwall::phone
