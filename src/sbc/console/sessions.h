// Who is at the console, and the end of somebody's session by somebody else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sbc/console/dialogue.h"

namespace ringwall::sbc::console {

struct OpenSession {
    User user;
    WallTime since{};
};

class Sessions {
public:
    virtual ~Sessions() = default;
    virtual std::vector<OpenSession> open_sessions() const = 0;
    // It is told why, and is gone when this returns. Not for one's own. False: there is none.
    virtual bool end_session(const std::string& session, const std::string& why) = 0;
};

// `writing`: the session that holds the candidate; `own`: the one that asks.
std::string show_sessions(const std::vector<OpenSession>& sessions, std::string_view writing,
                          std::string_view own, bool as_json);

}  // namespace ringwall::sbc::console
