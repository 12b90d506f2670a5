// Which calls are for help: no limit is theirs, and who is about to end takes them yet.
#pragma once

#include <cstdint>

#include "sbc/config/snapshot.h"
#include "sip/uri/uri.h"

namespace ringwall::sbc::policy {

// One of `emergency-number`, or a service of RFC 5031: "urn:service:sos", "urn:service:sos.fire".
bool is_emergency(const Snapshot& snapshot, const sip::Uri& uri);

// The new calls that are taken. Emergency: those that are up have time to end by themselves.
enum class NewCalls : std::uint8_t { All, Emergency, None };
bool takes(NewCalls which, const Snapshot& snapshot, const sip::Uri& called);

}  // namespace ringwall::sbc::policy
