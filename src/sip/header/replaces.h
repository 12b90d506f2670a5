// Replaces (RFC 3891), Join (RFC 3911) and Target-Dialog (RFC 4538): a dialog, named by its ids.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "sip/parse_error.h"

namespace ringwall::sip {

// The tags are those of the receiver's view: `to_tag` is its own in that dialog.
struct DialogIds {
    std::string call_id;
    std::string to_tag;
    std::string from_tag;
    bool early_only = false;
    bool operator==(const DialogIds&) const = default;
};

// callid *( SEMI replaces-param ), with exactly one to-tag and one from-tag. Target-Dialog calls
// them local-tag and remote-tag (the sender's view: its remote-tag is the receiver's own).
Result<DialogIds, ParseError> parse_replaces(std::string_view text);
Result<DialogIds, ParseError> parse_target_dialog(std::string_view text);
std::string replaces_value(const DialogIds& ids);
std::string target_dialog_value(const DialogIds& ids);

// The value of this header in a URI (RFC 3261 §19.1.1: "?Replaces=..."), unescaped once; empty:
// there is none. And the URI's headers with the value in its place, escaped.
std::string uri_header(std::string_view headers, std::string_view name);
std::string with_uri_header(std::string_view headers, std::string_view name,
                            std::string_view value);

}  // namespace ringwall::sip
