#include "phone/call_history.h"

#include <algorithm>

namespace ringwall::phone {
namespace {

constexpr std::size_t most = 180;

}  // namespace

void CallHistory::note(const Call& call, unsigned line, WallTime now) {
    auto found = std::ranges::find(calls_, call.id(), &PastCall::id);
    if (found == calls_.end()) {
        calls_.push_front({call.id(), call.origin(), line, {}, {}, now, {}, {}});
        if (calls_.size() > most) {
            calls_.pop_back();
        }
        found = calls_.begin();
    }
    found->remote_uri = call.remote_uri();
    found->remote_name = call.remote_name();
    if (call.state() == Call::State::Active && !found->answered) {
        found->answered = now;
    } else if (call.state() == Call::State::Ended && !found->ended) {
        found->ended = now;
        found->status = call.end_status();
    }
}

std::string CallHistory::last_caller(unsigned line) const {
    const auto found = std::ranges::find_if(calls_, [&](const PastCall& each) {
        return each.origin == Call::Origin::Theirs && each.line == line;
    });
    return found == calls_.end() ? "" : found->remote_uri;
}

}  // namespace ringwall::phone
