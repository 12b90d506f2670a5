// What a line key is for, where that is not a line of this phone: Extended Function of the page
// Phone.
//
//   "fnc=blf+sd+cp;sub=201@$PROXY;nme=Alice"
//     blf  watches that line        sub, usr  whose line; usr where there are both
//     sd   calls it                 nme       how it is called
//     cp   picks up what rings      vid       the extension that asks and calls
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ringwall::phone {

struct LineKey {
    unsigned number = 0;  // n
    unsigned line = 1;    // the extension
    bool watches = false, dials = false, picks_up = false;
    std::string address;  // a URI; as parsed "201@$PROXY"
    std::string name;
    bool operator==(const LineKey&) const = default;
};

// `line` is 0 where nothing is said of it. The error is a sentence.
Result<LineKey, std::string> parse_extended_function(std::string_view value);

}  // namespace ringwall::phone
