#include "sbc/config/routing_checks.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "sbc/model/word_values.h"

namespace ringwall::sbc {
namespace {

using AdjacencyNames = std::map<std::string_view, AdjacencyIndex>;
using TableNames = std::map<std::string_view, std::size_t>;

class RoutingChecker {
    void wrong(std::string path, std::string_view word, std::string sentence) const {
        out_.push_back(
            {.path = std::move(path), .word = std::string(word), .sentence = std::move(sentence)});
    }

public:
    RoutingChecker(const AdjacencyNames& adjacencies, ConfigErrors& out)
        : adjacencies_(adjacencies), out_(out) {}

    void check(DraftPolicySet& set) const {
        TableNames tables;
        for (std::size_t i = 0; i < set.tables.size(); ++i) {
            if (!tables.emplace(set.tables[i].table.name, i).second) {
                wrong(set.tables[i].path, set.tables[i].table.name,
                      "there are two tables " + shown(set.tables[i].table.name) +
                          " in this call-policy-set; give one of them another name");
            }
        }
        for (DraftTable& table : set.tables) {
            std::ranges::sort(table.entries, {},
                              [](const DraftEntry& each) { return each.entry.number; });
            for (DraftEntry& entry : table.entries) {
                check_entry(entry, table.table.kind, tables);
            }
        }
        if (set.first_table.empty()) {
            wrong(set.path, "call-policy-set",
                  "call-policy-set " + std::to_string(set.number) +
                      " does not say where to begin; add 'first-call-routing-table NAME'");
        } else if (!tables.contains(set.first_table)) {
            wrong(set.path + " first-call-routing-table", set.first_table,
                  shown(set.first_table) + " is no table of call-policy-set " +
                      std::to_string(set.number) + names_of(tables));
        }
        check_loops(set, tables);
    }

private:
    // "; use phones or softswitch"
    template <class Names>
    static std::string names_of(const Names& names) {
        if (names.empty()) {
            return "; there is none yet";
        }
        constexpr std::size_t worth_listing = 8;
        std::vector<std::string_view> words;
        words.reserve(names.size());
        for (const auto& [name, index] : names) {
            words.push_back(name);
        }
        return words.size() > worth_listing ? std::string("; define it or correct the name")
                                            : "; " + one_of(words);
    }

    void check_entry(DraftEntry& draft, RoutingTable::Kind kind, const TableNames& tables) const {
        RoutingEntry& entry = draft.entry;
        const bool is_complete = entry.action == RoutingEntry::Action::Complete;
        if (kind == RoutingTable::Kind::SourceAdjacency && !entry.match.empty() &&
            !adjacencies_.contains(entry.match)) {
            wrong(draft.path + " " + draft.match_command, entry.match,
                  shown(entry.match) + " is no adjacency" + names_of(adjacencies_));
        }
        if (draft.destination.empty()) {
            if (is_complete) {
                wrong(draft.path, "entry",
                      "entry " + std::to_string(entry.number) +
                          " leads nowhere; add 'dst-adjacency NAME', or 'action reject' or "
                          "'action next-table NAME'");
            }
        } else if (!is_complete) {
            wrong(draft.path + " dst-adjacency", "dst-adjacency",
                  "'dst-adjacency' goes with 'action complete' only; remove one of the two");
        } else {
            const auto found = adjacencies_.find(draft.destination);
            if (found == adjacencies_.end()) {
                wrong(draft.path + " dst-adjacency", draft.destination,
                      shown(draft.destination) + " is no adjacency" + names_of(adjacencies_));
            } else {
                entry.destination = found->second;
            }
        }
        if (entry.action == RoutingEntry::Action::NextTable && !tables.contains(entry.next_table)) {
            wrong(draft.path + " action next-table", entry.next_table,
                  shown(entry.next_table) + " is no table of this call-policy-set" +
                      names_of(tables));
        }
    }

    // Walks the tables depth first, without recursion: a file may chain many.
    void check_loops(const DraftPolicySet& set, const TableNames& tables) const {
        enum class Mark : std::uint8_t { New, Open, Closed };
        struct Step {
            std::size_t table;
            std::size_t next_entry;
        };
        std::vector<Mark> marks(set.tables.size(), Mark::New);
        for (std::size_t start = 0; start < set.tables.size(); ++start) {
            if (marks[start] != Mark::New) {
                continue;
            }
            std::vector<Step> path{{start, 0}};
            marks[start] = Mark::Open;
            while (!path.empty()) {
                Step& step = path.back();
                const auto& entries = set.tables[step.table].entries;
                if (step.next_entry == entries.size()) {
                    marks[step.table] = Mark::Closed;
                    path.pop_back();
                    continue;
                }
                const DraftEntry& draft = entries[step.next_entry++];
                if (draft.entry.action != RoutingEntry::Action::NextTable) {
                    continue;
                }
                const auto found = tables.find(draft.entry.next_table);
                if (found == tables.end()) {
                    continue;  // said already
                }
                const std::size_t next = found->second;
                if (marks[next] == Mark::Open) {
                    wrong(draft.path + " action next-table", draft.entry.next_table,
                          "'next-table' " + shown(draft.entry.next_table) +
                              " leads back to a table on the way here; a call would go "
                              "round for ever");
                }
                if (marks[next] == Mark::New) {
                    marks[next] = Mark::Open;
                    path.push_back({next, 0});
                }
            }
        }
    }

    const AdjacencyNames& adjacencies_;
    ConfigErrors& out_;
};

}  // namespace

void check_routing(Draft& draft, ConfigErrors& out) {
    AdjacencyNames adjacencies;
    for (std::size_t i = 0; i < draft.adjacencies.size(); ++i) {
        adjacencies.emplace(draft.adjacencies[i].adjacency.name, static_cast<AdjacencyIndex>(i));
    }
    const RoutingChecker checker(adjacencies, out);
    for (DraftPolicySet& set : draft.policy_sets) {
        checker.check(set);
    }
    if (draft.active_policy_set &&
        std::ranges::find(draft.policy_sets, *draft.active_policy_set, &DraftPolicySet::number) ==
            draft.policy_sets.end()) {
        const std::string number = std::to_string(*draft.active_policy_set);
        out.push_back({.path = draft.path + " active-call-policy-set",
                       .word = number,
                       .sentence = "there is no call-policy-set " + number +
                                   " to be active; define it or name another"});
    }
}

}  // namespace ringwall::sbc
