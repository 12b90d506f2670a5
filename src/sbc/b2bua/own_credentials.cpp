#include "sbc/b2bua/own_credentials.h"

namespace ringwall::sbc::b2bua {

using sip::HeaderName;

std::string own_credentials(const sip::Message& request) {
    std::string lines;
    for (const sip::HeaderLine& line : request.headers()) {
        if (line.id == HeaderName::Authorization || line.id == HeaderName::ProxyAuthorization) {
            lines.append(line.raw);
        }
    }
    return lines;
}

void add_credentials(sip::MessageBuilder& ack, std::string_view lines) {
    if (!lines.empty()) {
        ack.raw(sip::HeaderLine{.name = {}, .value = {}, .raw = lines});
    }
}

}  // namespace ringwall::sbc::b2bua
