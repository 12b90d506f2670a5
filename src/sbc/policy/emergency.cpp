#include "sbc/policy/emergency.h"

#include <string_view>

#include "base/text.h"

namespace ringwall::sbc::policy {

bool is_emergency(const Snapshot& /*snapshot*/, const sip::Uri& uri) {
    constexpr std::string_view service = "urn:service:sos";
    const std::string_view text = uri.text;
    return text.size() >= service.size() &&
           equals_ignoring_case(text.substr(0, service.size()), service) &&
           (text.size() == service.size() || text[service.size()] == '.');
}

}  // namespace ringwall::sbc::policy
