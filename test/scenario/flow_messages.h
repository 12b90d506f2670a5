// Messages as the documents of the IETF print them, of scenario/data, for phones that say them
// again in a conversation of their own: every field and the body as printed, but what says where
// the speaker is (Via, Route, Contact, Call-ID, CSeq, Max-Forwards) is the phone's own, and the
// scheme is sip.
#pragma once

#include <string>
#include <string_view>

#include "scenario/phone.h"

namespace ringwall::test {

struct FlowMessage {
    std::string request_uri;  // empty in responses
    Phone::Fields fields;     // From and To in requests without a To tag only
    std::string body;
    std::string field(std::string_view name) const;  // empty: there is none
};

// "rfc5359/068". Fails the test, and is empty, where there is no such message.
FlowMessage flow_message(const std::string& name);
// Without these fields: those that the test writes itself.
Phone::Fields without(Phone::Fields fields, std::string_view name);

}  // namespace ringwall::test
