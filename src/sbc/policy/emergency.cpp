#include "sbc/policy/emergency.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.h"

namespace ringwall::sbc::policy {

bool is_emergency(const Snapshot& snapshot, const sip::Uri& uri) {
    constexpr std::string_view service = "urn:service:sos";
    const std::string_view text = uri.text;
    if (text.size() >= service.size() &&
        equals_ignoring_case(text.substr(0, service.size()), service)) {
        return text.size() == service.size() || text[service.size()] == '.';
    }
    if (snapshot.emergency_numbers.empty()) {
        return false;
    }
    std::string number(uri.user.substr(0, uri.user.find(';')));
    std::erase_if(number, [](char c) {  // RFC 3966 §3: visual separators
        return c == '-' || c == '.' || c == '(' || c == ')';
    });
    return std::ranges::find(snapshot.emergency_numbers, number) !=
           snapshot.emergency_numbers.end();
}

bool takes(NewCalls which, const Snapshot& snapshot, const sip::Uri& called) {
    return which == NewCalls::All ||
           (which == NewCalls::Emergency && is_emergency(snapshot, called));
}

}  // namespace ringwall::sbc::policy
