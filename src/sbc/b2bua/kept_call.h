// What is kept of a call that was answered, so that another process can end, refresh and bill it
// (docs/decisions/0092): as text, and back. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "sbc/b2bua/anchorage.h"
#include "sbc/b2bua/leg.h"
#include "sbc/config/snapshot.h"
#include "sbc/policy/permit.h"
#include "sbc/record/call_record.h"

namespace ringwall::sbc::b2bua {

struct KeptCall {
    std::string name;
    Bucket bucket;
    std::string own_tag;
    policy::CallSecurity security;
    CallRecord record;  // so far; its trace is not kept
    // Transactions are the process's own: of a 2xx that waits for its ACK only the CSeq is kept, of
    // an INVITE of ours only how it was acknowledged.
    Leg caller;
    Leg callee;
    bool is_interval_agreed = false;
    std::optional<MediaSession> media;  // none: by-passed
    std::string caller_media_tag;
    std::string callee_media_tag;
};

// Requests of ours that the process may have sent since it was last written: from there the CSeq
// goes on.
inline constexpr std::uint32_t unwritten_requests = 256;

std::string to_text(const KeptCall& call, const Snapshot& snapshot, Now now);

struct ReadCall {
    KeptCall call;
    std::string obstacle;  // why it cannot go on today; empty: it can. Its record is good
};
// Connections are the process's own too: no leg has a flow. None: it cannot be read.
std::optional<ReadCall> read_call(std::string_view text, const Snapshot& snapshot, Now now);

}  // namespace ringwall::sbc::b2bua
