// A server's look at Authorization (RFC 3261 §22, RFC 7616 §3.4.6): the credentials that a request
// shows for a realm, and whether they were made for it. Who may show them, and which nonces are
// good, is the owner's.
#pragma once

#include <optional>
#include <string_view>

#include "sip/auth/digest.h"
#include "sip/message.h"

namespace ringwall::sip::auth {

// The first ones for our realm (RFC 3261 §22.4: there is one for each realm).
std::optional<Credentials> credentials_for(const Message& request, std::string_view realm);

// They prove the password for this very request. We always offer qop=auth; without it a response
// could be used for any body and at any count.
bool proves(const Credentials& credentials, const HashedPassword& password, const Message& request);
bool proves(const Credentials& credentials, const HashedPassword& password, const Message& request,
            Verifier& verifier);

}  // namespace ringwall::sip::auth
