// RFC 5626 §6: whether what a REGISTER says about flows counts.
#pragma once

#include "sip/header/contact.h"
#include "sip/message.h"

namespace ringwall::sbc::registrar {

// The contact is one flow of an instance.
bool is_flow(const sip::Contact& contact);
// It came by a flow of ours, or of an edge proxy that keeps it.
bool can_keep_flows(const sip::Message& request);
// It does, and its sender wants it so.
bool has_outbound(const sip::Message& request);

}  // namespace ringwall::sbc::registrar
