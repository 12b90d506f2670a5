// What revocation lists say of themselves (RFC 5280 §5): whose they are, and of when.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace ringwall::tls {

// A trust anchor, and its list.
struct Authority {
    std::string name;  // "CN=Lab CA,O=Ringwall", as RFC 4514 writes it
    std::string key;   // a hash of its public key: a certificate that it renews is still the same
    std::optional<WallTime> listed;  // when its newest list was made; none: it has signed none
};

// Of PEM texts; what cannot be read counts for nothing. A list that bears the name of an authority
// and is not signed by its key is not its.
std::vector<Authority> authorities(std::string_view trust_anchors,
                                   std::string_view revocation_lists);

// When the first of these lists is out of date; none: there is no list, or none says so.
std::optional<WallTime> next_update(std::string_view revocation_lists);

}  // namespace ringwall::tls
