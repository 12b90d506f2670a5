// The modules of yang/ that the program was built with.
#pragma once

#include <span>

namespace ringwall::sbc::model {

struct YangText {
    const char* name;  // "ringwall-sbc"
    const char* text;
};
extern const std::span<const YangText> yang_texts;

}  // namespace ringwall::sbc::model
