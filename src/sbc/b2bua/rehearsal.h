// A call played through without anybody being told: the same Call, in front of a host that writes
// down what it would send. So what is said of a call that nobody made is what would become of it.
#pragma once

#include <vector>

#include "sbc/b2bua/call.h"
#include "sbc/b2bua/call_host.h"
#include "sbc/explanation.h"
#include "sbc/policy/decision_trace.h"

namespace ringwall::sbc::b2bua {

struct Rehearsed {
    std::vector<Explanation::Attempt> attempts;
    sip::MessagePtr answer;  // to the caller, where nobody would be called
    policy::DecisionTrace decisions;
};

// `real` is asked where peers and phones are, and nothing else.
Rehearsed rehearse(CallHost& real, Call::Setup setup);

}  // namespace ringwall::sbc::b2bua
