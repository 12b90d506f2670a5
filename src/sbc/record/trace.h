// One line of JSON for each message in or out: what a ladder is drawn from. No body and no header
// field that may hold a secret: keys and digests stay where they are.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "engine/shard.h"
#include "sip/message.h"
#include "sip/transport.h"

namespace ringwall::sbc {

std::string trace_line(WallTime time, std::string_view call, std::string_view adjacency,
                       engine::Direction direction, const sip::Hop& hop,
                       const sip::Message& message);

}  // namespace ringwall::sbc
