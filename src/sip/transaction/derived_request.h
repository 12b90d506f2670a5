// Requests made of one of ours: the two that belong to an INVITE hop by hop and share its branch,
// and the same once more for another server.
#pragma once

#include <span>
#include <string_view>

#include "sip/message.h"
#include "sip/transaction/actions.h"

namespace ringwall::sip::transaction {

// The ACK for a final response other than 2xx (RFC 3261 §17.1.1.3): as the INVITE, but the To of
// the response. Never null: a To that makes it longer than limits::head is sent too, for those
// limits are for what we receive.
MessagePtr make_ack(const Message& invite, const Message& response);

// RFC 3261 §9.1.
MessagePtr make_cancel(const Message& invite, const Reasons& reasons = {});

// The same request with another Via (RFC 3263 §4.3), but the fields in `without`.
MessagePtr make_again(const Message& request, std::string_view via,
                      std::span<const HeaderName> without = {});

}  // namespace ringwall::sip::transaction
