// Names of hosts as people write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringwall {

// A host name of DNS, in lower case and without a dot at its end (RFC 1123 §2.1, and the
// underscores that names have all the same); none: an address, a wildcard, anything else.
std::optional<std::string> host_name(std::string_view word);

}  // namespace ringwall
