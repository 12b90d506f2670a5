// What a configuration says, typed: the common ground of draft_of, which makes it of the model's
// tree, and of the checks, which fill in what follows from other leaves, and judge it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sbc/config/snapshot.h"

namespace ringwall::sbc {

// Which leaves were said, by their commands: "tls certificate".
using SaidLeaves = std::set<std::string, std::less<>>;

struct TlsFiles {
    std::string path;  // of the mode that they were said in
    std::string certificate;
    std::string private_key;
    std::string trust_anchors;
    std::string crl;  // empty: there is none
};

struct DraftAdjacency {
    Adjacency adjacency;
    std::string path;  // "sbc mysbc sbe adjacency sip phones"
    SaidLeaves said;
    TlsFiles files;
    TlsFiles client_files;            // where they are others when we connect
    std::string registration_target;  // name of an adjacency
};

struct DraftSubscriber {
    Subscriber subscriber;  // its password stays empty
    Secret password;
    std::string path;
};

struct DraftEntry {
    RoutingEntry entry;
    std::string destination;  // name of an adjacency
    std::string path;
    std::string match_command;  // "match-prefix"; empty: none
};

struct DraftTable {
    RoutingTable table;  // its entries stay empty
    std::vector<DraftEntry> entries;
    std::string path;
};

struct DraftPolicySet {
    unsigned number = 0;
    std::string first_table;
    std::vector<DraftTable> tables;
    std::string path;
};

struct DraftCacEntry {
    CacEntry entry;
    std::string next_table;
    std::string path;
    SaidLeaves said;
};

struct DraftCacTable {
    CacTable table;  // its entries stay empty
    std::vector<DraftCacEntry> entries;
    std::string path;
    SaidLeaves said;
};

struct DraftCacPolicySet {
    unsigned number = 0;
    std::string first_table;
    CacScope first_scope = CacScope::Global;
    std::vector<DraftCacTable> tables;
    std::string path;
};

// What one source may do: all of them, or the one of that address.
struct DraftSourceRule {
    std::optional<IpAddress> address;
    SourceEvent event = SourceEvent::AuthenticationFailure;
    std::optional<SourceRule> rule;  // none: it is off
    std::string path;
    bool is_said = false;  // how many
};

struct Draft {
    std::vector<std::string> services;
    std::string path;  // "sbc mysbc sbe"; empty: there is none
    TlsFiles files;
    std::optional<std::vector<int>> hunting_trigger;
    std::optional<Endpoint> media_engine;
    std::optional<Duration> media_timeout = 60s;
    std::vector<DraftSubscriber> subscribers;
    std::vector<DraftAdjacency> adjacencies;
    std::vector<DraftPolicySet> policy_sets;
    std::optional<unsigned> active_policy_set;
    std::vector<DraftCacPolicySet> cac_policy_sets;
    std::optional<unsigned> active_cac_policy_set;
    std::vector<DraftSourceRule> source_rules;
    std::vector<std::string> emergency_numbers;
};

}  // namespace ringwall::sbc
