// The stages, each in the .cpp file of its name; what each one asks stands there. The order is
// pipeline.cpp's, and a stage may rely on those before it.
#pragma once

#include "sbc/policy/inbound.h"
#include "sbc/policy/verdict.h"

namespace ringwall::sbc::policy {

Verdict screen_source(Inbound& inbound);                    // source
Verdict identify(Inbound& inbound);                         // identify
Verdict require_transport_security(Inbound& inbound);       // transport-security
Verdict check_peer_identity(Inbound& inbound);              // certificate-name
Verdict check_message(Inbound& inbound);                    // sanity
Verdict require_trust_for_secure_target(Inbound& inbound);  // target-security
Verdict authenticate(Inbound& inbound);                     // authenticate
Verdict apply_inbound_profile(Inbound& inbound);            // header-profile-in
Verdict analyse_number(Inbound& inbound);                   // number-analysis
Verdict choose_route(Inbound& inbound);                     // route
Verdict admit_call(Inbound& inbound);                       // admit

}  // namespace ringwall::sbc::policy
