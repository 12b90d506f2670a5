#include "sbc/policy/routing.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/text.h"

namespace ringwall::sbc::policy {

namespace {

// Tables that one request may visit: `next-table` may lead in circles.
constexpr int max_visits = 32;

class Walk {
public:
    Walk(const CallPolicySet& policy, const RoutingQuestion& question)
        : policy_(policy), question_(question), drawn_(question.draw) {}

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
        std::vector<const RoutingEntry*> chosen;
        for (const RoutingEntry& entry : table->entries) {
            if (closest && closeness(table->kind, entry) == closest) {
                chosen.push_back(&entry);
            }
        }
        draw(chosen);
        for (const RoutingEntry* entry : chosen) {
            if (take(*table, *entry) == Next::Stop) {
                return Next::Stop;
            }
        }
        return Next::GoOn;
    }

    // Those with a weight, one after another, each among those that are left.
    void draw(std::vector<const RoutingEntry*>& entries) {
        const auto has_weight = [](const RoutingEntry* each) { return each->weight != 0; };
        const auto first = std::ranges::find_if(entries, has_weight);
        const auto end = std::stable_partition(first, entries.end(), has_weight);
        for (auto at = first; at != end; ++at) {
            std::uint64_t left = 0;
            for (auto each = at; each != end; ++each) {
                left += (*each)->weight;
            }
            std::uint64_t mark = next_draw() % left;
            auto drawn = at;
            while (mark >= (*drawn)->weight) {
                mark -= (*drawn)->weight;
                ++drawn;
            }
            std::rotate(at, drawn, std::next(drawn));
        }
    }

    // SplitMix64.
    std::uint64_t next_draw() {
        drawn_ += 0x9e37'79b9'7f4a'7c15U;
        std::uint64_t out = drawn_;
        out = (out ^ (out >> 30U)) * 0xbf58'476d'1ce4'e5b9U;
        out = (out ^ (out >> 27U)) * 0x94d0'49bb'1331'11ebU;
        return out ^ (out >> 31U);
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
    std::uint64_t drawn_;
};

}  // namespace

RoutingAnswer find_routes(const CallPolicySet& policy, const RoutingQuestion& question) {
    return Walk(policy, question).run();
}

}  // namespace ringwall::sbc::policy
