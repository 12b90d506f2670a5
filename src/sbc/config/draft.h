// What a configuration file said, leaf by leaf, with the lines on which it said so: the common
// ground of the grammar, which fills it, and the checks, which judge it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sbc/config/config_error.h"
#include "sbc/config/snapshot.h"

namespace ringwall::sbc {

// Leaf to line: "tls certificate" -> 14.
class SaidOnLine {
public:
    void note(std::string_view leaf, unsigned line) { lines_.emplace(leaf, line); }
    bool has(std::string_view leaf) const { return lines_.contains(leaf); }
    // 0: it was not said.
    unsigned line(std::string_view leaf) const {
        const auto found = lines_.find(leaf);
        return found == lines_.end() ? 0 : found->second;
    }

private:
    std::map<std::string, unsigned, std::less<>> lines_;
};

struct TlsFiles {
    std::string certificate;
    std::string private_key;
    std::string trust_anchors;
    SaidOnLine said;
};

struct DraftAdjacency {
    Adjacency adjacency;
    unsigned line = 0;  // of `adjacency sip NAME`
    SaidOnLine said;
    TlsFiles files;
};

struct DraftSubscriber {
    Subscriber subscriber;  // its password stays empty
    Secret password;
    unsigned line = 0;
    SaidOnLine said;
};

struct DraftEntry {
    RoutingEntry entry;
    std::string destination;  // name of an adjacency
    unsigned line = 0;
    SaidOnLine said;
};

struct DraftTable {
    RoutingTable table;  // its entries stay empty
    std::vector<DraftEntry> entries;
    unsigned line = 0;
};

struct DraftPolicySet {
    unsigned number = 0;
    std::string first_table;
    std::vector<DraftTable> tables;
    unsigned line = 0;
    SaidOnLine said;
};

struct Draft {
    std::string service;
    bool has_sbe = false;
    TlsFiles files;
    std::optional<std::vector<int>> hunting_trigger;
    std::vector<DraftSubscriber> subscribers;
    std::vector<DraftAdjacency> adjacencies;
    std::vector<DraftPolicySet> policy_sets;
    std::optional<unsigned> active_policy_set;
    SaidOnLine said;
};

}  // namespace ringwall::sbc
