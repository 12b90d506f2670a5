// One line for each call that came: who, by which adjacencies, with what security, how it ended and
// which rule said so. Written when the call is over.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "sbc/config/snapshot.h"
#include "sbc/policy/decision_trace.h"
#include "sbc/record/failure_cause.h"
#include "sip/message.h"

namespace ringwall::sbc {

// What of one leg stands in the line of its call, besides its adjacency.
struct RecordedLeg {
    std::string identity;   // the address-of-record that its phone has proven; empty: no phone's
    std::string scheme;     // of its URIs: "sip", "sips", "tel"
    std::string transport;  // "UDP", "TCP", "TLS"; empty: nothing was sent
    std::string peer;       // address and port
    std::string call_id;
    std::string media;  // of one that was answered: see media_kind()
};

struct CallRecord {
    std::string call;               // our reference, also in log and trace
    std::string method = "INVITE";  // another only where no call came of it: not in its line
    std::string caller;             // From, without parameters
    std::string callee;             // Request-URI as it came; within a dialog, the other party
    std::string within;  // the call that it came in, where it was refused; not in its line
    std::string from_adjacency;
    std::string to_adjacency;  // of the leg that answered, else the last tried; may be empty
    std::optional<Security> from_security;
    std::optional<Security> to_security;
    RecordedLeg from_leg;
    RecordedLeg to_leg;
    bool is_secure = false;
    bool is_media_anchored = false;
    std::string result;                 // "answered", "refused", "failed", "cancelled"
    int status = 0;                     // final response to the caller
    std::string reason;                 // in words: the refusal, or who hung up
    std::string stage;                  // the stage of the pipeline that refused; else empty
    std::optional<FailureCause> cause;  // of what was not answered, nor cancelled; or of its loss
    WallTime start{};
    std::optional<WallTime> ringing;
    std::optional<WallTime> answer;
    std::optional<WallTime> end;
    // When it was answered by a clock that nobody sets, and how long it lasted by that one. None:
    // not known, for it was kept over a restart when it was over already.
    std::optional<TimePoint> answered_at;  // not in its line
    std::optional<Duration> lasted;
    policy::DecisionTrace decisions;  // not in its line
};

// Of what came from that adjacency (null: not known), as far as it says so itself: a request, or a
// response within a dialog. No URI in it has a password or headers; of a request that cannot be
// read, what could be read.
CallRecord record_of(const sip::Message& message, const Adjacency* from, WallTime now);

// A JSON object on one line, without the line's end (docs/records.md).
std::string to_json(const CallRecord& record);
// The same as values that are separated by commas (RFC 4180), and the line of their names.
std::string to_csv(const CallRecord& record);
std::string csv_header();

// "2026-11-20T22:31:31.123Z"
std::string to_iso8601(WallTime time);
// "2026-11-20T22:31:31Z"
std::string to_iso8601_seconds(WallTime time);

}  // namespace ringwall::sbc
