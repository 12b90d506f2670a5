#include "sbc/config/cac_checks.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "sbc/model/word_values.h"

namespace ringwall::sbc {
namespace {

// An address, or a network with its prefix.
std::optional<Network> network_of(std::string_view word) {
    const std::size_t slash = word.find('/');
    const auto address = IpAddress::parse(word.substr(0, slash));
    if (!address) {
        return std::nullopt;
    }
    const std::uint8_t whole = address->family == IpAddress::Family::V6 ? 128 : 32;
    if (slash == std::string_view::npos) {
        return Network{*address, whole};
    }
    const auto length = parse_number(word.substr(slash + 1), whole);
    const Network out{*address, static_cast<std::uint8_t>(length.value_or(0))};
    return length && is_network_address(out) ? std::optional(out) : std::nullopt;
}

class CacChecker {
public:
    CacChecker(Draft& draft, ConfigErrors& out) : draft_(draft), out_(out) {}

    void run() {
        for (DraftCacPolicySet& set : draft_.cac_policy_sets) {
            check(set);
        }
        if (draft_.active_cac_policy_set &&
            std::ranges::find(draft_.cac_policy_sets, *draft_.active_cac_policy_set,
                              &DraftCacPolicySet::number) == draft_.cac_policy_sets.end()) {
            const std::string number = std::to_string(*draft_.active_cac_policy_set);
            wrong(draft_.path + " active-cac-policy-set", number,
                  "there is no cac-policy-set " + number +
                      " to be active; define it or name another");
        }
    }

private:
    using Tables = std::map<std::string_view, std::size_t>;

    void wrong(std::string path, std::string_view word, std::string sentence) const {
        out_.push_back(
            {.path = std::move(path), .word = std::string(word), .sentence = std::move(sentence)});
    }

    void check(DraftCacPolicySet& set) const {
        Tables tables;
        for (std::size_t i = 0; i < set.tables.size(); ++i) {
            tables.emplace(set.tables[i].table.name, i);
        }
        if (set.first_table.empty()) {
            wrong(set.path, "cac-policy-set",
                  "cac-policy-set " + std::to_string(set.number) +
                      " does not say where to begin; add 'first-cac-table NAME'");
        } else if (!tables.contains(set.first_table)) {
            wrong(set.path + " first-cac-table", set.first_table, no_table(set, set.first_table));
        }
        check_scope(set.path + " first-cac-scope", set.first_scope);
        for (DraftCacTable& table : set.tables) {
            std::ranges::sort(table.entries, {},
                              [](const DraftCacEntry& each) { return each.entry.number; });
            for (DraftCacEntry& entry : table.entries) {
                check_entry(set, table, entry, tables);
            }
        }
        check_loops(set);
    }

    static std::string no_table(const DraftCacPolicySet& set, std::string_view name) {
        return shown(name) + " is no table of cac-policy-set " + std::to_string(set.number) +
               "; define it or correct the name";
    }

    void check_scope(std::string path, CacScope scope) const {
        if (scope == CacScope::Call) {
            wrong(std::move(path), "call",
                  "the scope 'call' is for what happens within one call, and nothing of that is "
                  "limited here; use another scope");
        }
    }

    void check_entry(const DraftCacPolicySet& set, const DraftCacTable& table, DraftCacEntry& draft,
                     const Tables& tables) const {
        for (const std::string_view word :
             {"max-updates", "max-bandwidth", "max-channels", "codec-preference-list"}) {
            if (draft.said.contains(word)) {
                wrong(draft.path + " " + std::string(word), word,
                      "'" + std::string(word) +
                          "' is known but not supported, and would limit "
                          "nothing; remove it");
            }
        }
        if (draft.entry.scope) {
            check_scope(draft.path + " cac-scope", *draft.entry.scope);
        }
        check_match(table, draft);
        if (!draft.next_table.empty()) {
            const auto found = tables.find(draft.next_table);
            if (found == tables.end()) {
                wrong(draft.path + " action next-table", draft.next_table,
                      no_table(set, draft.next_table));
            } else {
                draft.entry.next_table = found->second;
            }
        }
    }

    void check_match(const DraftCacTable& table, DraftCacEntry& draft) const {
        CacEntry& entry = draft.entry;
        const std::string path = draft.path + " match-value";
        if (entry.match.empty()) {
            return;
        }
        if (table.table.is_policy_set || table.table.match == CacMatch::All) {
            wrong(path, "match-value",
                  "'match-value' means nothing in a table that all meet; remove it, or say "
                  "'table-type limit' with what it is to match");
            return;
        }
        switch (table.table.match) {
            case CacMatch::All:
                return;
            case CacMatch::Account:
            case CacMatch::SourceAccount:
            case CacMatch::DestinationAccount:
                if (std::ranges::none_of(draft_.adjacencies, [&](const DraftAdjacency& each) {
                        return each.adjacency.account == entry.match;
                    })) {
                    wrong(path, entry.match,
                          shown(entry.match) + " is the account of no adjacency; add 'account " +
                              entry.match + "' to one, or correct the name");
                }
                return;
            case CacMatch::Adjacency:
            case CacMatch::SourceAdjacency:
            case CacMatch::DestinationAdjacency: {
                const auto found = std::ranges::find(
                    draft_.adjacencies, entry.match,
                    [](const DraftAdjacency& each) { return each.adjacency.name; });
                if (found == draft_.adjacencies.end()) {
                    wrong(path, entry.match,
                          shown(entry.match) + " is no adjacency; define it or correct the name");
                } else {
                    entry.adjacency =
                        static_cast<AdjacencyIndex>(found - draft_.adjacencies.begin());
                }
                return;
            }
            case CacMatch::SourceAddress:
                entry.source = network_of(entry.match);
                if (!entry.source) {
                    wrong(path, entry.match,
                          shown(entry.match) +
                              " is no address; write it like 192.0.2.1, 192.0.2.0/24 or "
                              "2001:db8::/48");
                }
                return;
        }
    }

    // Tables that lead nowhere, or only to such ones, are taken away until none is left: what stays
    // leads back to itself.
    void check_loops(const DraftCacPolicySet& set) const {
        std::vector<bool> is_gone(set.tables.size());
        const auto stays = [&](const DraftCacEntry& each) {
            return each.entry.next_table && !is_gone[*each.entry.next_table];
        };
        for (bool is_any = true; std::exchange(is_any, false);) {
            for (std::size_t i = 0; i < set.tables.size(); ++i) {
                if (!is_gone[i] && std::ranges::none_of(set.tables[i].entries, stays)) {
                    is_gone[i] = is_any = true;
                }
            }
        }
        for (std::size_t i = 0; i < set.tables.size(); ++i) {
            const auto back = std::ranges::find_if(set.tables[i].entries, stays);
            if (!is_gone[i]) {
                wrong(back->path + " action next-table", back->next_table,
                      "'next-table' " + shown(back->next_table) +
                          " leads back to a table on the way here; nothing would ever be counted");
                return;
            }
        }
    }

    Draft& draft_;
    ConfigErrors& out_;
};

}  // namespace

void check_cac(Draft& draft, ConfigErrors& out) {
    CacChecker(draft, out).run();
}

}  // namespace ringwall::sbc
