// What would become of a call, and why, without a word to anybody.
#pragma once

#include <string>
#include <vector>

#include "sbc/config/snapshot.h"
#include "sbc/policy/decision_trace.h"
#include "sip/transport.h"

namespace ringwall::sbc {

struct ExplainQuestion {
    AdjacencyIndex from = 0;
    std::string identity = {};  // an address-of-record that the caller proves; empty: none
    std::string uri = {};       // that is called
    std::string caller = {};    // URI in its From; empty: the identity's, or nobody's
};

struct Explanation {
    enum class End : std::uint8_t { Silence, Challenged, Refused, Called };
    End end = End::Refused;
    std::string from;
    std::string uri;
    bool is_secure = false;
    // What was taken for granted, in sentences.
    std::vector<std::string> assumptions;
    bool is_readable = true;  // false: the request met no stage
    policy::DecisionTrace decisions;
    // Of the answer.
    int status = 0;
    std::string reason;
    std::string detail;  // more than the caller hears

    struct Attempt {
        AdjacencyIndex adjacency = 0;
        sip::Hop hop;  // a remote of no address: it is looked up when somebody calls
        std::string request_uri;
        bool is_first = true;  // else: only if those before it fail
    };
    std::vector<Attempt> attempts;
};

}  // namespace ringwall::sbc
