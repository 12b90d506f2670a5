#include "phone/target.h"

#include <utility>

#include "sip/uri/uri.h"

namespace ringwall::phone {

bool is_target(std::string_view text) {
    const auto uri = sip::parse_uri(text);
    return uri && uri->scheme != sip::Scheme::Other && uri->headers.empty();
}

bool is_address(std::string_view text) {
    return text.starts_with("sip:") || text.starts_with("sips:") || text.starts_with("tel:") ||
           text.find('@') != std::string_view::npos;
}

std::optional<std::string> target_of(std::string_view text, const std::string& domain) {
    std::string uri(text);
    if (!is_address(text)) {
        uri = "sip:" + sip::escape_user(text) + "@" + domain;
    } else if (text.find(':') > text.find('@')) {
        uri = "sip:" + uri;
    }
    return text.empty() || !is_target(uri) ? std::nullopt : std::optional(std::move(uri));
}

}  // namespace ringwall::phone
