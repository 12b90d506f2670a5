// name-addr / addr-spec with header parameters (RFC 3261 §20.10, §25.1): From, To, Contact,
// Route...
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sip/parse_error.h"
#include "sip/uri/uri.h"

namespace ringwall::sip {

struct NameAddr {
    std::string_view text;          // the whole value as received
    std::string_view display_name;  // as written, quotes included; may be empty
    Uri uri;
    Parameters parameters;  // header parameters, not the URI's
    std::optional<std::string_view> first_tag;
    bool has_two_tags = false;

    std::optional<std::string_view> tag() const { return first_tag; }
    bool operator==(const NameAddr&) const = default;  // as written
};

// One value. Without <> the parameters belong to the header (§20.10).
Result<NameAddr, ParseError> parse_name_addr(std::string_view text);
// A comma-separated list: Route, Record-Route, Contact, Path, P-Asserted-Identity.
Result<std::vector<NameAddr>, ParseError> parse_name_addr_list(std::string_view text);

}  // namespace ringwall::sip
