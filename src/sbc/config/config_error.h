// What is wrong with a configuration: where it stands and one sentence for the operator, which says
// what would be right. Never the value of a secret.
#pragma once

#include <string>

namespace ringwall::sbc {

struct ConfigError {
    std::string file;
    unsigned line = 0;     // 1 is the first; 0: the file as a whole
    std::string word;      // the word at fault, as it may be shown; may be empty
    std::string sentence;  // "'trusted-encrypt' is no security type; use untrusted, ..."

    // "ringwall.conf:14: 'trusted-encrypt' is no security type; use untrusted, ..."
    std::string to_string() const;
};

}  // namespace ringwall::sbc
