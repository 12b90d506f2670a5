// The parts of a multipart body (RFC 2046 §5.1), for whoever must know what a peer could find in
// it: rather one part too many than one too few.
#pragma once

#include <string_view>
#include <vector>

namespace ringwall::sip {

struct BodyPart {
    std::string_view content_type;       // folds and comments included; may be empty
    std::string_view transfer_encoding;  // the same
    bool is_ambiguous = false;           // it has one of the two more than once
    std::string_view content;
};

// What stands between lines that begin with "--", of whatever boundary: nested parts come out too,
// and no line of a session description begins so. What is before the first of them, and all of it
// where there is none, counts as a part as well.
std::vector<BodyPart> body_parts(std::string_view body);

}  // namespace ringwall::sip
