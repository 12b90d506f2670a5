// A refusal in our own name: a final response that no other party gave. Where the adjacency may
// know (`refusal-reason`) a Warning 399 says by which rule it is; this is the one place that says
// so.
#pragma once

#include <optional>
#include <string_view>

#include "sbc/config/snapshot.h"
#include "sbc/policy/decision_trace.h"
#include "sip/message.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::b2bua {

struct Refusing {
    int status = 0;
    std::string_view reason = {};                     // empty: the standard phrase
    int warning = 0;                                  // its Warning code; 0: none
    std::optional<policy::Rule> rule = std::nullopt;  // none: what the status means
};

// To a request that came by `from`; null: nobody knows by which.
sip::MessageBuilder refusal(const Adjacency* from, const sip::Message& request,
                            std::string_view to_tag, const Refusing& what);

// The rule alone, to an answer that others have begun.
void tell_rule(sip::MessageBuilder& builder, const Adjacency& to, const policy::Rule& rule);

}  // namespace ringwall::sbc::b2bua
