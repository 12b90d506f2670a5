#include "sbc/policy/cac.h"

#include <algorithm>
#include <utility>

#include "sbc/source.h"

namespace ringwall::sbc::policy {
namespace {

class Walk {
public:
    Walk(const Snapshot& snapshot, const CacEvent& event)
        : snapshot_(snapshot), set_(*snapshot.cac_policy), event_(event) {}

    std::vector<CacDemand> run() {
        open_.emplace_back(set_.first_table, set_.first_scope);
        for (std::size_t i = 0; i < open_.size(); ++i) {  // it grows
            enter(set_.tables[open_[i].first], open_[i].second);
        }
        return std::move(out_);
    }

private:
    const std::string& account(AdjacencyIndex index) const {
        return snapshot_.adjacencies[index].account;
    }
    // Where a call leaves it is the called side that a table for either side asks about.
    AdjacencyIndex party() const { return event_.destination.value_or(event_.source); }

    // None: it cannot be said before it is known where the call goes.
    std::optional<bool> matches(CacMatch by, const CacEntry& entry) const {
        const bool needs_destination =
            by == CacMatch::DestinationAccount || by == CacMatch::DestinationAdjacency;
        if (needs_destination && !event_.destination) {
            return std::nullopt;
        }
        if (entry.match.empty()) {
            return true;
        }
        switch (by) {
            case CacMatch::All:
                return true;
            case CacMatch::Account:
                return account(party()) == entry.match;
            case CacMatch::SourceAccount:
                return account(event_.source) == entry.match;
            case CacMatch::DestinationAccount:
                return account(*event_.destination) == entry.match;
            case CacMatch::Adjacency:
                return entry.adjacency == party();
            case CacMatch::SourceAdjacency:
                return entry.adjacency == event_.source;
            case CacMatch::DestinationAdjacency:
                return entry.adjacency == event_.destination;
            case CacMatch::SourceAddress:
                return entry.source && entry.source->contains(event_.source_address);
        }
        return false;
    }

    void enter(const CacTable& table, CacScope scope) {
        for (const CacEntry& entry : table.entries) {
            const auto is_met = table.is_policy_set ? true : matches(table.match, entry);
            if (!is_met) {
                return;
            }
            if (*is_met) {
                meet(table, entry, entry.scope.value_or(scope));
                if (!table.is_policy_set) {
                    return;
                }
            }
        }
    }

    void meet(const CacTable& table, const CacEntry& entry, CacScope scope) {
        using enum CacLimit;
        const bool limits_something = event_.kind == CacEvent::Kind::Registration
                                          ? entry.limit(MaxRegs) || entry.limit(MaxRegRate)
                                          : entry.limit(MaxNumCalls) || entry.limit(MaxCallRate) ||
                                                entry.limit(MaxInCallRate) ||
                                                entry.limit(MaxOutCallRate);
        const auto whose = limits_something ? whose_scope(scope) : std::nullopt;
        if (whose) {
            out_.push_back({.table = &table,
                            .entry = &entry,
                            .scope = scope,
                            .key = key_of(table, entry, scope, *whose),
                            .population = {}});
            if (event_.kind == CacEvent::Kind::Registration) {
                out_.back().population = population_of(table, entry, scope);
            }
        }
        if (entry.next_table) {
            const std::pair next(*entry.next_table, scope);
            if (std::ranges::find(open_, next) == open_.end()) {  // once is enough
                open_.push_back(next);
            }
        }
    }

    // None: that is not known yet.
    std::optional<std::string> whose_scope(CacScope scope) const {
        switch (scope) {
            case CacScope::Global:
            case CacScope::Call:
                return "";
            case CacScope::SourceAccount:
                return account(event_.source);
            case CacScope::SourceAdjacency:
                return snapshot_.adjacencies[event_.source].name;
            case CacScope::SourceAddress:
                return source_of(event_.source_address).to_string();
            case CacScope::DestinationAccount:
                return event_.destination ? std::optional(account(*event_.destination))
                                          : std::nullopt;
            case CacScope::DestinationAdjacency:
                return event_.destination
                           ? std::optional(snapshot_.adjacencies[*event_.destination].name)
                           : std::nullopt;
        }
        return std::nullopt;
    }

    std::vector<AdjacencyIndex> of_account(const std::string& name) const {
        std::vector<AdjacencyIndex> out;
        for (AdjacencyIndex i = 0; i < snapshot_.adjacencies.size(); ++i) {
            if (snapshot_.adjacencies[i].account == name) {
                out.push_back(i);
            }
        }
        return out;
    }

    // What the entry matches, as far as its scope goes.
    CacDemand::Population population_of(const CacTable& table, const CacEntry& entry,
                                        CacScope scope) const {
        CacDemand::Population out;
        const bool is_by_adjacency = scope == CacScope::SourceAdjacency ||
                                     (!table.is_policy_set && entry.adjacency.has_value());
        const bool is_by_account =
            scope == CacScope::SourceAccount ||
            (!table.is_policy_set && !entry.match.empty() &&
             (table.match == CacMatch::Account || table.match == CacMatch::SourceAccount));
        if (is_by_adjacency) {
            out.adjacencies = {event_.source};
        } else if (is_by_account) {
            out.adjacencies = of_account(account(event_.source));
        }
        if (scope == CacScope::SourceAddress) {
            out.source = network_of_source(event_.source_address);
        } else if (!table.is_policy_set) {
            out.source = entry.source;
        }
        return out;
    }

    const Snapshot& snapshot_;
    const CacPolicySet& set_;
    const CacEvent& event_;
    std::vector<std::pair<std::size_t, CacScope>> open_;  // tables, and the scope on the way there
    std::vector<CacDemand> out_;
};

}  // namespace

bool CacDemand::Population::contains(AdjacencyIndex adjacency, const IpAddress& address) const {
    return (adjacencies.empty() ||
            std::ranges::find(adjacencies, adjacency) != adjacencies.end()) &&
           (!source || source->contains(address));
}

std::vector<CacDemand> demands_of(const Snapshot& snapshot, const CacEvent& event) {
    return snapshot.cac_policy ? Walk(snapshot, event).run() : std::vector<CacDemand>{};
}

std::string key_of(const CacTable& table, const CacEntry& entry) {
    return table.name + " " + std::to_string(entry.number) + " ";
}

std::string key_of(const CacTable& table, const CacEntry& entry, CacScope scope,
                   std::string_view whose) {
    return key_of(table, entry).append(to_string(scope)).append(" ").append(whose);
}

std::string detail_of(const CacDemand& demand, CacLimit limit) {
    return std::string(to_string(limit)) + " " +
           std::to_string(demand.entry->limit(limit).value_or(0)) + " of entry " +
           std::to_string(demand.entry->number) + " in cac-table " + demand.table->name + " (" +
           std::string(to_string(demand.scope)) + ")";
}

}  // namespace ringwall::sbc::policy
