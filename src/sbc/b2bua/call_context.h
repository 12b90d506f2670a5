// What the parts of one call share: who they are towards the border controller, the rules that the
// call began with, and how Ringwall answers in its own name. Lives as long as the call.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sbc/b2bua/anchorage.h"
#include "sbc/b2bua/call_host.h"
#include "sbc/config/snapshot.h"
#include "sbc/policy/permit.h"
#include "sip/message.h"

namespace ringwall::sbc::b2bua {

// RFC 3261 §16.6 step 11: more than three minutes.
inline constexpr Duration timer_c = 181s;
// RFC 3261 says nothing of a peer whose connection is gone; within this it may come back.
inline constexpr Duration lost_flow_limit = 32s;

struct CallContext {
    CallHost& host;
    CallRef ref;
    SnapshotPtr snapshot;
    policy::CallSecurity security;
    Bucket bucket;
    std::string own_tag;  // To tag of what Ringwall answers itself
    Anchorage* anchorage = nullptr;
    std::string_view name = {};                  // of the call; empty: it is none
    policy::DecisionTrace* decisions = nullptr;  // its trace; null: it has none (any more)

    const Adjacency& adjacency(AdjacencyIndex index) const { return snapshot->adjacencies[index]; }
    // A Via with a new branch.
    std::string new_via(const Adjacency& out, sip::Transport transport) const;
    // A final response of our own to a peer on that adjacency, with what its status demands:
    // Warning, Allow, Unsupported. Where that adjacency may know, the rule too.
    void answer(AdjacencyIndex to, sip::transaction::ServerId id, const sip::Message& request,
                int status, std::string_view reason, int warning = 0,
                std::optional<policy::Rule> rule = std::nullopt) const;
    // What was refused in one of its dialogs. Where a rule did so, that is counted, and stands in
    // the trace of the call too.
    struct Refused {
        const sip::Message& message;
        AdjacencyIndex from = 0;  // of who said it
        AdjacencyIndex to = 0;    // of the other party
        int status = 0;           // of the answer; 0: there is none
        std::string_view reason = {};
        std::optional<policy::JudgedTarget> target = std::nullopt;
    };
    void keep_refusal(const Refused& what) const;
    // A request from that adjacency that asks for a session interval below `session-timer-minimum`
    // is answered 422 (RFC 4028 §6). False: it may go on.
    bool refuse_short_session(AdjacencyIndex from, sip::transaction::ServerId id,
                              const sip::Message& request) const;
};

}  // namespace ringwall::sbc::b2bua
