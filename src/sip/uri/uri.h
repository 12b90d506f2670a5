// SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966), as views into the parsed text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sip/parse_error.h"

namespace ringwall::sip {

enum class Scheme : std::uint8_t { Sip, Sips, Tel, Other };
std::string_view to_string(Scheme scheme);  // "sip", "sips", "tel", "other"

// ;name=value pairs as they stand. Values may be quoted strings (header parameters).
struct Parameters {
    std::string_view text;        // from the first ';' on, or empty
    bool may_be_escaped = false;  // of a URI: a name may be written with %XX

    bool has(std::string_view name) const;
    // The value as written, quotes included; empty for a parameter without '='.
    std::optional<std::string_view> find(std::string_view name) const;
    bool operator==(const Parameters&) const = default;  // as written
};

struct Uri {
    Scheme scheme = Scheme::Sip;
    std::string_view text;  // the whole URI as received
    std::string_view user;  // escaped as received; a tel URI's number
    std::string_view password;
    bool has_user = false;   // "sip:@host" does not parse; "sip:host" has none
    std::string_view host;   // an IPv6 reference keeps its brackets
    std::uint16_t port = 0;  // 0: none given
    Parameters parameters;
    std::string_view headers;  // after '?', or empty

    bool is_secure() const { return scheme == Scheme::Sips; }
    bool operator==(const Uri&) const = default;  // as written; see also equivalent()
};

// The whole of `text` must be one URI. Another scheme than sip, sips and tel is Scheme::Other with
// only `text` set. Views into `text`: keep it alive.
Result<Uri, ParseError> parse_uri(std::string_view text);

// RFC 3261 §19.1.4 (sip and sips are never equal), RFC 3966 §4 for tel; others by octets.
bool equivalent(const Uri& a, const Uri& b);

// The key under which a user is registered: "user@host" with escapes resolved, host in lower case;
// sips = sip, no port, no parameters (ARCHITECTURE.md, decision 3). A tel URI gives its digits.
std::string address_of_record(const Uri& uri);

// %41 -> A. A '%' that escapes nothing stays. Done once, never twice.
std::string unescape(std::string_view text);
// What may not stand in a user part becomes %XX.
std::string escape_user(std::string_view text);

// As it may be shown to people: without its password, and without headers, which may hold
// credentials.
std::string without_secrets(const Uri& uri);

// The same URI with another scheme and no headers: what a leg with `sips-conversion` carries.
std::string with_scheme(const Uri& uri, Scheme scheme);

}  // namespace ringwall::sip
