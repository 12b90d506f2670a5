#include "phone/settings.h"

#include <algorithm>
#include <string_view>

namespace ringwall::phone {
namespace {

bool fits(std::string_view pattern, std::string_view status) {
    if (pattern.empty()) {
        return status.empty();
    }
    if (pattern.front() == '*') {
        return fits(pattern.substr(1), status) ||
               (!status.empty() && fits(pattern, status.substr(1)));
    }
    return !status.empty() && (pattern.front() == '?' || pattern.front() == status.front()) &&
           fits(pattern.substr(1), status.substr(1));
}

}  // namespace

bool ResponseTemplate::matches(int status) const {
    const std::string text = std::to_string(status);
    return std::ranges::any_of(patterns,
                               [&](const std::string& pattern) { return fits(pattern, text); });
}

}  // namespace ringwall::phone
