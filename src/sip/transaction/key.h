// What tells one transaction from another (RFC 3261 §17.1.3, §17.2.3). Each part of a key is
// written with its length, so that no choice of a peer makes two different transactions look alike.
#pragma once

#include <string>
#include <string_view>

#include "sip/message.h"

namespace ringwall::sip::transaction {

// The server transaction that `request` belongs to, as if its method were `method`: itself, or
// INVITE to find what an ACK or a CANCEL speaks of. With the magic cookie: branch, sent-by and
// method. Without: Request-URI, To tag, From tag, Call-ID, CSeq and top Via, with `to_tag` for the
// tag, since the ACK has one that the INVITE had not.
std::string server_key(const Message& request, std::string_view method, std::string_view to_tag);

// The client transaction of a request of ours, or of a response to it.
std::string client_key(const Message& message);

}  // namespace ringwall::sip::transaction
