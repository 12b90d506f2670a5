// Which calls are for help: no limit is theirs.
#pragma once

#include "sbc/config/snapshot.h"
#include "sip/uri/uri.h"

namespace ringwall::sbc::policy {

// One of `emergency-number`, or a service of RFC 5031: "urn:service:sos", "urn:service:sos.fire".
bool is_emergency(const Snapshot& snapshot, const sip::Uri& uri);

}  // namespace ringwall::sbc::policy
