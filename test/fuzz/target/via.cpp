// Via: sent-protocol, sent-by and parameters put together again read the same.
#include "sip/header/via.h"

#include <string>

#include "base/check.h"
#include "fuzz/target.h"
#include "fuzz/views.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    const auto via = sip::parse_via(octets);
    if (!via) {
        CHECK(via.error().offset <= octets.size());
        return;
    }
    CHECK(via->text == octets && !via->host.empty());
    CHECK(is_within(via->transport_text, octets) && is_within(via->host, octets));
    CHECK(is_within(via->parameters.text, octets) && is_within(via->branch(), octets));
    CHECK(!via->has_rfc3261_branch() || via->branch().size() > 7);
    CHECK(!via->rport() || via->parameters.has("rport"));
    CHECK(!via->received() || via->parameters.has("received"));

    std::string text("SIP/2.0/");
    text.append(via->transport_text).append(" ").append(via->host);
    if (via->port != 0) {
        text.append(":").append(std::to_string(via->port));
    }
    text.append(via->parameters.text);
    const auto again = sip::parse_via(text);
    CHECK(again && again->transport == via->transport && again->host == via->host);
    CHECK(again->port == via->port && again->branch() == via->branch());
    CHECK(again->received() == via->received() && again->rport() == via->rport());
}

}  // namespace ringwall::fuzz
