// What an INVITE asks of the one who is called, beside to ring: to answer by itself, as a page
// does, and with which ring (Alert-Info, RFC 3261 §20.4; Call-Info with answer-after).
#pragma once

#include <string>

#include "sip/message.h"

namespace ringwall::phone {

// Call-Info ";answer-after=0", or Alert-Info with info=alert-autoanswer, "Auto Answer" or intercom.
bool is_page(const sip::Message& invite);

// "3" of Alert-Info <http://127.0.0.1/Bellcore-dr3>; else `by_default`.
std::string ring_of(const sip::Message& invite, const std::string& by_default);

}  // namespace ringwall::phone
