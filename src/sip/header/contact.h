// Contact as a registrar and a user agent read it (RFC 3261 §10.2, §20.10; RFC 5626 §4.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sip/header/name_addr.h"
#include "sip/parse_error.h"

namespace ringwall::sip {

class Message;

struct Contact {
    NameAddr address;
    // The parameter, else the Expires header of the message, else none (RFC 3261 §10.2.1.1).
    std::optional<std::uint32_t> expires;
    std::uint16_t q = 1000;     // in thousandths; 1000 where none is given (RFC 3261 §16.6, 5)
    std::string_view instance;  // +sip.instance without quotes and <>; may be empty
    std::uint32_t reg_id = 0;   // 0: none (RFC 5626 §4.2)
};

struct Contacts {
    bool is_star = false;  // "*": `list` is empty
    std::vector<Contact> list;
};

// All Contacts of the message. A star stands alone, in a REGISTER with Expires 0 (§10.2.2), or it
// is BadContact. An `expires` that is not a number means 3600 (§10.2.1.1); one above 2**32-1 is
// BadNumber, for it could only be taken for another number (RFC 4475 §3.1.2.4).
Result<Contacts, ParseError> parse_contacts(const Message& message);

}  // namespace ringwall::sip
