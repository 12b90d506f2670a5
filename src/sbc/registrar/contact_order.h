// In which order the contacts of a user are tried: those of one q at once, a lower one when all of
// the higher have failed (RFC 3261 §16.6). The flows of one instance are one contact: they are
// tried one after another, the newest first (RFC 5626 §7).
#pragma once

#include <deque>
#include <vector>

#include "sbc/registrar/location.h"

namespace ringwall::sbc::registrar {

struct Candidate {
    Binding binding;
    std::vector<Binding> other_flows;  // to the same instance, the next first
};
using Round = std::vector<Candidate>;

// `bindings` as Location::find orders them.
std::deque<Round> rounds_of(std::vector<Binding> bindings);

}  // namespace ringwall::sbc::registrar
