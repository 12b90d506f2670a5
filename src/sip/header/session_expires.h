// Session-Expires and Min-SE (RFC 4028 §4, §5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sip/parse_error.h"

namespace ringwall::sip {

// Who sends the refreshes: by the roles in the transaction that agreed on it.
enum class Refresher : std::uint8_t { Unsaid, Uac, Uas };

struct SessionExpires {
    std::uint32_t seconds = 0;
    Refresher refresher = Refresher::Unsaid;
    bool operator==(const SessionExpires&) const = default;
};

// "1800;refresher=uac". Other parameters are passed over.
Result<SessionExpires, ParseError> parse_session_expires(std::string_view text);
std::string to_string(const SessionExpires& value);
// "90"; parameters are passed over.
Result<std::uint32_t, ParseError> parse_min_se(std::string_view text);

}  // namespace ringwall::sip
