// The dialogs of somebody else's line, as its server tells of them (RFC 4235,
// application/dialog-info+xml): whole, or what has changed. In which order they came is the
// subscription's to know (CSeq), so their versions are not looked at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringwall::phone {

struct OtherDialog {
    // RFC 4235 §3.7.1; one that is terminated is gone.
    enum class State : std::uint8_t { Trying, Proceeding, Early, Confirmed, Terminated };
    std::string id;
    State state = State::Trying;
    bool is_recipient = false;  // it is called
    // Seen from that line. Empty: not said.
    std::string call_id, local_tag, remote_tag;
    std::string remote;         // the URI of who is at the other end
    std::string remote_target;  // where that is reached
    bool operator==(const OtherDialog&) const = default;
};

class DialogInfo {
public:
    // False: it cannot be read, and nothing has changed.
    bool take(std::string_view body);
    // Nobody tells of them any more.
    void forget() { *this = {}; }

    // As a lamp shows it.
    enum class State : std::uint8_t { Unknown, Idle, Ringing, Busy };
    State state() const;
    // The one that rings there; null: none.
    const OtherDialog* ringing() const;

private:
    bool is_known_ = false;
    std::vector<OtherDialog> dialogs_;
};
std::string_view to_string(DialogInfo::State state);

}  // namespace ringwall::phone
