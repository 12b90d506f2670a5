// What of a request of ours proves who we are to a peer that we have an account at.
#pragma once

#include <string>
#include <string_view>

#include "sip/message.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::b2bua {

// Its header lines, as they were sent; empty: it proves nothing.
std::string own_credentials(const sip::Message& request);
// RFC 3261 §22.1: an ACK cannot be challenged, so it bears what its INVITE bore.
void add_credentials(sip::MessageBuilder& ack, std::string_view lines);

}  // namespace ringwall::sbc::b2bua
