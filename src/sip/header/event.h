// Event (RFC 6665 §8.2.1): an event package, and which of several subscriptions to it in one
// dialog.
#pragma once

#include <string_view>

#include "base/result.h"
#include "sip/parse_error.h"
#include "sip/uri/uri.h"

namespace ringwall::sip {

struct Event {
    std::string_view package;  // "message-summary", "presence.winfo", "refer"
    std::string_view id;       // empty: none
    Parameters parameters;     // all of them
};

Result<Event, ParseError> parse_event(std::string_view text);

// RFC 6665 §8.2.1: the same package, octet by octet, and the same id; nothing else counts.
bool is_same_event(const Event& a, const Event& b);

}  // namespace ringwall::sip
