// A registrar behind us (`registration target`): by which address it knows a phone's contact, how
// long it is asked for, and for how long its answer is passed on to the phone.
//
//      phone  -- REGISTER alice, Contact P -->  Ringwall  -- REGISTER alice, Contact TOKEN@us -->
//      phone  <-- 200, P;expires=30 ---------   Ringwall  <-- 200, TOKEN@us;expires=3600 -----
//
// The token follows from the contact, and the Call-ID there from the one here: whatever forgets us,
// or is forgotten by us, finds the same binding again.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sbc/config/snapshot.h"
#include "sbc/registrar/location.h"
#include "sip/message.h"

namespace ringwall::sbc::registrar {

// The user part of our Contact at the registrar: of an instance's flow by its numbers (RFC 5626
// §6), else by the contact itself.
std::string contact_token(const sip::Message& request, const sip::Contact& contact);
bool is_contact_token(std::string_view user);

// The contacts of a REGISTER as they are told there: the token, and what follows the address.
struct ContactBehind {
    std::string token;
    std::string parameters;  // ";expires=3600;q=0.5"
};
std::vector<ContactBehind> contacts_behind(const sip::Message& request, const Adjacency& adjacency);

// The CSeq passes as it is, and so their order does.
std::string call_id_behind(const sip::Message& request);
std::string from_tag_behind(const sip::Message& request);

// In seconds; 0 where the phone takes the contact away.
std::uint32_t asked_behind(const Adjacency& adjacency, const sip::Contact& contact);
// By its 200, of what was asked for; without one all of that. None: the 200 cannot be read.
std::optional<Behind> granted_behind(std::string token, std::uint32_t asked,
                                     const sip::Message* response, TimePoint now);
// What the phone is told. It comes again before the registrar's own time is over, with some left
// for that one's answer. Zero: it is not bound.
std::chrono::seconds expiry_here(const Adjacency& adjacency, sip::Transport transport,
                                 const Behind& behind, TimePoint now);

}  // namespace ringwall::sbc::registrar
