// The calls that were, the last first: who, when, for how long, and what came of it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/time.h"
#include "phone/call.h"

namespace ringwall::phone {

struct PastCall {
    CallId id;
    Call::Origin origin = Call::Origin::Ours;
    unsigned line = 0;  // its number
    std::string remote_uri;
    std::string remote_name;
    WallTime began;
    std::optional<WallTime> answered;
    std::optional<WallTime> ended;
    int status = 0;  // of its end
};

class CallHistory {
public:
    // After every change of a call.
    void note(const Call& call, unsigned line, WallTime now);
    const std::deque<PastCall>& calls() const { return calls_; }
    // Who called last on that line, a URI; empty: nobody.
    std::string last_caller(unsigned line) const;

private:
    std::deque<PastCall> calls_;
};

}  // namespace ringwall::phone
