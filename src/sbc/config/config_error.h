// What is wrong with a configuration: where it stands and one sentence for the operator, which says
// what would be right. Never the value of a secret.
#pragma once

#include <string>
#include <vector>

namespace ringwall::sbc {

struct ConfigError {
    std::string file = {};  // empty: it does not stand in a file
    unsigned line = 0;      // 1 is the first; 0: the file as a whole
    std::string path = {};  // "sbc mysbc sbe adjacency sip phones security"; empty: all
    std::string word = {};  // the word at fault, as it may be shown; may be empty
    std::string sentence;   // "'trusted-encrypt' is no security type; use untrusted, ..."

    // "ringwall.conf:14: 'trusted-encrypt' is no security type; use untrusted, ..."; without a file
    // the path stands in its place.
    std::string to_string() const;
    bool operator==(const ConfigError&) const = default;
};
using ConfigErrors = std::vector<ConfigError>;

}  // namespace ringwall::sbc
