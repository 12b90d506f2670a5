#include "phone/target.h"

#include "sip/uri/uri.h"

namespace ringwall::phone {

bool is_target(std::string_view text) {
    const auto uri = sip::parse_uri(text);
    return uri && uri->scheme != sip::Scheme::Other && uri->headers.empty();
}

}  // namespace ringwall::phone
