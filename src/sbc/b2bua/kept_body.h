// The body of a message that has gone, to be said again: its octets and the lines that tell what it
// is. A call keeps these instead of the message, which is several times as large.
#pragma once

#include <string>

namespace ringwall::sbc::b2bua {

struct KeptBody {
    std::string lines;  // Content-Type and what else goes with a body
    std::string octets;
};

}  // namespace ringwall::sbc::b2bua
