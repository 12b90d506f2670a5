// Profiles as text: one statement for each parameter.
//
//   # a comment, to the end of the line
//   SIP_Transport[1]   "TLS" ;      blanks and underscores are the same; {1} and _1_ are [1]
//   DND Setting ?      "No" ;       what the account user may do: ! to write, ? to read, ~ nothing;
//                                   no mark leaves it as it is
//   Max Forward        ;            no value: back to the default; "" is the empty text
//
// In quotes \" is a quote and \\ a backslash. What is said later counts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "phone/parameters/values.h"

namespace ringwall::phone {

struct Remark {
    std::size_t line = 0;  // 1 is the first
    std::string sentence;  // what is wrong, what would be right, and what is kept
    bool operator==(const Remark&) const = default;
};

// Into `values`, statement by statement: one that is wrong changes nothing and is remarked on.
std::vector<Remark> read_profile(std::string_view text, Values& values);

// `Proxy[1] "sip.example.com" ;`, of a value on one line: it reads the same again. Secrets are
// written.
std::string statement_of(const Parameter& parameter, unsigned n, std::string_view value);

}  // namespace ringwall::phone
