// Via (RFC 3261 §20.42, RFC 3581).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "sip/parse_error.h"
#include "sip/transport.h"
#include "sip/uri/uri.h"

namespace ringwall::sip {

struct Via {
    std::string_view text;               // the whole value as received
    std::string_view transport_text;     // "UDP", "TLS-SCTP", ...
    std::optional<Transport> transport;  // none: one that we do not speak
    std::string_view host;               // sent-by; an IPv6 reference keeps its brackets
    std::uint16_t port = 0;              // sent-by; 0: none given
    Parameters parameters;
    std::string_view branch_value;  // of the first "branch"
    bool has_two_branches = false;
    bool has_rport = false;  // with or without a value

    std::string_view branch() const { return branch_value; }
    // Where the sender saw it come from; "received" with or without brackets (RFC 5118 §4.5).
    std::optional<IpAddress> received() const;
    // The value of "rport"; none when there is no value (RFC 3581 §4) or a bad one.
    std::optional<std::uint16_t> rport() const;
    // The branch starts with the magic cookie and holds more (RFC 3261 §8.1.1.7).
    bool has_rfc3261_branch() const;
    bool operator==(const Via&) const = default;  // as written
};

// One Via value (no comma outside quotes).
Result<Via, ParseError> parse_via(std::string_view text);

}  // namespace ringwall::sip
