#include "sbc/policy/routing.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace ringwall::sbc::policy {

namespace {

// Tables that one request may visit: `next-table` may lead in circles.
constexpr int max_visits = 32;

class Walk {
public:
    Walk(const CallPolicySet& policy, const RoutingQuestion& question)
        : policy_(policy), question_(question) {}

    RoutingAnswer run() {
        visit(policy_.first_call_routing_table);
        return std::move(answer_);
    }

private:
    enum class Next : std::uint8_t { GoOn, Stop };

    Next visit(std::string_view name) {
        const auto table = std::ranges::find(policy_.tables, name, &RoutingTable::name);
        if (table == policy_.tables.end() || visits_ == max_visits) {
            return Next::GoOn;
        }
        ++visits_;
        std::optional<std::size_t> closest;
        for (const RoutingEntry& entry : table->entries) {
            closest = std::max(closest, closeness(table->kind, entry));
        }
        for (const RoutingEntry& entry : table->entries) {
            if (closest && closeness(table->kind, entry) == closest &&
                take(*table, entry) == Next::Stop) {
                return Next::Stop;
            }
        }
        return Next::GoOn;
    }

    std::optional<std::size_t> closeness(RoutingTable::Kind kind, const RoutingEntry& entry) const {
        if (entry.match.empty()) {
            return 0;
        }
        bool matches = false;
        switch (kind) {
            case RoutingTable::Kind::SourceAdjacency:
                matches = entry.match == question_.source_adjacency;
                break;
            case RoutingTable::Kind::DestinationAddress:
                matches = question_.address.starts_with(entry.match);
                break;
            case RoutingTable::Kind::DestinationDomain:
                matches = equals_ignoring_case(entry.match, question_.domain);
                break;
        }
        return matches ? std::optional(entry.match.size()) : std::nullopt;
    }

    Next take(const RoutingTable& table, const RoutingEntry& entry) {
        switch (entry.action) {
            case RoutingEntry::Action::NextTable:
                return visit(entry.next_table);
            case RoutingEntry::Action::Complete:
                add(table, entry);
                return Next::GoOn;
            case RoutingEntry::Action::Reject:
                if (answer_.destinations.empty()) {
                    answer_.is_rejected = true;
                    decided_by(table, entry);
                }
                return Next::Stop;
        }
        return Next::Stop;
    }

    void add(const RoutingTable& table, const RoutingEntry& entry) {
        if (!entry.destination || std::ranges::find(answer_.destinations, *entry.destination) !=
                                      answer_.destinations.end()) {
            return;
        }
        answer_.destinations.push_back(*entry.destination);
        decided_by(table, entry);
    }

    void decided_by(const RoutingTable& table, const RoutingEntry& entry) {
        answer_.decided_by = "table " + table.name + " entry " + std::to_string(entry.number);
    }

    const CallPolicySet& policy_;
    const RoutingQuestion& question_;
    RoutingAnswer answer_;
    int visits_ = 0;
};

}  // namespace

RoutingAnswer find_routes(const CallPolicySet& policy, const RoutingQuestion& question) {
    return Walk(policy, question).run();
}

}  // namespace ringwall::sbc::policy
