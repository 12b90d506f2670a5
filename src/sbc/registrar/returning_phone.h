// A phone that lost its connection in a call and registered again: which of its user's bindings it
// is. By +sip.instance where it has one (RFC 5626 §4.1), else by its whole Contact: another phone
// of the same user may have been there all the time.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "sbc/registrar/location.h"

namespace ringwall::sbc::registrar {

struct LostPhone {
    AdjacencyIndex adjacency = 0;
    std::string_view instance;  // empty: it has none
    std::string_view target;    // the Contact of its dialog, a URI
};

// None: it has not come back.
std::optional<sip::Hop> find_again(std::span<const Binding> bindings, const LostPhone& phone);

}  // namespace ringwall::sbc::registrar
