// Event (RFC 6665): put together again from its parts it is the same event.
#include "sip/header/event.h"

#include <string>

#include "base/check.h"
#include "fuzz/target.h"
#include "fuzz/views.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    const auto event = sip::parse_event(octets);
    if (!event) {
        CHECK(event.error().offset <= octets.size());
        return;
    }
    CHECK(!event->package.empty() && is_within(event->package, octets));
    CHECK(is_within(event->id, octets) && is_within(event->parameters.text, octets));
    CHECK(is_same_event(*event, *event));
    const std::string text = std::string(event->package).append(event->parameters.text);
    const auto again = sip::parse_event(text);
    CHECK(again && is_same_event(*event, *again) && again->id == event->id);
}

}  // namespace ringwall::fuzz
