// media-type of Content-Type (RFC 3261 §25.1), of a message or of a part of a body (RFC 2045 §5.1).
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "sip/parse_error.h"

namespace ringwall::sip {

struct MediaType {
    std::string_view type;     // application
    std::string_view subtype;  // sdp
    std::size_t end = 0;       // where in the text the subtype ends

    bool is(std::string_view wanted_type, std::string_view wanted_subtype) const;
    bool is_multipart() const;
    bool is_message() const;  // message/sip, message/sipfrag, message/external-body, ...
};

// White space, folds and comments may stand around both names and the slash. What follows must be
// parameters or nothing; they are not looked at.
Result<MediaType, ParseError> parse_media_type(std::string_view text);

// Whether `text` can be read and is that type: is_media_type("Application / SDP;x=y",
// "application", "sdp").
bool is_media_type(std::string_view text, std::string_view type, std::string_view subtype);

}  // namespace ringwall::sip
