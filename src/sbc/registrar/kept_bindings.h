// The bindings of one user as text, and back: JSON, for the store (docs/decisions/0083). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sbc/config/snapshot.h"
#include "sbc/registrar/location.h"

namespace ringwall::sbc::registrar {

// With the names of the adjacencies and with times of the wall: another process has other indexes
// and another clock.
std::string to_text(const std::vector<Binding>& bindings, const Snapshot& snapshot, Now now);

// What of it is good there and then. What came over a connection has none now (is_stranded); what
// came over UDP bears no flow yet. Not what has expired, nor what would be another adjacency's
// today, or another registrar's, or nobody's. None: it cannot be read.
std::optional<std::vector<Binding>> from_text(std::string_view address_of_record,
                                              std::string_view text, const Snapshot& snapshot,
                                              Now now);

}  // namespace ringwall::sbc::registrar
